/** What a study's summary says, derived of its columns. */
import type { StudyStatus } from "./marks.ts";
import { CODE, type Study } from "./study.ts";
import type { Order } from "./wire.ts";

/** Whether a trial counts as one that was asked for: not infeasible, not given back. */
const FINISHED = new Set([CODE.completed, CODE.pruned, CODE.diverged, CODE.failed]);
/** Seconds for which a run may draw its next trial. */
const BETWEEN_TRIALS = 10;
/** The pace is that of this many trials. */
const RECENT = 20;

export function finishedCount(study: Study): number {
  const counts = study.counts();
  return counts.completed + counts.pruned + counts.diverged + counts.failed;
}

export function notStarted(study: Study): number {
  return toStart(study.state.goal, finishedCount(study), study.counts().running);
}

/** How many trials are still to start until the goal is reached; 0 where there is none. */
export function toStart(goal: number | null, finished: number, running: number): number {
  return Math.max(0, (goal ?? 0) - finished - running);
}

/** Names of the workers whose trials run, by trial. */
export function runningWorkers(study: Study): number {
  const workers = new Set<number>();
  let unnamed = 0;
  for (let row = 0; row < study.length; row++) {
    if (study.status.at(row) !== CODE.running) continue;
    if (study.worker.at(row) < 0) unnamed++;
    else workers.add(study.worker.at(row));
  }
  return workers.size + unnamed;
}

/** How a study stands. `now` is in seconds since 1970. */
export function studyStatus(study: Study, now = Date.now() / 1000): StudyStatus {
  if (study.state.paused) return "paused";
  const counts = study.counts();
  if (counts.running > 0) return "running";
  if (study.length === 0) return "empty";
  if (isLast(study, study.state.stop) || gaveUp(study) !== null) return "stopped";
  const goal = study.state.goal;
  if (goal === null) return "idle";
  if (finishedCount(study) >= goal) return "finished";
  return now - latest(study.completed.values) < BETWEEN_TRIALS ? "running" : "unfinished";
}

/** Whether an order was given after the last trial started; they are given to the second. */
export function isLast(study: Study, order: Order | null): boolean {
  const since = Math.floor(latest(study.started.values));
  return order !== null && Date.parse(order.at) / 1000 >= since;
}

/** The trial that a run which ended itself gave up on; null where none is known. */
export function lastTrouble(study: Study): number | null {
  for (let row = study.length - 1; row >= 0; row--)
    if (["failed", "infeasible"].includes(study.statusAt(row))) return study.number.at(row);
  return null;
}

/** Why a run ended itself since the last trial started, null where none did. */
export function gaveUp(study: Study): string | null {
  const said = study.state.gave_up;
  // A date holds milliseconds.
  const isOld = said === null || Date.parse(said.at) / 1000 + 1e-3 < latest(study.started.values);
  return isOld ? null : said.why;
}

/** The last of some times, of which NaN is none. */
function latest(times: Float64Array): number {
  return times.reduce((last, time) => (time > last ? time : last), -Infinity);
}

export interface Pace {
  /** Finished trials in an hour in which some trial runs; NaN before the first. */
  perHour: number;
  /** Share of that time for which the workers that run had a trial; NaN where none runs. */
  busy: number;
  /** Seconds until the goal is reached at this pace; NaN where there is no goal or no pace. */
  left: number;
}

/**
 * How fast trials finish, going by the last ones, as `highnoon.hpo.plotdata.pace`: time in which no
 * trial ran does not count. `now` is in seconds since 1970.
 */
export function pace(study: Study, now: number): Pace {
  const codes = study.status.values;
  const ends = study.completed.values.filter((end, row) => end > 0 && FINISHED.has(codes[row]));
  ends.sort();
  if (!ends.length) return { perHour: NaN, busy: NaN, left: NaN };
  const recent = Math.min(RECENT, ends.length);
  const since = ends.length > RECENT ? ends[ends.length - RECENT - 1] : -Infinity;
  const ran: [number, number][] = [];
  for (let row = 0; row < codes.length; row++) {
    const start = Math.max(since, study.started.at(row));
    const end = codes[row] === CODE.running ? now : Math.min(now, study.completed.at(row));
    if (end > start) ran.push([start, end]);
  }
  const active = lengthOfUnion(ran);
  const perHour = active > 0 ? (3600 * recent) / active : NaN;
  const workers = runningWorkers(study);
  const worked = ran.reduce((sum, [start, end]) => sum + end - start, 0);
  const goal = study.state.goal;
  const remaining = goal === null ? NaN : Math.max(0, goal - finishedCount(study));
  return {
    perHour,
    busy: workers > 0 ? Math.min(1, worked / (active * workers)) : NaN,
    left: remaining === 0 ? 0 : workers > 0 ? (remaining / perHour) * 3600 : NaN,
  };
}

/** How much intervals cover together. */
function lengthOfUnion(intervals: [number, number][]): number {
  intervals.sort(([a], [b]) => a - b);
  let [covered, until] = [0, -Infinity];
  for (const [start, end] of intervals) {
    covered += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return covered;
}

export interface Saved {
  /** Seconds of worker time that pruned trials would have taken beyond what they took. */
  seconds: number;
  /** That as a share of what the study would have taken without pruning. */
  share: number;
  /** How many trials were pruned. */
  pruned: number;
}

/**
 * What pruning saved, if pruned trials had taken as long as the mean completed one, as
 * `highnoon.hpo.plotdata.saved_by_pruning`; NaN where some were pruned and none completed.
 */
export function savedByPruning(study: Study): Saved {
  let [completed, completedTime] = [0, 0];
  let [pruned, prunedTime] = [0, 0];
  let spent = 0;
  for (let row = 0; row < study.length; row++) {
    const time = study.completed.at(row) - study.started.at(row);
    const code = study.status.at(row);
    if (!(time >= 0) || !FINISHED.has(code)) continue;
    spent += time;
    if (code === CODE.completed) [completed, completedTime] = [completed + 1, completedTime + time];
    if (code === CODE.pruned) [pruned, prunedTime] = [pruned + 1, prunedTime + time];
  }
  if (!pruned) return { seconds: 0, share: 0, pruned };
  const seconds = Math.max(0, (completedTime / completed) * pruned - prunedTime);
  return { seconds, share: seconds === 0 ? 0 : seconds / (seconds + spent), pruned };
}

/** The best of the worse values that had come when the best one did, NaN where none had. */
export function formerBest(study: Study): number {
  const best = study.best;
  if (best === null) return NaN;
  const sign = study.minimizes ? 1 : -1;
  let former = NaN;
  for (let row = 0; row < study.length; row++) {
    if (study.status.at(row) !== CODE.completed || !study.feasible.at(row)) continue;
    if (!(study.completed.at(row) <= study.completed.at(best))) continue;
    const value = study.value.at(row);
    if (value === study.value.at(best)) continue;
    if (Number.isNaN(former) || sign * value < sign * former) former = value;
  }
  return former;
}

/** The values of the two best trials, `[best, second]`, NaN where there are none. */
export function twoBest(study: Study): [number, number] {
  const sign = study.minimizes ? 1 : -1;
  let [first, second] = [NaN, NaN];
  for (let row = 0; row < study.length; row++) {
    if (study.status.at(row) !== CODE.completed || !study.feasible.at(row)) continue;
    const value = study.value.at(row);
    if (Number.isNaN(first) || sign * value < sign * first) [first, second] = [value, first];
    else if (Number.isNaN(second) || sign * value < sign * second) second = value;
  }
  return [first, second];
}

/** What the values are called. */
export function metricName(study: Study): string {
  return study.state.metric ?? "value";
}
