import assert from "node:assert/strict";
import { test } from "node:test";
import { Growing } from "../src/growing.ts";
import type { Study } from "../src/study.ts";
import { TrialOrder } from "../src/table/sorting.ts";

type Key = number | string;

function studyOf(statuses: number[]): Study {
  const status = new Growing(new Int32Array(0), 0);
  const study = { status, length: 0 };
  take(study as unknown as Study, statuses);
  return study as unknown as Study;
}

function take(study: Study, statuses: number[]): void {
  study.status.grow(statuses.length);
  statuses.forEach((code, row) => study.status.set(row, code));
  (study as { length: number }).length = statuses.length;
}

const column = (keys: Key[], id = "x") => ({ id, key: (row: number) => keys[row] });

function inOrder(order: TrialOrder, rows: number[]): number[] {
  const arranged = [...rows].sort((a, b) => a - b);
  order.arrange(arranged, (row) => row);
  return arranged;
}

/** Sort rows by their keys. */
function sorted(
  keys: Key[],
  descending: boolean,
  { id = "x", statuses = keys.map(() => 0) } = {},
): number[] {
  const order = new TrialOrder(studyOf(statuses));
  order.sort([{ column: column(keys, id), descending }]);
  return inOrder(order, [...keys.keys()]);
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

test("a second column decides among equals, then the earlier row", () => {
  const order = new TrialOrder(studyOf([0, 0, 0, 0]));
  order.sort([
    { column: column(["b", "a", "a", "a"]), descending: false },
    { column: column([0, 1, 2, 1]), descending: true },
  ]);
  assert.deepEqual(inOrder(order, [0, 1, 2, 3]), [2, 1, 3, 0]);
});

test("only what passed a filter is arranged", () => {
  const order = new TrialOrder(studyOf([0, 0, 0]));
  order.sort([{ column: column([3, 2, 1]), descending: false }]);
  assert.deepEqual(inOrder(order, [0, 2]), [2, 0]);
});

test("rows that arrive or change are put where a sort would put them", () => {
  const draw = (i: number) => (i % 7 === 3 ? NaN : (i * 7919) % 100);
  const keys: Key[] = Array.from({ length: 60 }, (_, i) => draw(i));
  const study = studyOf(keys.map(() => 0));
  const [order, anew] = [new TrialOrder(study), new TrialOrder(study)];
  const by = [{ column: column(keys), descending: true }];
  order.sort(by);
  for (let round = 0; round < 20; round++) {
    const changed = [round, 59 - round, keys.length];
    for (const row of changed) keys[row] = draw(row + 31 * round);
    if (round === 12) keys[changed[0]] = "text";
    take(
      study,
      keys.map(() => 0),
    );
    order.update(changed);
    anew.sort(by);
    const rows = [...keys.keys()];
    if (round < 12) assert.deepEqual(inOrder(order, rows), inOrder(anew, rows));
    else assert.equal(new Set(inOrder(order, rows)).size, keys.length);
  }
});
