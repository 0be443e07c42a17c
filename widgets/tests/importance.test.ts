import assert from "node:assert/strict";
import { test } from "node:test";
import { ordered, scale, shown, type Scores } from "../src/importance.ts";

const scores: Scores = {
  evaluator: "PED-ANOVA",
  n_trials: 12,
  names: ["b", "gone", "a"],
  median: [0.6, 0.3, 0.1],
  low: [0.4, 0.1, 0],
  high: [0.8, 0.4, 0.2],
  reason: null,
  rests_on: "PED-ANOVA over 12 completed trials.",
};

test("parameters are ordered by importance, those without a score after the others", () => {
  assert.deepEqual(ordered(["a", "b", "c"], scores), ["b", "a", "c"]);
  assert.deepEqual(ordered(["a", "b"], null), ["a", "b"]);
});

test("below ten completed trials there are no bars, whatever scores are left over", () => {
  assert.deepEqual(shown(9, scores), { kind: "few", completed: 9 });
  assert.deepEqual(shown(10, null), { kind: "waiting" });
  assert.deepEqual(shown(10, { ...scores, n_trials: 9, names: [] }), { kind: "waiting" });
  assert.deepEqual(shown(12, scores), { kind: "scores", scores });
});

test("without scores the reason is said", () => {
  const reason = "All 12 completed trials have the same value; no parameter matters yet.";
  assert.deepEqual(shown(12, { ...scores, names: [], reason }), { kind: "none", reason });
  const failed = { error: "no memory" } as Scores;
  assert.deepEqual(shown(12, failed), { kind: "none", reason: "no memory" });
});

test("the longest line nearly fills the axis, from zero on", () => {
  const at = scale(scores);
  assert.equal(at(0), 0);
  assert.ok(at(0.8) > 0.95 && at(0.8) < 1);
  assert.ok(Math.abs(at(0.4) - at(0.8) / 2) < 1e-12);
  assert.equal(scale({ ...scores, high: [0, 0, 0], median: [0, 0, 0] })(0), 0);
});
