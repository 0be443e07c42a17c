import assert from "node:assert/strict";
import { test } from "node:test";
import { TrialFilter } from "../src/filter/trial_filter.ts";
import { Study } from "../src/study.ts";
import type { Column, Message } from "../src/wire.ts";

const [COMPLETED, PRUNED, FAILED, RUNNING] = [0, 1, 4, 6];

/** A study of trials that are given by their values, statuses and choices. */
function studyOf(
  values: number[],
  statuses: number[],
  { batch = values.map(() => 0), from = 0 }: { batch?: number[]; from?: number } = {},
): { study: Study; message: Message } {
  const count = values.length;
  const whole = (numbers: number[]) => Int32Array.from(numbers);
  const columns = new Map<string, Column>([
    ["trials.number", whole(values.map((_, i) => from + i))],
    ["trials.status", whole(statuses)],
    ["trials.value", Float64Array.from(values)],
    ["trials.last_step", whole(values.map(() => 3))],
    ["trials.last_report", Float64Array.from(values.map(() => 9))],
    ["trials.started", Float64Array.from(values.map(() => 100))],
    ["trials.completed", Float64Array.from(values.map(() => 160))],
    ["trials.feasible", whole(values.map(() => 1))],
    ["trials.retry_of", whole(values.map(() => -1))],
    ["trials.worker", whole(values.map((_, i) => i % 2))],
    ["parameters.batch_size", Float64Array.from(batch)],
    ["parameters.optimizer", Float64Array.from(values.map(() => 0))],
    ["parameters.lr-max", Float64Array.from(values.map((_, i) => 10 ** -(i + 1)))],
    ["reports.number", new Int32Array(0)],
    ["reports.step", new Int32Array(0)],
    ["reports.value", new Float64Array(0)],
  ]);
  const message: Message = {
    base: -1,
    revision: 0,
    study: null,
    workers: [0, ["gpu-a1", "lab-07"]],
    parameters: [
      { name: "batch_size", kind: "categorical", choices: [8, 16] },
      { name: "optimizer", kind: "categorical", choices: ["adam", "sgd"] },
      { name: "lr-max", kind: "float", low: 1e-5, high: 1, log: true, step: null },
    ],
    columns,
  };
  const study = new Study();
  study.apply(message);
  assert.equal(study.length, count);
  return { study, message };
}

const { study } = studyOf([1.0, 1.3, NaN, NaN], [COMPLETED, COMPLETED, PRUNED, FAILED], {
  batch: [1, 0, 1, 1],
});

function shown(filter: TrialFilter): number[] {
  return Array.from({ length: 4 }, (_, row) => row).filter((row) => filter.passes(row));
}

for (const [text, numbers] of [
  ["", [0, 1, 2, 3]],
  ["value < 1.2 and batch_size == 16", [0]],
  ["value == 9", [2, 3]],
  ["batch_size == 16", [0, 2, 3]],
  ["`lr-max` < 1e-2", [2, 3]],
  ["worker == 'lab-07'", [1, 3]],
  ["state != 'completed'", [2, 3]],
  ["number in [1, 2]", [1, 2]],
  ["duration == 60 and step == 3", [0, 1, 2, 3]],
  ["best", [0]],
  ["lab-07", [1, 3]],
  ["GPU pruned", [2]],
  ["failed", [3]],
  ["gpu-a2", []],
] as [string, number[]][]) {
  test(`the filter ${text || "of nothing"} shows ${numbers.join(", ") || "nothing"}`, () => {
    const filter = new TrialFilter(study);
    filter.setText(text);
    assert.equal(filter.error, null);
    assert.deepEqual(shown(filter), numbers);
    assert.equal(filter.count, numbers.length);
    assert.equal(filter.active, text !== "");
  });
}

test("a name that is unknown shows all trials and says which is meant", () => {
  const filter = new TrialFilter(study);
  filter.setText("value < 1.2 and batchsize == 8");
  assert.deepEqual(filter.error?.unknown, {
    kind: "parameter",
    word: "batchsize",
    near: "batch_size",
    length: 9,
  });
  assert.equal(filter.error?.position, 16);
  assert.equal(filter.count, 4);
});

for (const text of [
  'state == "prunned"',
  "value > 9 and 'prunned' == state",
  "not state in ['lost', 'prunned']",
  "`state` not in ('prunned', 'failed')",
]) {
  test(`a state that is unknown shows all trials and says which is meant: ${text}`, () => {
    const filter = new TrialFilter(study);
    filter.setText(text);
    assert.equal(filter.error?.message, 'No state "prunned". Did you mean pruned?');
    const { kind, near, length } = filter.error.unknown!;
    assert.deepEqual([kind, near], ["state", "pruned"]);
    const { position } = filter.error;
    assert.match(text.slice(position, position + length), /^(["'])prunned\1$/);
    assert.equal(filter.count, 4);
  });
}

test("a state like no other is refused with the states that there are", () => {
  const filter = new TrialFilter(study);
  filter.setText("state == 'xyz'");
  assert.equal(
    filter.error?.message,
    'No state "xyz". There are completed, diverged, failed, infeasible, lost, pruned, queued, running.',
  );
});

test("a choice that is unknown is refused where all choices are text", () => {
  const filter = new TrialFilter(study);
  filter.setText("optimizer != 'adamm'");
  assert.equal(filter.error?.message, 'No optimizer "adamm". Did you mean adam?');
  filter.setText("optimizer == 'adam' and batch_size != 'x' and worker != 'nobody'");
  assert.equal(filter.error, null);
});

test("a text that is ordered against a number shows all trials and says so", () => {
  const filter = new TrialFilter(study);
  filter.setText("worker < 3");
  assert.match(filter.error!.message, /cannot compare text with a number/);
  assert.equal(filter.count, 4);
});

test("chips show some states alone", () => {
  const filter = new TrialFilter(study);
  filter.toggle("pruned");
  filter.toggle("failed");
  assert.deepEqual(shown(filter), [2, 3]);
  filter.toggle("failed");
  assert.deepEqual(shown(filter), [2]);
  filter.clear();
  assert.equal(filter.active, false);
});

test("trials that are new or changed are counted", () => {
  const { study: growing, message } = studyOf([1.0, NaN, 1.1], [COMPLETED, RUNNING, COMPLETED]);
  const filter = new TrialFilter(growing);
  filter.setText("value < 1.2");
  assert.equal(filter.count, 2);
  message.columns.get("trials.value")![1] = 0.5;
  growing.apply({ ...message, base: 0, revision: 1, workers: [2, []] });
  filter.update([1]);
  assert.equal(filter.count, 3);
  const more = studyOf([0.1], [COMPLETED], { from: 3 }).message;
  growing.apply({ ...more, base: 1, revision: 2, workers: [2, []] });
  filter.update([3]);
  assert.equal(filter.count, 4);
});
