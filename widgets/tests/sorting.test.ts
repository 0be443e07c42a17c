import assert from "node:assert/strict";
import { test } from "node:test";
import { Growing } from "../src/growing.ts";
import type { Study } from "../src/study.ts";
import type { Column } from "../src/table/columns.ts";
import { comparatorOf } from "../src/table/sorting.ts";

/** Sort rows by their keys, as the grid does. */
function sorted(
  keys: (number | string)[],
  descending: boolean,
  { id = "x", statuses = keys.map(() => 0) } = {},
): number[] {
  const status = new Growing(new Int32Array(0), 0);
  status.grow(keys.length);
  statuses.forEach((code, row) => status.set(row, code));
  const study = { revision: 0, length: keys.length, status } as unknown as Study;
  const compare = comparatorOf({ id, key: (row: number) => keys[row] } as Column, study);
  const sign = descending ? -1 : 1;
  return keys
    .map((_, row) => row)
    .sort((a, b) => sign * compare(null, null, { data: a + 1 }, { data: b + 1 }, descending));
}

test("what is missing comes last in both directions", () => {
  assert.deepEqual(sorted([NaN, 2, 1, NaN], false), [2, 1, 0, 3]);
  assert.deepEqual(sorted([NaN, 2, 1, NaN], true), [1, 2, 0, 3]);
});

test("texts are sorted by their characters", () => {
  assert.deepEqual(sorted(["lab-07", "gpu-a2", "gpu-a1"], false), [2, 1, 0]);
});

test("by value, trials that completed come before the others in both directions", () => {
  const options = { id: "value", statuses: [1, 0, 0, 1] };
  assert.deepEqual(sorted([0.1, 3, 2, 9], false, options), [2, 1, 0, 3]);
  assert.deepEqual(sorted([0.1, 3, 2, 9], true, options), [1, 2, 3, 0]);
});
