/** What keeps a page from being live: no connection, no storage, a kernel at work. */
import { h } from "./dom.ts";
import * as format from "./format.ts";
import type { KernelLink } from "./link.ts";
import { notice } from "./notice.ts";
import { servedTrouble } from "./site/troubles.ts";

/** A place for a notice, which is empty while all is well. */
export function liveness(source: KernelLink): { element: HTMLElement; stop(): void } {
  const element = h("div.hn-notices", { role: "status" });
  const draw = () => {
    const notice = source.served ? servedTrouble(source, source.served) : troubleOf(source);
    element.replaceChildren(...(notice ? [notice] : []));
  };
  draw();
  return { element, stop: source.healthChanged.on(draw) };
}

function troubleOf(source: KernelLink): HTMLElement | null {
  const last = format.timeOfDay(source.lastNews, { seconds: true });
  if (!source.connected) {
    const button = h("button.hn-button.hn-push", { type: "button" }, "Reconnect");
    button.addEventListener("click", () => {
      button.disabled = true;
      void source.reconnect().finally(() => (button.disabled = false));
    });
    const more = `Last update ${last}. Trials go on without this page.`;
    return notice("bad", "Not connected to the kernel.", more, button);
  }
  if (source.trouble) {
    const more = `${source.trouble} Last update ${last}.`;
    return notice("bad", "The storage cannot be read.", more);
  }
  if (source.busy) {
    const what = source.running ? "optimize" : "A cell";
    return notice(
      "busy",
      `${what} is running in this kernel.`,
      "Trials arrive live; buttons act when it ends. For live buttons use hpo.start.",
    );
  }
  return null;
}
