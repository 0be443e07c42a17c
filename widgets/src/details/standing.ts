/** How a trial stands among those that completed. */
import { metricName, twoBest } from "../derived.ts";
import { shownStatus } from "../filter/trial_names.ts";
import * as format from "../format.ts";
import { CODE, type Study } from "../study.ts";

/** How many trials "the best" are, where a range is drawn or a space narrowed. */
export const TOP = 10;

/** How many trials may be the best, and how many of them are better than one of them. */
function rankOf(study: Study, row: number): { rank: number; of: number } {
  let [rank, of] = [1, 0];
  for (let other = 0; other < study.length; other++) {
    if (!isComparable(study, other)) continue;
    of++;
    if (isBetter(study, other, row)) rank++;
  }
  return { rank, of };
}

/** Rows of the best trials, the best first. */
export function topRows(study: Study, count = TOP): number[] {
  const top: number[] = [];
  for (let row = 0; row < study.length; row++) {
    if (!isComparable(study, row)) continue;
    if (top.length === count && !isBetter(study, row, top[count - 1])) continue;
    const at = top.findIndex((other) => isBetter(study, row, other));
    top.splice(at < 0 ? top.length : at, 0, row);
    top.length = Math.min(top.length, count);
  }
  return top;
}

function isComparable(study: Study, row: number): boolean {
  return study.status.at(row) === CODE.completed && study.feasible.at(row) === 1;
}

/** The earlier is better among equals. */
function isBetter(study: Study, row: number, other: number): boolean {
  const gap = study.value.at(row) - study.value.at(other);
  if (gap !== 0) return study.minimizes ? gap < 0 : gap > 0;
  return study.number.at(row) < study.number.at(other);
}

/** The value, and beside it the gap to the best and the rank, or how far it came. */
export function standing(study: Study, row: number): [string, string[]] {
  const decimals = format.decimalsFor(...twoBest(study));
  const shown = study.shown(row);
  const metric = metricName(study);
  if (shownStatus(study, row) !== "completed") {
    const step = study.lastStep.at(row);
    if (Number.isNaN(shown)) return ["", [`no ${metric}`]];
    return [
      format.value(shown, decimals),
      [`${metric} ${step < 0 ? "" : `at step ${format.integer(step)}`}`.trim()],
    ];
  }
  const { rank, of } = rankOf(study, row);
  const best = study.value.at(study.best!);
  const gap = Math.abs(shown - best);
  const worse = study.minimizes ? "above" : "below";
  const distance =
    row === study.best
      ? "the best"
      : gap === 0
        ? "equals the best"
        : `${format.value(gap, decimals)} ${worse} the best`;
  return [
    format.value(shown, decimals),
    [metric, distance, `rank ${format.integer(rank)} of ${format.integer(of)}`],
  ];
}
