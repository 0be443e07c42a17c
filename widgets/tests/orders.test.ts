import assert from "node:assert/strict";
import { test } from "node:test";
import { ordered, stopping, takerOf } from "../src/orders.ts";
import { studyOf } from "./studies.ts";

test("a queued trial is left to who can take it", () => {
  const done = { number: 0 };
  assert.equal(takerOf(studyOf([done])), "The next run of the study takes it.");
  const running = studyOf([done, { number: 1, status: "running", worker: 0 }]);
  assert.equal(takerOf(running), "The next free worker takes it.");
  const paused = studyOf([done], { paused: { by: "ana@lab", at: "2026-01-01T00:00:00+00:00" } });
  assert.equal(takerOf(paused), "It waits until the study is resumed.");
});

test("orders promise nothing of runs that do not know of them", () => {
  const paused = { by: "ana@lab", at: "2026-01-01T00:00:00+00:00" };
  const running = [{ number: 0, status: "running" as const, worker: 0 }];
  const foreign = studyOf(running, { paused, sampler: null });
  assert.match(ordered(foreign, new Date()), /Runs of stock Optuna go on/);
  assert.match(stopping(foreign).text, /Runs of stock Optuna go on/);
  const own = studyOf(running, { paused, sampler: "tpe" });
  assert.match(ordered(own, new Date()), /Running trials finish/);
  assert.match(stopping(own).text, /A later run of the study goes on/);
});
