import assert from "node:assert/strict";
import { test } from "node:test";
import { across, linearTicks, logTicks, upright } from "../src/ticks.ts";

test("ticks are round numbers", () => {
  assert.deepEqual(linearTicks(1.36, 1.9), [1.4, 1.6, 1.8]);
  assert.deepEqual(linearTicks(1, 20, 5), [5, 10, 15, 20]);
  assert.deepEqual(linearTicks(2, 2), [2]);
});

test("labels of a logarithmic axis never touch, whatever its range", () => {
  for (let low = -9; low < 9; low += 0.37) {
    for (let span = 0.004; span < 20; span *= 1.31) {
      for (const pixels of [60, 110, 164, 300, 560]) {
        for (const side of [upright(pixels), across(pixels)]) {
          const ticks = logTicks([low, low + span], side);
          const at = ticks.map(({ value }) => ((Math.log10(value) - low) / span) * pixels);
          const where = `${10 ** low} to ${10 ** (low + span)} on ${pixels} pixels`;
          assert.ok(ticks.length <= side.most && at.every((x) => x > -1 && x < pixels + 1), where);
          if (side.extent("123456") < 20) assert.ok(ticks.length >= 2, where);
          for (let i = 1; i < ticks.length; i++) {
            const room = (side.extent(ticks[i].text) + side.extent(ticks[i - 1].text)) / 2;
            assert.ok(at[i] - at[i - 1] >= room - 1e-6, where);
            assert.notEqual(ticks[i].text, ticks[i - 1].text, where);
          }
        }
      }
    }
  }
});

test("a logarithmic axis has equal steps within a decade, and powers of ten over many", () => {
  const texts = (low: number, high: number) =>
    logTicks([Math.log10(low), Math.log10(high)], upright(150)).map(({ text }) => text);
  assert.deepEqual(texts(1.3, 2.6), ["1.4", "1.6", "1.8", "2.0", "2.2", "2.4", "2.6"]);
  assert.deepEqual(texts(0.08, 0.95), ["0.1", "0.2", "0.3", "0.5", "0.7"]);
  assert.deepEqual(texts(1e-6, 1), ["1e-6", "1e-5", "1e-4", "0.001", "0.01", "0.1", "1"]);
});
