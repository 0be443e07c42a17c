/** Cells that are more than a text. */
import { h } from "../dom.ts";
import { shownStatus } from "../filter/trial_names.ts";
import { mark } from "../marks.ts";
import type { Study } from "../study.ts";

/** The mark of a trial's state and its word. */
export function stateCell(study: Study, row: number): Node {
  const isBest = study.best === row;
  const kind = isBest ? "best" : shownStatus(study, row);
  const word = isBest ? "best" : shownStatus(study, row);
  return h("span.hn-state", {}, mark(kind, shareDone(study, row)), h("span", {}, word));
}

/** How much of a trial is done, going by the steps of the others; 0 to 1. */
export function shareDone(study: Study, row: number): number {
  const all = study.lastStepOfAll;
  return all > 0 ? Math.max(0, study.lastStep.at(row)) / all : 0;
}
