import assert from "node:assert/strict";
import { test } from "node:test";
import { cleaned } from "../src/details/log.ts";
import { placeOf } from "../src/details/strips.ts";
import type { Parameter } from "../src/study.ts";
import { inTwoLines } from "../src/table/columns.ts";

test("a log has no terminal codes, and of a progress bar its end", () => {
  const log = "\u001b[31mred\u001b[0m\r\n 1/3\r 2/3\r 3/3\r\ndone\u001b]0;title\u0007\n\n";
  assert.deepEqual(cleaned(log), ["red", " 3/3", "done"]);
});

test("a log of nothing has no lines", () => {
  assert.deepEqual(cleaned("\n \n"), []);
});

test("a value lies on its strip by the scale of its range", () => {
  const log = { kind: "float", low: 1e-5, high: 1e-1, log: true } as Parameter;
  assert.ok(Math.abs(placeOf(log, 1e-3) - 0.5) < 1e-9);
  const linear = { kind: "int", low: 0, high: 10 } as Parameter;
  assert.equal(placeOf(linear, 5), 0.5);
  assert.equal(placeOf(linear, 12), 1);
  const choices = { kind: "categorical", choices: ["a", "b", "c"] } as Parameter;
  assert.equal(placeOf(choices, 2), 1);
});

test("a long name is parted in about the middle", () => {
  assert.equal(inTwoLines("learning_rate"), "learning\u200b_rate");
  assert.equal(inTwoLines("num_moe_experts"), "num_moe\u200b_experts");
  assert.equal(inTwoLines("dropout"), "dropout");
  assert.equal(inTwoLines("held-out loss"), "held-out loss");
});
