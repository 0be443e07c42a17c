import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../src/format.ts";

test("numbers keep about three digits", () => {
  assert.equal(format.number(0.2158), "0.216");
  assert.equal(format.number(0.00133, { log: true }), "1.33e-3");
  assert.equal(format.number(22), "22.0");
  assert.equal(format.number(-5.5), "−5.50");
  assert.equal(format.number(NaN), "–");
  assert.equal(format.number(Infinity), "∞");
  assert.equal(format.number(1000), "1\u202f000");
});

test("values have four decimals, more where the two best would look equal", () => {
  assert.equal(format.value(1.38921), "1.3892");
  assert.equal(format.value(-0.5), "−0.5000");
  assert.equal(format.decimalsFor(1.38921, 1.38924), 5);
  assert.equal(format.decimalsFor(1.3, 1.4), 4);
  assert.equal(format.decimalsFor(0.05, 0.07), 4);
  assert.equal(format.value(0.00011036, format.decimalsFor(0.00011036, 0.0003)), "0.000110");
  assert.equal(format.decimalsFor(0, 0.2), 4);
  assert.equal(format.value(0.00001234), "1.234e-5");
  assert.equal(format.value(0.00011036), "0.000110");
});

test("durations and ages", () => {
  assert.equal(format.duration(380), "6 min 20 s");
  assert.equal(format.duration(5940), "1 h 39 min");
  assert.equal(format.duration(0.04), "40 ms");
  assert.equal(format.roughly(2370), "40 min");
  assert.equal(format.roughly(8300), "2 h 20 min");
  assert.equal(format.roughly(23), "25 s");
  assert.equal(format.clock(379), "6:19");
  assert.equal(format.clock(3723), "1:02:03");
  assert.equal(format.clock(0.03), "30 ms");
  assert.equal(format.clock(1), "0:01");
  assert.deepEqual(format.pace(44), ["44", "trials per hour"]);
  assert.deepEqual(format.pace(117_909), ["33", "trials per second"]);
  assert.equal(format.age(1000, 1004), "4 s ago");
  assert.equal(format.age(0, 3 * 3600), "3 h ago");
});
