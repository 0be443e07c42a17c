import assert from "node:assert/strict";
import { test } from "node:test";
import { happened } from "../src/details/happened.ts";
import type { TrialDetails } from "../src/details/trial.ts";
import { CODE, Study, type Status } from "../src/study.ts";

const NOTHING: TrialDetails = {
  number: 0,
  run: {},
  peak_memory: null,
  log: null,
  series: [],
  failure: null,
  diverged: null,
  infeasible: null,
  interrupted: null,
  stopped: null,
  stopping: null,
  violated: [],
  retried_by: null,
  attributes: {},
  queued: {},
  artifacts: [],
  note: "",
  code: "",
};

function told(
  status: Status,
  details: Partial<TrialDetails>,
  { reports = [] as [number, number][], feasible = 1, repeats = -1 } = {},
): string {
  const study = new Study();
  study.apply({
    base: -1,
    revision: 0,
    study: null,
    workers: [0, ["gpu-a1"]],
    parameters: [],
    columns: new Map(
      Object.entries({
        "trials.number": Int32Array.of(0),
        "trials.status": Int32Array.of(CODE[status]),
        "trials.value": Float64Array.of(1),
        "trials.last_step": Int32Array.of(-1),
        "trials.last_report": Float64Array.of(NaN),
        "trials.started": Float64Array.of(0),
        "trials.completed": Float64Array.of(1),
        "trials.feasible": Int32Array.of(feasible),
        "trials.retry_of": Int32Array.of(repeats),
        "trials.worker": Int32Array.of(0),
        "reports.number": Int32Array.from(reports.map(() => 0)),
        "reports.step": Int32Array.from(reports.map(([step]) => step)),
        "reports.value": Float64Array.from(reports.map(([, value]) => value)),
      }),
    ),
  });
  return happened(study, 0, { ...NOTHING, ...details });
}

test("a diverged trial says when, and what came before", () => {
  const reports: [number, number][] = [
    [7, 4.0202],
    [8, NaN],
  ];
  assert.equal(
    told("diverged", { diverged: "nan" }, { reports }),
    "The value became NaN at step 8. The last finite report was 4.0202 at step 7.",
  );
  assert.equal(told("diverged", { diverged: "-inf" }), "The value became −inf.");
});

test("an infeasible trial says which rule it breaks", () => {
  assert.equal(
    told("infeasible", { infeasible: "needs 38 GiB at the peak" }),
    "Needs 38 GiB at the peak. It was never trained and does not count as a trial.",
  );
  assert.equal(
    told("completed", { violated: ["latency"] }, { feasible: 0 }),
    "It completed, but violates latency, so it cannot be the best.",
  );
});

test("a lost trial says whose it was and what became of its parameters", () => {
  assert.equal(
    told("lost", { interrupted: "lost", retried_by: 60 }),
    "No sign of life from gpu-a1; it was given up. Its parameters are tried again as trial 60.",
  );
  assert.equal(told("lost", { interrupted: "SIGTERM" }), "Ended by SIGTERM, and given back.");
});

test("a trial under orders says whose", () => {
  const order = { by: "ana@lab", at: "2026-01-01T00:00:00+00:00" };
  assert.equal(told("running", { stopping: order }), "Stops at its next report, as ana@lab asked.");
  assert.equal(told("pruned", { stopped: order }), "Stopped by ana@lab; it counts as pruned.");
});

test("a trial that completed says only what it repeats", () => {
  assert.equal(told("completed", {}), "");
  assert.equal(told("completed", {}, { repeats: 24 }), "It repeats trial 24.");
});
