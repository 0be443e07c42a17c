/** Which share of the trials is at least as low as a value. */
import type { Study } from "../study.ts";
import { comparable } from "./shown.ts";

/** The empirical distribution function of the values of completed feasible trials. */
export interface Edf {
  /** The distinct values, ascending. */
  value: Float64Array;
  /** The share of trials whose value is that or lower; the last is 1. */
  share: Float64Array;
  trials: number;
}

export function edfOf(study: Study): Edf {
  const values: number[] = [];
  for (let row = 0; row < study.length; row++) {
    if (comparable(study, row)) values.push(study.value.at(row));
  }
  const sorted = Float64Array.from(values).sort();
  const value: number[] = [];
  const share: number[] = [];
  for (let i = 0; i < sorted.length; i++) {
    if (sorted[i] === sorted[i + 1]) continue;
    value.push(sorted[i]);
    share.push((i + 1) / sorted.length);
  }
  return {
    value: Float64Array.from(value),
    share: Float64Array.from(share),
    trials: sorted.length,
  };
}
