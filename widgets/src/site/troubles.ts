/** What keeps a page that a server draws from being live, or its buttons from acting. */
import { h } from "../dom.ts";
import * as format from "../format.ts";
import type { KernelLink, Served } from "../link.ts";
import { notice, passing } from "../notice.ts";
import type { Refusal } from "../page.ts";
import type { Addresses } from "./boot.ts";
import type { Trouble } from "./feed.ts";

const TITLES: Record<Trouble["kind"], string> = {
  server: "The server does not answer.",
  storage: "The storage cannot be read.",
  gone: "It is not there.",
  login: "This page needs you to log in again.",
};

/** The gravest of what is not well, or null. */
export function servedTrouble(source: KernelLink, { feed }: Served): HTMLElement | null {
  if (feed.trouble) return feedNotice(source, feed.trouble, feed.tryNow);
  if (source.trouble) return notice("bad", TITLES.storage, source.trouble);
  if (source.refusal) return noButtons(source.refusal);
  if (source.late && source.busy)
    return passing("Waiting for the kernel.", "Trials are live; details and buttons come with it.");
  if (source.busy)
    return passing("The kernel is at work.", "What you asked for comes when it is done.");
  return null;
}

function noButtons({ reason, retryAt, tryNow }: Refusal): HTMLElement {
  const title = "This page shows all but has no buttons.";
  if (!retryAt) return notice("busy", title, reason);
  return notice("busy", title, h("span", {}, `${reason} `, countdown(retryAt)), trying(tryNow));
}

function feedNotice(source: KernelLink, trouble: Trouble, tryNow: () => void): HTMLElement {
  const last = `Last update ${format.timeOfDay(source.lastNews, { seconds: true })}.`;
  const text = [trouble.text, last].filter(Boolean).join(" ");
  if (!trouble.retryAt) return notice("bad", TITLES[trouble.kind], text, reload());
  const more = h("span", {}, `${text} `, countdown(trouble.retryAt));
  return notice("bad", TITLES[trouble.kind], more, trying(tryNow));
}

/** All that the page of a study shows that is not there, or no more. */
export function absence(text: string, addresses: Addresses): HTMLElement {
  const link = h("a.hn-button.hn-push", { href: addresses.browser }, "All studies");
  return h("div.hn-page", {}, h("div.hn-part", { role: "status" }, notice("bad", text, "", link)));
}

/** `Trying again in 8 s.`, by the second while it is on the page. */
function countdown(at: Date): HTMLElement {
  const element = h("span", { "aria-live": "off" });
  const draw = () => {
    const seconds = Math.ceil((at.getTime() - Date.now()) / 1000);
    element.textContent = seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again.";
    return seconds > 0;
  };
  draw();
  const ticking = setInterval(() => {
    if (!element.isConnected || !draw()) clearInterval(ticking);
  }, 1000);
  return element;
}

function trying(tryNow: () => void): HTMLButtonElement {
  const button = h("button.hn-button.hn-push", { type: "button" }, "Try now");
  button.addEventListener("click", tryNow);
  return button;
}

function reload(): HTMLButtonElement {
  const button = h("button.hn-button.hn-push", { type: "button" }, "Load again");
  button.addEventListener("click", () => location.reload());
  return button;
}
