import assert from "node:assert/strict";
import { test } from "node:test";
import {
  applies,
  fieldsOf,
  rangeText,
  readNumber,
  shownChoice,
  shownNumber,
  type Field,
  type NumberField,
} from "../src/space.ts";
import { Study } from "../src/study.ts";

function fields(parameters: object): Field[] {
  const study = new Study();
  study.state = { ...study.state, space: { parameters, constraints: [] } };
  return fieldsOf(study);
}

const [rate, dim, batch, steps] = fields({
  learning_rate: { entry: ["log_uniform", 1e-5, 1e-2] },
  embedding_dim: { entry: ["int", 256, 1024, 128] },
  batch_size: { entry: ["categorical", [4, 8, 16]] },
  warmup_steps: { entry: ["int", 0, 2000, 500] },
}) as [NumberField, NumberField, Field, NumberField];

test("a field says what it allows", () => {
  assert.equal(rangeText(rate), "1e-5 to 1e-2, log");
  assert.equal(rangeText(steps), "0 to 2\u202f000, step 500");
  assert.equal(rangeText(batch), "one of 3");
});

test("numbers are read with their range and step", () => {
  assert.deepEqual(readNumber(rate, " 1.33e-3 "), { value: 1.33e-3 });
  assert.deepEqual(readNumber(dim, "1\u202f024"), { value: 1024 });
  assert.equal(readNumber(rate, ""), null);
  assert.deepEqual(readNumber(dim, "300"), { problem: "must be 256 or 384" });
  assert.deepEqual(readNumber(dim, "2000"), { problem: "must be 256 to 1\u202f024, step 128" });
  assert.ok("problem" in readNumber(dim, "256.5")!);
  assert.ok("problem" in readNumber(rate, "fast")!);
});

test("a number is shown rounded, and exact for changing it", () => {
  assert.equal(shownNumber(rate, 0.0013316878711573004), "1.33e-3");
  assert.equal(shownNumber(rate, 0.0013316878711573004, { exact: true }), "0.0013316878711573004");
  assert.equal(shownNumber(dim, 640), "640");
});

test("choices are written as Python does, everywhere", () => {
  assert.deepEqual([null, true, false, "adam", 8].map(shownChoice), [
    "None",
    "True",
    "False",
    "adam",
    "8",
  ]);
});

test("a conditional field applies where its parents have the labels it names", () => {
  const space = fields({
    momentum: { entry: ["uniform", 0, 0.99], when: { optimizer: ["sgd"] } },
    optimizer: { entry: ["categorical", ["adam", "sgd"]] },
    width: { entry: ["int", 1, 3], when: { layers: ["[1, 2]"] } },
    layers: { entry: ["categorical", [[1], [1, 2]]] },
  });
  assert.deepEqual(
    space.map(({ name }) => name),
    ["optimizer", "momentum", "layers", "width"],
  );
  const [, momentum, , width] = space;
  assert.equal(applies(momentum, space, { optimizer: "sgd" }), true);
  assert.equal(applies(momentum, space, { optimizer: "adam" }), false);
  assert.equal(applies(momentum, space, {}), false);
  assert.equal(applies(width, space, { layers: [1, 2] }), true);
  assert.equal(applies(width, space, { layers: [1] }), false);
});
