/** Starts Voilà's scripts in a page that is loaded: they connect its widget manager with a kernel. */
import { h } from "../dom.ts";

const MADE_FOR_THEM = "#jupyter-config-data, #highnoon-kernel, #highnoon-voila";

/**
 * Put what they look for into the page, as the server rendered it, and start them. Another kernel's
 * take the place of the first. Returns the kernel's id.
 */
export async function startVoila(html: string): Promise<string> {
  for (const former of document.querySelectorAll(MADE_FOR_THEM)) former.remove();
  const given = h("template");
  given.innerHTML = html;
  document.body.append(given.content);
  const config = JSON.parse(document.getElementById("jupyter-config-data")!.textContent!);
  beginAtOnce();
  const script = h("script", { id: "highnoon-voila", src: `${config.fullStaticUrl}/voila.js` });
  await new Promise<void>((resolve, reject) => {
    script.onload = () => resolve();
    script.onerror = () => reject(new Error("Voilà's scripts cannot be loaded."));
    document.body.append(script);
  });
  return config.kernelId;
}

/** They begin when the page is loaded, and it is: who listens for that now is called at once. */
function beginAtOnce(): void {
  window.addEventListener = function (
    this: unknown,
    ...[type, listener, options]: Parameters<typeof addEventListener>
  ) {
    if (type === "load" && document.readyState === "complete" && typeof listener === "function")
      queueMicrotask(() => listener.call(window, new Event("load")));
    else EventTarget.prototype.addEventListener.call(window, type, listener, options);
  };
}
