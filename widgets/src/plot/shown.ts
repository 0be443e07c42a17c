/** How a trial counts in plots, as `highnoon.hpo.plotdata` has it. */
import { CODE, type Study } from "../study.ts";

/** With fewer completed trials than this, a value axis shows all of them. */
const ENOUGH_FOR_PERCENTILE = 10;

/** A trial's status; a completed one that violates a constraint is infeasible. */
export function shownStatus(study: Study, row: number): number {
  const status = study.status.at(row);
  return status === CODE.completed && !study.feasible.at(row) ? CODE.infeasible : status;
}

/**
 * Where a trial stands on the value axis, NaN where it has no place there: the value of one that
 * completed, the last report of one that was pruned or runs.
 */
export function shownValue(study: Study, row: number): number {
  const status = study.status.at(row);
  let value = NaN;
  if (status === CODE.completed) value = study.value.at(row);
  else if (status === CODE.pruned || status === CODE.running) value = study.lastReport.at(row);
  return Number.isFinite(value) ? value : NaN;
}

/** What rows have, as a column; a loop takes a fraction of the time of `Float64Array.from`. */
export function columnOf(rows: ArrayLike<number>, of: (row: number) => number): Float64Array {
  const column = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) column[i] = of(rows[i]);
  return column;
}

/** Whether a trial may be the best. */
export function comparable(study: Study, row: number): boolean {
  return study.status.at(row) === CODE.completed && study.feasible.at(row) !== 0;
}

/**
 * The part of the value axis that is worth showing: from the best value to the 90th percentile of
 * the completed trials where there are ten of them. Null where nothing has a value.
 */
export function valueRange(
  values: ArrayLike<number>,
  statuses: ArrayLike<number>,
  minimizes: boolean,
): [number, number] | null {
  const sign = minimizes ? 1 : -1;
  let best = Infinity;
  let worst = -Infinity;
  const completed: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const loss = sign * values[i];
    if (Number.isNaN(loss)) continue;
    best = Math.min(best, loss);
    worst = Math.max(worst, loss);
    if (statuses[i] === CODE.completed) completed.push(loss);
  }
  if (best === Infinity) return null;
  if (completed.length >= ENOUGH_FOR_PERCENTILE) worst = percentile(completed, 0.9);
  return minimizes ? [best, worst] : [-worst, -best];
}

/** A percentile, interpolated between the two values beside it. */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** Rows in the order of their trials' numbers. */
export function rowsByNumber(study: Study): Int32Array {
  const rows = new Int32Array(study.length);
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  let ordered = true;
  for (let row = 1; row < rows.length && ordered; row++) {
    ordered = study.number.at(row - 1) < study.number.at(row);
  }
  return ordered ? rows : rows.sort((a, b) => study.number.at(a) - study.number.at(b));
}
