/** Studies made for tests. */
import { CODE, Study, type Status } from "../src/study.ts";
import type { Column, StudyState } from "../src/wire.ts";

export interface Trial {
  number: number;
  status?: Status;
  value?: number;
  started?: number;
  completed?: number;
  feasible?: boolean;
  worker?: number;
  reports?: [number, number][];
}

export function studyOf(
  trials: Trial[],
  state: Partial<StudyState> = {},
  workers = ["a", "b"],
): Study {
  const study = new Study();
  const column = (kind: "f" | "i", of: (trial: Trial) => number): Column =>
    kind === "f" ? Float64Array.from(trials, of) : Int32Array.from(trials, of);
  const last = (t: Trial) => t.reports?.at(-1);
  const reports = trials.flatMap((t) => (t.reports ?? []).map(([s, v]) => [t.number, s, v]));
  study.apply({
    base: -1,
    revision: 0,
    study: { direction: "minimize", ...state } as StudyState,
    workers: [0, workers],
    parameters: [],
    columns: new Map<string, Column>([
      ["trials.number", column("i", (t) => t.number)],
      ["trials.status", column("i", (t) => CODE[t.status ?? "completed"])],
      ["trials.value", column("f", (t) => t.value ?? NaN)],
      ["trials.last_step", column("i", (t) => last(t)?.[0] ?? -1)],
      ["trials.last_report", column("f", (t) => last(t)?.[1] ?? NaN)],
      ["trials.started", column("f", (t) => t.started ?? NaN)],
      ["trials.completed", column("f", (t) => t.completed ?? NaN)],
      ["trials.feasible", column("i", (t) => Number(t.feasible ?? true))],
      ["trials.retry_of", column("i", () => -1)],
      ["trials.worker", column("i", (t) => t.worker ?? -1)],
      ["reports.number", Int32Array.from(reports, (r) => r[0])],
      ["reports.step", Int32Array.from(reports, (r) => r[1])],
      ["reports.value", Float64Array.from(reports, (r) => r[2])],
    ]),
  });
  return study;
}
