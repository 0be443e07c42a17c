/** How the best value came down, or up, from trial to trial. */
import { CODE, type Study } from "../study.ts";
import {
  columnOf,
  comparable,
  rowsByNumber,
  shownStatus,
  shownValue,
  valueRange,
} from "./shown.ts";

/** The best value so far: it holds from one entry to the next, and the last one to the end. */
export interface Steps {
  /** Where a better value came: a trial number, or seconds since 1970. */
  at: number[];
  value: number[];
  /** The trial that reached it. */
  number: number[];
}

/** The trials of a study in the order of their numbers, and the best value so far. */
export interface History {
  number: Int32Array;
  /** Codes; a trial that violates a constraint is infeasible. */
  status: Int32Array;
  /** Where a trial stands on the value axis, NaN where it has no place there. */
  value: Float64Array;
  /** Seconds since 1970, NaN where it has not ended. */
  completed: Float64Array;
  /** Numbers of the trials that ended without a place on the value axis. */
  withoutValue: number[];
  byNumber: Steps;
  byTime: Steps;
  /** The part of the value axis worth showing; null where nothing has a value. */
  range: [number, number] | null;
}

export function historyOf(study: Study): History {
  const rows = rowsByNumber(study);
  const number = rows.map((row) => study.number.at(row));
  const status = rows.map((row) => shownStatus(study, row));
  const value = columnOf(rows, (row) => shownValue(study, row));
  const completed = columnOf(rows, (row) => study.completed.at(row));
  const withoutValue: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    const ended = status[i] !== CODE.running && status[i] !== CODE.queued;
    if (ended && Number.isNaN(value[i])) withoutValue.push(number[i]);
  }
  const ranked = rows.filter((row) => comparable(study, row));
  const timed = ranked
    .filter((row) => !Number.isNaN(study.completed.at(row)))
    .sort((a, b) => study.completed.at(a) - study.completed.at(b));
  return {
    number,
    status,
    value,
    completed,
    withoutValue,
    byNumber: steps(study, ranked, (row) => study.number.at(row)),
    byTime: steps(study, timed, (row) => study.completed.at(row)),
    range: valueRange(value, status, study.minimizes),
  };
}

/** Where the running best of rows, in their order, changes. */
function steps(study: Study, rows: Int32Array, at: (row: number) => number): Steps {
  const sign = study.minimizes ? 1 : -1;
  const found: Steps = { at: [], value: [], number: [] };
  let best = Infinity;
  for (const row of rows) {
    const loss = sign * study.value.at(row);
    if (!(loss < best)) continue;
    best = loss;
    found.at.push(at(row));
    found.value.push(study.value.at(row));
    found.number.push(study.number.at(row));
  }
  return found;
}
