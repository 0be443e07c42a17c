import assert from "node:assert/strict";
import { test } from "node:test";
import { shortened } from "../src/names.ts";

test("long names keep the end by which they differ", () => {
  assert.equal(shortened("learning_rate", 20), "learning_rate");
  assert.equal(shortened("optimizer.schedule.rate_multiplier_12", 20), "optimizer.schedu…_12");
  assert.equal(shortened("optimizer.schedule.warmup", 20), "optimizer.sc….warmup");
  assert.equal(shortened("x".repeat(40), 20), `${"x".repeat(13)}…${"x".repeat(6)}`);
  assert.equal(shortened("num_reasoning_blocks", 8), "num_rea…");
});
