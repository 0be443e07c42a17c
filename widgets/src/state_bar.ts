/** Trials by their states: a bar, and marks with counts. */
import { h } from "./dom.ts";
import * as format from "./format.ts";
import { mark } from "./marks.ts";
import type { Status } from "./study.ts";

export type Counts = Record<Status, number>;

/** In the order in which they are shown. */
export const SHOWN: readonly Status[] = [
  "completed",
  "pruned",
  "diverged",
  "failed",
  "lost",
  "infeasible",
  "running",
  "queued",
];

/** Draw the bar; `rest` is how many trials are still to start. */
export function stateBar(counts: Counts, rest: number): HTMLElement {
  const segments = SHOWN.filter((status) => status !== "queued" && counts[status] > 0);
  const element = h("div.hn-state-bar", {
    role: "img",
    "aria-label": segments.map((status) => `${counts[status]} ${status}`).join(", ") || "no trials",
  });
  for (const status of segments) {
    const segment = h("span", { "data-status": status });
    segment.style.flexGrow = String(counts[status]);
    element.append(segment);
  }
  if (rest > 0 || !segments.length) {
    const hollow = h("span", { "data-status": "rest" });
    hollow.style.flexGrow = String(rest || 1);
    element.append(hollow);
  }
  return element;
}

/** A mark and a number for each state that trials have; `words` beside them where asked. */
export function stateCounts(counts: Counts, { words }: { words: boolean }): HTMLElement[] {
  return SHOWN.filter((status) => counts[status] > 0).map((status) =>
    h(
      "span",
      words ? {} : { title: status },
      mark(status),
      words ? h("b.hn-strong", {}, format.integer(counts[status])) : format.integer(counts[status]),
      words ? status : h("span.hn-visually-hidden", {}, ` ${status}`),
    ),
  );
}
