/** A form for a configuration to try next. */
import { h } from "../dom.ts";
import { Enqueue } from "../enqueue.ts";
import { liveness } from "../notices.ts";
import type { ViewContext } from "../view.ts";

export function enqueuePanel({ el, source }: ViewContext): () => void {
  const enqueue = new Enqueue(source);
  const busy = liveness(source);
  const panel = h(
    "section.hn-panel",
    { "data-testid": "enqueue-panel", "aria-label": "Enqueue a trial" },
    h(
      "div.hn-panel-head",
      {},
      h("h3.hn-heading", {}, "Enqueue a trial"),
      busy.passing,
      enqueue.filledFrom,
      h("span.hn-push", {}, enqueue.from),
    ),
    busy.element,
    enqueue.body,
  );
  el.append(panel);
  const draw = () => {
    if (source.ready) enqueue.update();
  };
  draw();
  const off = [
    busy.stop,
    source.changed.on(draw),
    source.selectionChanged.on(draw),
    source.offerForm((params, what) => {
      if (!panel.checkVisibility()) return false;
      if (params !== null) enqueue.fill(params, what);
      panel.scrollIntoView({ block: "nearest" });
      enqueue.focus();
      return true;
    }),
  ];
  return () => off.forEach((stop) => stop());
}
