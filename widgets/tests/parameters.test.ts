import assert from "node:assert/strict";
import { test } from "node:test";
import { narrowParameters, narrowSentence, rankedRows, spanOf } from "../src/parameters/best.ts";
import { cellsOf, rankShares } from "../src/parameters/grid.ts";
import {
  axisOf,
  choiceWords,
  placeOn,
  rangeOf,
  scaleOf,
  ticksOf,
  type Scale,
} from "../src/parameters/scale.ts";
import { drawSlices } from "../src/parameters/slices.ts";
import { sampled, thinned } from "../src/parameters/thin.ts";
import { isMessage } from "../src/plot/drawing.ts";
import type { Theme } from "../src/plot/theme.ts";
import { CODE, Study } from "../src/study.ts";
import { across, upright, type Side } from "../src/ticks.ts";
import type { ParameterDescription } from "../src/wire.ts";

const PARAMETERS: ParameterDescription[] = [
  { name: "rate", kind: "float", low: 1e-5, high: 1e-1, log: true, step: null },
  { name: "depth", kind: "int", low: 1, high: 9, log: false, step: 2 },
  { name: "kind", kind: "categorical", choices: ["1", 1, null, true] },
];

/** A study of completed trials: value, and the parameters' values. */
function study(...trials: [number, number, number, number][]): Study {
  const made = new Study();
  const rows = trials.length;
  const column = (fill: number) => new Float64Array(rows).fill(fill);
  made.apply({
    base: -1,
    revision: 0,
    study: null,
    workers: [0, []],
    parameters: PARAMETERS,
    columns: new Map<string, Float64Array>([
      ["trials.number", Float64Array.from(trials, (_, i) => i)],
      ["trials.status", column(CODE.completed)],
      ["trials.value", Float64Array.from(trials, (trial) => trial[0])],
      ["trials.last_step", column(-1)],
      ["trials.last_report", column(NaN)],
      ["trials.started", column(0)],
      ["trials.completed", column(1)],
      ["trials.feasible", column(1)],
      ["trials.retry_of", column(-1)],
      ["trials.worker", column(-1)],
      ...PARAMETERS.map(({ name }, i): [string, Float64Array] => [
        `parameters.${name}`,
        Float64Array.from(trials, (trial) => trial[i + 1]),
      ]),
      ["reports.number", new Float64Array(0)],
      ["reports.step", new Float64Array(0)],
      ["reports.value", new Float64Array(0)],
    ]),
  });
  return made;
}

const scale = (name: string, of = study([1, 1e-3, 3, 0])): Scale =>
  scaleOf(of.parameters.get(name)!);

test("choices that look alike are told apart", () => {
  assert.deepEqual(choiceWords(["1", 1, null, true]), ["'1'", "1", "None", "True"]);
  assert.deepEqual(choiceWords(["adamw", null]), ["adamw", "None"]);
  assert.deepEqual(choiceWords(["a very long choice"]), ["a very long…"]);
});

test("logarithmic scales have decades and equal distances", () => {
  const rate = scale("rate");
  assert.equal(placeOn(rate, 1e-3), 0.5);
  assert.deepEqual(ticksOf(rate, upright(150, 5)), [
    { value: 1e-5, text: "1e-5" },
    { value: 1e-4, text: "1e-4" },
    { value: 1e-3, text: "1e-3" },
    { value: 1e-2, text: "1e-2" },
    { value: 1e-1, text: "1e-1" },
  ]);
  assert.equal(axisOf(rate, upright(150)).type, "log");
  const [low, high] = rangeOf(rate);
  assert.ok(low < -5 && high > -1);
});

test("integers have ticks at values that can be drawn", () => {
  const values = (side: Side) => ticksOf(scale("depth"), side).map(({ value }) => value);
  assert.deepEqual(values(upright(150, 5)), [1, 3, 5, 7, 9]);
  assert.deepEqual(values(across(140)), [1, 5, 9]);
});

