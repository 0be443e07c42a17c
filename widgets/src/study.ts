/** A study in the page: its columns, kept up to date by messages, and what is derived of them. */
import { floats, integers, type Growing } from "./growing.ts";
import type { Message, ParameterDescription, StudyState } from "./wire.ts";

/** In the order of `highnoon.hpo.reading.STATUSES`, by which a trial's status is numbered. */
export const STATUSES = [
  "completed",
  "pruned",
  "diverged",
  "infeasible",
  "failed",
  "lost",
  "running",
  "queued",
] as const;
export type Status = (typeof STATUSES)[number];
export const CODE = Object.fromEntries(STATUSES.map((status, code) => [status, code])) as Record<
  Status,
  number
>;

/** A parameter: its values by row, NaN where a trial did not draw it, indices of choices. */
export interface Parameter extends ParameterDescription {
  values: Growing<Float64Array<ArrayBuffer>>;
}

export interface Point {
  step: number;
  value: number;
}

/** What a message changed: rows that are new or other than before; all of them after a reset. */
export interface Change {
  reset: boolean;
  rows: number[];
}

const NO_STATE: StudyState = {
  name: "",
  direction: "minimize",
  paused: null,
  stop: null,
  gave_up: null,
  archived: null,
  space: null,
  metric: null,
  goal: null,
  sampler: null,
  pruner: null,
};

export class Study {
  revision = -1;
  state: StudyState = NO_STATE;
  workers: string[] = [];
  parameters = new Map<string, Parameter>();
  readonly number = integers();
  readonly status = integers();
  readonly value = floats();
  readonly lastStep = integers();
  readonly lastReport = floats();
  readonly started = floats();
  readonly completed = floats();
  readonly feasible = integers(1);
  readonly retryOf = integers();
  readonly worker = integers();
  private readonly rowOf = new Map<number, number>();
  private readonly curves = new Map<number, Point[]>();
  private bestRow: number | null = null;
  private counted: Record<Status, number> | null = null;
  private completedSteps = 0;
  private anySteps = 0;

  get length(): number {
    return this.number.length;
  }

  /** The row of a trial, or undefined. */
  row(number: number): number | undefined {
    return this.rowOf.get(number);
  }

  /** Reports of a trial by its number, in the order of their steps. */
  curve(number: number): readonly Point[] {
    return this.curves.get(number) ?? [];
  }

  statusAt(row: number): Status {
    return STATUSES[this.status.at(row)];
  }

  /** The row of the best trial: completed, feasible, the earliest among equals; null if none. */
  get best(): number | null {
    return this.bestRow;
  }

  get minimizes(): boolean {
    return this.state.direction === "minimize";
  }

  /** What a trial is shown with: its value, or its last report while or where it has none. */
  shown(row: number): number {
    const value = this.value.at(row);
    return Number.isNaN(value) ? this.lastReport.at(row) : value;
  }

  /** The highest step that a completed trial reported, else any trial; 0 where none reported. */
  get lastStepOfAll(): number {
    return this.completedSteps || this.anySteps;
  }

  /** How many trials have each status. */
  counts(): Readonly<Record<Status, number>> {
    return (this.counted ??= this.count());
  }

  private count(): Record<Status, number> {
    const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<
      Status,
      number
    >;
    const codes = this.status.values;
    for (let row = 0; row < codes.length; row++) counts[STATUSES[codes[row]]]++;
    return counts;
  }

  /** Apply a message; null where it does not follow on what is known, which then must be asked for. */
  apply(message: Message): Change | null {
    const reset = message.base === -1;
    if (!reset && message.base !== this.revision) {
      return message.revision <= this.revision ? { reset: false, rows: [] } : null;
    }
    if (reset) this.clear();
    this.revision = message.revision;
    if (message.study !== null) this.state = { ...NO_STATE, ...message.study };
    this.workers.splice(message.workers[0], Infinity, ...message.workers[1]);
    const rows = this.take(message);
    this.counted = null;
    this.takeReports(message);
    this.bestRow = this.findBest(rows);
    this.takeSteps(rows);
    return { reset, rows };
  }

