/** What stands around every page: the bar with the way back, title, icon, light or dark. */
import { h, svg } from "../dom.ts";
import * as format from "../format.ts";
import type { Feed } from "./feed.ts";

const TICK_MS = 1000;
/** The bar: the way from all studies to this page, and whether it is live. */
export function bar(way: { text: string; address: string | null }[], feeds: Feed[]): HTMLElement {
  const steps = [{ text: "HighNoon", address: way[0].address }, ...way].map(
    ({ text, address }, i) => {
      const isLast = i === way.length;
      const title = isLast ? text : null;
      const name = i === 0 ? h("b.hn-strong", {}, logo(), text) : text;
      return h(
        "li",
        { title },
        address === null || isLast
          ? h("span", { "aria-current": isLast ? "page" : null }, name)
          : h("a", { href: address }, name),
      );
    },
  );
  const live = h("span.hn-bar-state");
  const draw = () => {
    live.replaceChildren(...liveWords(feeds));
    live.title = lastNews(feeds);
  };
  draw();
  setInterval(draw, TICK_MS);
  for (const feed of feeds) feed.changed.on(draw);
  return h(
    "header.hn-part.hn-bar",
    {},
    h("nav", { "aria-label": "Way" }, h("ol", {}, ...steps)),
    live,
  );
}

function liveWords(feeds: Feed[]): Node[] {
  if (feeds.some(({ trouble }) => trouble)) return [dot("off"), h("span", {}, "Not live")];
  if (!feeds.some(({ news }) => news)) return [dot("off"), h("span", {}, "Reading")];
  return [dot("live"), h("span", {}, "Live")];
}

function lastNews(feeds: Feed[]): string {
  const last = Math.max(...feeds.map(({ news }) => news?.getTime() ?? 0));
  return last ? `Last news ${format.age(last / 1000, Date.now() / 1000)}` : "";
}

function dot(kind: "live" | "off"): SVGElement {
  return svg(
    "svg",
    { class: `hn-bar-dot hn-bar-${kind}`, viewBox: "0 0 12 12", "aria-hidden": "true" },
    svg("circle", { cx: 6, cy: 6, r: 5, fill: "none", stroke: "currentColor" }),
    svg("circle", { cx: 6, cy: 6, r: 2.5, fill: "currentColor" }),
  );
}

function logo(): SVGElement {
  return svg(
    "svg",
    { class: "hn-bar-logo", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("circle", {
      cx: 8,
      cy: 8,
      r: 6.5,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 2,
    }),
    svg("circle", { cx: 8, cy: 8, r: 3, fill: "currentColor" }),
  );
}

/** Name the page in the browser's tab and history. */
export function setTitle(title: string): void {
  document.title = `${title} · HighNoon`;
}