test("a trial that was queued loses what it was to get, until it draws it", () => {
  const trials = study([NaN, 1e-3, 3, 0]);
  const columns = new Map<string, Float64Array>(
    ["number", "status", "value", "last_step", "last_report", "started", "completed", "feasible"]
      .concat(["retry_of", "worker"])
      .map((name) => [`trials.${name}`, Float64Array.of(name === "status" ? CODE.running : 0)]),
  );
  for (const name of ["number", "step", "value"])
    columns.set(`reports.${name}`, new Float64Array(0));
  columns.set("parameters.depth", Float64Array.of(5));
  const parameters = [{ name: "depth" }];
  trials.apply({ base: 0, revision: 1, study: null, workers: [0, []], parameters, columns });
  assert.equal(trials.parameters.get("depth")!.values.at(0), 5);
  assert.ok(Number.isNaN(trials.parameters.get("rate")!.values.at(0)));
});

test("values outside the range that newer trials draw from widen the scale", () => {
  const wide = scale("rate", study([1, 1e-7, 3, 0]));
  assert.equal(wide.low, 1e-7);
});

test("what the best span is narrow from a third of the scale on", () => {
  const some = study([3, 1e-5, 1, 0], [1, 1e-3, 3, 1], [2, 1e-2, 3, 1], [2, 1e-2, NaN, 1]);
  const ranked = rankedRows(some);
  assert.deepEqual(ranked, [1, 2, 3, 0]);
  const best = ranked.slice(0, 3);
  const names = ["rate", "depth", "kind"];
  assert.deepEqual(narrowParameters(some, names, best).narrow, names);
  assert.deepEqual(narrowParameters(some, names, ranked).narrow, ["depth"]);
  assert.deepEqual(narrowParameters(some, names, ranked).narrower, ["rate", "depth", "kind"]);
  const ends = study([3, 1e-5, 1, 0], [1, 1e-1, 9, 1]);
  assert.deepEqual(narrowParameters(ends, names, [0, 1]), { narrow: [], narrower: ["kind"] });
  assert.equal(spanOf(some, scaleOf(some.parameters.get("depth")!), [3]), null);
});

test("the sentence names what is narrow", () => {
  const said = (narrow: string[], narrower: string[]) =>
    narrowSentence("best", 10, { narrow, narrower });
  assert.equal(
    said(["a", "b", "c"], ["a", "b", "c", "d"]),
    "The 10 best span a third or less of a, b and c.",
  );
  assert.equal(
    said([], ["d"]),
    "The 10 best span more than a third of every parameter, and less than all of d.",
  );
  assert.equal(
    said(["a", "b", "c", "d", "e", "f"], []),
    "The 10 best span a third or less of a, b, c, d and 2 others.",
  );
  assert.equal(
    said([], []),
    "The 10 best span all of every parameter: there is nothing to narrow.",
  );
});

test("few values are cells of their own, many fall into cells", () => {
  const depth = cellsOf(scale("depth"), [1, 9, 1]);
  assert.deepEqual(depth, { centres: [1, 9], cell: [0, 1, 0] });
  const values = Array.from({ length: 100 }, (_, i) => 1e-5 * 10 ** (i / 25));
  const rate = cellsOf(scale("rate"), values);
  assert.equal(rate.centres.length, 24);
  assert.equal(rate.cell[0], 0);
  assert.equal(rate.cell[99], 23);
});

test("equal values share the mean of their ranks", () => {
  const some = study([1, 1e-3, 1, 0], [2, 1e-3, 1, 0], [2, 1e-3, 1, 0], [5, 1e-3, 1, 0]);
  assert.deepEqual([...rankShares(some, rankedRows(some)).values()], [0, 0.5, 0.5, 1]);
});

test("of marks over each other one is drawn, and all of few", () => {
  const rows = Array.from({ length: 2000 }, (_, i) => i);
  const seen = thinned(
    rows,
    (row) => row % 10,
    () => 0,
  );
  assert.deepEqual(seen, [1992, 1995, 1998, 1999]);
  assert.equal(
    thinned(
      [1, 2],
      () => 0,
      () => 0,
    ).length,
    2,
  );
  assert.deepEqual(sampled([0, 1, 2, 3, 4], 3), [0, 2, 4]);
});

test("trials without a value leave words in place of empty plots", () => {
  const drawn = drawSlices(study([NaN, 1e-3, 1, 0]), ["rate"], {} as Theme, {
    width: 600,
    height: 152,
  });
  assert.ok(isMessage(drawn));
  assert.equal(drawn.title, "No values yet");
});
