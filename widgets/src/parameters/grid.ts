/** Cells of a plane of two parameters, and ranks, as `highnoon.hpo.plotdata` has them. */
import type { Study } from "../study.ts";
import { placeOn, type Scale } from "./scale.ts";

/** Trials below which lines of equal value would be drawn through thin air. */
export const MIN_CONTOUR_TRIALS = 30;
const CELLS = 24;

export interface Cells {
  /** Their centres; all values of a parameter that has few. */
  centres: number[];
  /** The cell of each value. */
  cell: number[];
}

export function cellsOf(scale: Scale, values: readonly number[]): Cells {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  if (distinct.length <= CELLS) {
    const at = new Map(distinct.map((value, i) => [value, i]));
    return { centres: distinct, cell: values.map((value) => at.get(value)!) };
  }
  const centres = Array.from({ length: CELLS }, (_, i) => valueAt(scale, (i + 0.5) / CELLS));
  const cell = values.map((value) =>
    Math.min(CELLS - 1, Math.max(0, Math.floor(placeOn(scale, value) * CELLS))),
  );
  return { centres, cell };
}

function valueAt({ low, high, log }: Scale, place: number): number {
  return log ? low * (high / low) ** place : low + (high - low) * place;
}

/**
 * Ranks by row: 0 for the best to 1 for the worst of rows that are in order; equal values have the
 * mean of their ranks.
 */
export function rankShares(study: Study, ranked: readonly number[]): Map<number, number> {
  const shares = new Map<number, number>();
  const last = Math.max(1, ranked.length - 1);
  for (let first = 0; first < ranked.length;) {
    let end = first;
    while (
      end + 1 < ranked.length &&
      study.value.at(ranked[end + 1]) === study.value.at(ranked[first])
    )
      end++;
    for (let i = first; i <= end; i++) shares.set(ranked[i], (first + end) / 2 / last);
    first = end + 1;
  }
  return shares;
}
