/** Puts text on the clipboard. */
import { h } from "./dom.ts";

/** Rejects with what to do where the browser does not allow it. */
export async function copyText(text: string): Promise<void> {
  // Pages that came over plain HTTP from another machine have no clipboard of their own.
  if (navigator.clipboard) return navigator.clipboard.writeText(text).catch(refused);
  const focused = document.activeElement as HTMLElement | null;
  const area = h("textarea", { style: "position: fixed; opacity: 0" });
  area.value = text;
  // Behind a question that stands before the page, nothing can be selected.
  (focused?.closest("dialog") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  if (!copied) refused();
}

function refused(): never {
  throw new Error("The browser does not let this page copy. Select the text and copy it.");
}
