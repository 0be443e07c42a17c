/** The key above a plot: what its lines and marks mean. */
import { h, svg } from "../dom.ts";
import { mark } from "../marks.ts";
import type { KeyEntry } from "./drawing.ts";

export function keyOf(entries: readonly KeyEntry[]): HTMLElement {
  return h(
    "ul.hn-key",
    { "aria-label": "Key" },
    ...entries.map((entry) => h("li", {}, ...signs(entry), entry.label)),
  );
}

function signs(entry: KeyEntry): Element[] {
  if (entry.line) return [lineSign(entry)];
  return (entry.marks ?? []).map((kind) => {
    if (kind === "selected" || kind === "above" || kind === "range") return extraMark(kind);
    return mark(kind);
  });
}

function lineSign({ line, dash = "solid", width = 2 }: KeyEntry): SVGSVGElement {
  const pattern = { solid: null, dash: "4 2", dot: "1.5 2" }[dash];
  const element = svg(
    "svg",
    { class: "hn-key-line", viewBox: "0 0 16 12", "aria-hidden": "true" },
    svg("path", { d: "M0 6h16", "stroke-width": width, "stroke-dasharray": pattern }),
  );
  element.style.color = `var(--hn-${line})`;
  return element;
}

function extraMark(kind: "selected" | "above" | "range"): SVGSVGElement {
  const shape = {
    selected: svg("circle", { cx: 6, cy: 6, r: 5, class: "hn-mark-line" }),
    above: svg("path", { d: "M3 8l3-4 3 4", class: "hn-mark-line" }),
    range: svg("path", { d: "M0 6h12", class: "hn-mark-line", "stroke-width": 4 }),
  }[kind];
  return svg(
    "svg",
    { class: `hn-mark hn-key-${kind}`, viewBox: "0 0 12 12", "aria-hidden": "true" },
    shape,
  );
}
