import assert from "node:assert/strict";
import { test } from "node:test";
import { float } from "../src/exports.ts";

test("floats are written as Python writes them", () => {
  assert.equal(float(1e-5), "1e-05");
  assert.equal(float(0.0013316878711573004), "0.0013316878711573004");
  assert.equal(float(1), "1.0");
  assert.equal(float(-2.5e-7), "-2.5e-07");
  assert.equal(float(1e16), "1e+16");
  assert.equal(float(123456789012345), "123456789012345.0");
});
