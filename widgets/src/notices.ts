/** What stands between a page and its study: a kernel at work, a storage out of reach. */
import { h } from "./dom.ts";
import { studyMark } from "./marks.ts";
import type { Source } from "./source.ts";

/** A notice while the kernel does not answer; nothing where it does. */
export function busyNotice(source: Source): { element: HTMLElement; stop(): void } {
  const element = h("div.hn-notices", { role: "status" });
  const draw = () => {
    element.replaceChildren(
      ...(source.busy
        ? [
            h(
              "div.hn-notice",
              {},
              studyMark("paused"),
              h(
                "span.hn-muted",
                {},
                h("b.hn-strong", {}, `${running(source)} is running in this kernel.`),
                " Trials arrive live; buttons act when it ends. For live buttons use hpo.start.",
              ),
            ),
          ]
        : []),
    );
  };
  draw();
  return { element, stop: source.healthChanged.on(draw) };
}

function running(source: Source): string {
  return source.study.counts().running ? "optimize" : "A cell";
}
