/** What keeps a page from being live: no connection, no storage, a kernel at work. */
import { h } from "./dom.ts";
import * as format from "./format.ts";
import type { KernelLink } from "./link.ts";
import { notice, passing } from "./notice.ts";
import { servedTrouble } from "./site/troubles.ts";

export interface Liveness {
  /** A place for a notice, which is empty while all is well. */
  element: HTMLElement;
  /** A place for what passes by itself. */
  passing: HTMLElement;
  stop(): void;
}

export function liveness(source: KernelLink): Liveness {
  const element = h("div.hn-notices", { role: "status" });
  const place = h("div.hn-passing-place", { role: "status" });
  const draw = () => {
    const notice = source.served ? servedTrouble(source, source.served) : troubleOf(source);
    const passes = notice?.matches(".hn-passing");
    element.replaceChildren(...(notice && !passes ? [notice] : []));
    place.replaceChildren(...(notice && passes ? [notice] : []));
  };
  draw();
  return { element, passing: place, stop: source.healthChanged.on(draw) };
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
    return passing(
      `${what} is running in this kernel.`,
      "Trials arrive live; buttons act when it ends. For live buttons use hpo.start.",
    );
  }
  return null;
}
