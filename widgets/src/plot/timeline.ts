/** Which worker ran which trial, and when. */
import { CODE, type Study } from "../study.ts";
import { columnOf, rowsByNumber, shownStatus } from "./shown.ts";

/** The trials that started, a bar each, in the order in which they did. */
export interface Timeline {
  /**
   * The worker of each lane, in the order of their first trials; null where it is not known. A
   * worker whose trials overlap has several.
   */
  lanes: (string | null)[];
  lane: Int32Array;
  number: Int32Array;
  status: Int32Array;
  /** Seconds since 1970. */
  start: Float64Array;
  /** Seconds since 1970, NaN where the trial runs. */
  end: Float64Array;
}

interface Free {
  until: number;
  lane: number;
}

export function timelineOf(study: Study): Timeline {
  const rows = startedRows(study);
  const start = columnOf(rows, (row) => study.started.at(row));
  const end = columnOf(rows, (row) =>
    study.status.at(row) === CODE.running
      ? NaN
      : Math.max(study.completed.at(row), study.started.at(row)),
  );
  const workers: number[] = [];
  const lane = new Int32Array(rows.length);
  const free = new Map<number, Free[]>();
  rows.forEach((row, bar) => {
    const worker = study.worker.at(row);
    const own = free.get(worker) ?? [];
    free.set(worker, own);
    const until = Number.isNaN(end[bar]) ? Infinity : end[bar];
    let taken = earliest(own);
    if (!taken || taken.until > start[bar]) {
      taken = { until, lane: workers.push(worker) - 1 };
      own.push(taken);
    }
    taken.until = until;
    lane[bar] = taken.lane;
  });
  const firstSeen = new Map<number, number>();
  workers.forEach((worker, place) => {
    if (!firstSeen.has(worker)) firstSeen.set(worker, place);
  });
  const order = workers.map((_, place) => place);
  order.sort((a, b) => firstSeen.get(workers[a])! - firstSeen.get(workers[b])! || a - b);
  const moved = new Int32Array(order.length);
  order.forEach((place, to) => (moved[place] = to));
  return {
    lanes: order.map((place) => (workers[place] < 0 ? null : study.workers[workers[place]])),
    lane: lane.map((place) => moved[place]),
    number: rows.map((row) => study.number.at(row)),
    status: rows.map((row) => shownStatus(study, row)),
    start,
    end,
  };
}

/** Rows of the trials that started, in the order in which they did, which often is theirs. */
function startedRows(study: Study): Int32Array {
  const { started } = study;
  const rows = rowsByNumber(study).filter((row) => !Number.isNaN(started.at(row)));
  for (let i = 1; i < rows.length; i++)
    if (started.at(rows[i - 1]) > started.at(rows[i]))
      return rows.sort((a, b) => started.at(a) - started.at(b));
  return rows;
}

/** The lane that is free first. */
function earliest(lanes: readonly Free[]): Free | undefined {
  let first: Free | undefined;
  for (const lane of lanes) if (!first || lane.until < first.until) first = lane;
  return first;
}
