import assert from "node:assert/strict";
import { test } from "node:test";
import { frameOf, inside, placing } from "../src/plot/pixels.ts";

const SIZE = { width: 240, height: 140 };
const LAYOUT = {
  margin: { l: 40, r: 0, t: 20, b: 20 },
  xaxis: { type: "linear", range: [0, 10] },
  yaxis: { type: "log", range: [0, 2] },
  xaxis2: { type: "date", range: ["2026-01-01", "2026-01-03"], domain: [0.5, 1] },
  yaxis2: { type: "linear", range: [1, 0], domain: [0, 0.25] },
};

test("values are placed along linear and logarithmic axes", () => {
  const { left, top } = placing(LAYOUT, SIZE, { x: "x", y: "y" });
  assert.equal(left(5), 140);
  assert.equal(top(1), 120);
  assert.equal(top(10), 70);
  assert.ok(Number.isNaN(left(NaN)));
});

test("axes that share a plot have their parts of it, dates and turned ones too", () => {
  const axes = { x: "x2", y: "y2" };
  assert.deepEqual(frameOf(LAYOUT, SIZE, axes), { left: 140, top: 95, width: 100, height: 25 });
  const { left, top } = placing(LAYOUT, SIZE, axes);
  assert.equal(left(Date.UTC(2026, 0, 2)), 190);
  assert.equal(top(1), 120);
});

test("a region's ends may be turned, and be dates", () => {
  assert.ok(inside(2, [3, 1]));
  assert.ok(!inside(4, [3, 1]));
  assert.ok(inside(Date.UTC(2026, 0, 2), ["2026-01-01", "2026-01-02 00:00:00.5"]));
});