  private clear(): void {
    this.state = NO_STATE;
    this.workers = [];
    this.parameters = new Map();
    this.rowOf.clear();
    this.curves.clear();
    this.bestRow = null;
    this.completedSteps = this.anySteps = 0;
    for (const column of this.ownColumns().values()) column.grow(0);
  }

  private ownColumns(): Map<string, Growing<Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>> {
    return new Map<string, Growing<never>>([
      ["number", this.number],
      ["status", this.status],
      ["value", this.value],
      ["last_step", this.lastStep],
      ["last_report", this.lastReport],
      ["started", this.started],
      ["completed", this.completed],
      ["feasible", this.feasible],
      ["retry_of", this.retryOf],
      ["worker", this.worker],
    ] as unknown as [string, Growing<never>][]);
  }

  private take(message: Message): number[] {
    const numbers = message.columns.get("trials.number")!;
    const rows: number[] = new Array(numbers.length);
    let length = this.length;
    for (let i = 0; i < numbers.length; i++) {
      let row = this.rowOf.get(numbers[i]);
      if (row === undefined) {
        row = length++;
        this.rowOf.set(numbers[i], row);
      }
      rows[i] = row;
    }
    for (const [name, column] of this.ownColumns()) {
      column.grow(length);
      const values = message.columns.get(`trials.${name}`)!;
      for (let i = 0; i < rows.length; i++) column.set(rows[i], values[i]);
    }
    for (const description of message.parameters) this.describe(description);
    for (const [name, parameter] of this.parameters) {
      parameter.values.grow(length);
      // Not there where none of these trials has it, of which some may have been to get it.
      const values = message.columns.get(`parameters.${name}`);
      for (let i = 0; i < rows.length; i++) parameter.values.set(rows[i], values ? values[i] : NaN);
    }
    return rows;
  }

  private describe(description: ParameterDescription | { name: string }): void {
    const known = this.parameters.get(description.name);
    if (!("kind" in description)) return;
    const values = known?.values ?? floats();
    this.parameters.set(description.name, { ...description, values });
  }

  private takeReports(message: Message): void {
    const numbers = message.columns.get("reports.number")!;
    const steps = message.columns.get("reports.step")!;
    const values = message.columns.get("reports.value")!;
    for (let i = 0; i < numbers.length; i++) {
      let curve = this.curves.get(numbers[i]);
      if (!curve) this.curves.set(numbers[i], (curve = []));
      insert(curve, { step: steps[i], value: values[i] });
    }
  }

  private takeSteps(changed: number[]): void {
    for (const row of changed) {
      const step = this.lastStep.at(row);
      this.anySteps = Math.max(this.anySteps, step);
      if (this.status.at(row) === CODE.completed)
        this.completedSteps = Math.max(this.completedSteps, step);
    }
  }

  private findBest(changed: number[]): number | null {
    const sign = this.minimizes ? 1 : -1;
    let best = this.bestRow;
    for (const row of changed) {
      if (this.status.at(row) !== CODE.completed || !this.feasible.at(row)) continue;
      if (best === null || sign * this.value.at(row) < sign * this.value.at(best)) best = row;
      else if (
        this.value.at(row) === this.value.at(best) &&
        this.number.at(row) < this.number.at(best)
      )
        best = row;
    }
    return best;
  }
}

/** Put a point where its step belongs; it replaces that of the same step. */
function insert(curve: Point[], point: Point): void {
  let at = curve.length;
  while (at > 0 && curve[at - 1].step > point.step) at--;
  const replaces = at > 0 && curve[at - 1].step === point.step;
  curve.splice(replaces ? at - 1 : at, replaces ? 1 : 0, point);
}
