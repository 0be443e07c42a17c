import assert from "node:assert/strict";
import { test } from "node:test";
import { drawCurves } from "../src/plot/curves_drawing.ts";
import { isMessage, type Axis } from "../src/plot/drawing.ts";
import { chosenCurves, curvesOf, thinned } from "../src/plot/curves.ts";
import { edfOf } from "../src/plot/edf.ts";
import { shareAt } from "../src/plot/edf_drawing.ts";
import { historyOf } from "../src/plot/history.ts";
import { historyKey } from "../src/plot/history_words.ts";
import { pixelOf, placeAt } from "../src/plot/pixels.ts";
import { percentile, valueRange } from "../src/plot/shown.ts";
import { layoutOf } from "../src/plot/template.ts";
import { plain, type Theme } from "../src/plot/theme.ts";
import { timeShares } from "../src/plot/time_shares.ts";
import { drawTimeline } from "../src/plot/timeline_drawing.ts";
import { timelineOf } from "../src/plot/timeline.ts";
import { valueAxis } from "../src/plot/value_axis.ts";
import { CODE } from "../src/study.ts";
import { studyOf, type Trial } from "./studies.ts";

const THEME = { colors: new Proxy({}, { get: () => "#000000" }) } as unknown as Theme;

test("the key of the history names what is in it", () => {
  const labels = (...trials: Trial[]) => historyKey(historyOf(studyOf(trials))).map((e) => e.label);
  assert.deepEqual(labels({ number: 0, status: "failed" }), ["no value"]);
  assert.deepEqual(labels({ number: 0, value: 1 }), ["best so far", "completed"]);
});

test("the best so far steps where a feasible completed trial is better than all before", () => {
  const study = studyOf([
    { number: 0, value: 3, completed: 40 },
    { number: 1, value: 1, feasible: false, completed: 20 },
    { number: 2, value: 2, completed: 10 },
    { number: 3, value: 2, completed: 30 },
    { number: 4, status: "pruned", reports: [[0, 0.5]] },
  ]);
  const info = historyOf(study);
  assert.deepEqual(info.byNumber, { at: [0, 2], value: [3, 2], number: [0, 2] });
  assert.deepEqual(info.byTime, { at: [10], value: [2], number: [2] });
  assert.equal(info.status[1], CODE.infeasible);
  assert.deepEqual([...info.value], [3, 1, 2, 2, 0.5]);
});

test("rows that arrive out of order are drawn in the order of their numbers", () => {
  const study = studyOf([
    { number: 2, value: 1 },
    { number: 0, value: 3 },
    { number: 1, value: 2 },
  ]);
  assert.deepEqual(historyOf(study).byNumber.number, [0, 1, 2]);
});

test("trials that ended without a value are told from those that have none yet", () => {
  const study = studyOf([
    { number: 0, status: "failed", reports: [[0, 1]] },
    { number: 1, status: "running" },
    { number: 2, status: "queued" },
    { number: 3, status: "diverged" },
    { number: 4, status: "pruned" },
  ]);
  assert.deepEqual(historyOf(study).withoutValue, [0, 3, 4]);
});

test("the value axis ends at the 90th percentile of ten completed trials", () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000, 0.5];
  const statuses = values.map((_, i) => (i < 10 ? CODE.completed : CODE.pruned));
  assert.deepEqual(valueRange(values, statuses, true), [0.5, percentile(values.slice(0, 10), 0.9)]);
  assert.deepEqual(valueRange(values.slice(0, 9), statuses, true), [1, 9]);
  const losses = values.map((value) => -value);
  assert.deepEqual(valueRange(losses, statuses, false), [
    -percentile(values.slice(0, 10), 0.9),
    -0.5,
  ]);
  assert.equal(valueRange([NaN], statuses, true), null);
});

test("a log axis is for positive values alone", () => {
  const options = { log: true, minimizes: true, pixels: 200 };
  assert.equal(valueAxis([0.1, 10], options).axis.type, "log");
  assert.equal(valueAxis([0, 10], options).axis.type, "linear");
  const { beyond, low, high } = valueAxis([1, 2], { ...options, log: false });
  assert.ok(low < 1 && high > 2);
  assert.ok(beyond(2.0001) && !beyond(2) && !beyond(-5));
});

test("the label of the best value has room between its line and the axis' end", () => {
  const options = { log: false, pixels: 164, label: true };
  for (const floor of [false, true]) {
    const loss = valueAxis([1.3, 1.9], { ...options, minimizes: true, floor });
    assert.ok(loss.above(20) < 1.3);
    const score = valueAxis([0.3, 0.9], { ...options, minimizes: false, floor });
    assert.ok(score.below(20) > 0.9);
  }
});

test("curves come with the best first, the other completed ones by value, then the rest", () => {
  const study = studyOf([
    { number: 0, value: 2, reports: [[0, 2]] },
    { number: 1, status: "running", reports: [[0, 9]] },
    { number: 2, value: 1, reports: [[0, 1]] },
    { number: 3, value: 0.5 },
    { number: 4, value: 3, feasible: false, reports: [[0, 1]] },
  ]);
  const { curves, best } = curvesOf(study);
  assert.deepEqual(
    curves.map(({ number }) => number),
    [2, 0, 1, 4],
  );
  assert.equal(best, null, "the best trial reported nothing");
});

test("of many curves the best, the selected, the running and the newest are drawn", () => {
  const trials: Trial[] = Array.from({ length: 100 }, (_, number) => ({
    number,
    value: number + 1,
    reports: [[0, 1]],
  }));
  trials[40] = { number: 40, status: "running", reports: [[0, 1]] };
  const chosen = chosenCurves(curvesOf(studyOf(trials)), [7], 5).map(({ number }) => number);
  assert.deepEqual(
    chosen.sort((a, b) => a - b),
    [0, 7, 40, 98, 99],
  );
});

test("curves stand on another axis where their reports do, and are left out where none is known", () => {
  const study = studyOf([
    { number: 0, value: 1, reports: [[1, 3], [2, 2], [3, 1]] }, // prettier-ignore
    { number: 1, value: 2, reports: [[1, 3], [2, 2]] }, // prettier-ignore
  ]);
  const places = new Map([[0, new Map([[1, 100], [3, 300]])]]); // prettier-ignore
  const setting = { theme: THEME, size: { width: 400, height: 200 }, selected: [], now: 0 };
  const draw = (known: typeof places) =>
    drawCurves(
      curvesOf(study),
      study,
      { axis: "tokens", places: (number) => known.get(number) },
      setting,
    );
  const drawing = draw(places);
  assert.ok(!isMessage(drawing));
  assert.deepEqual(drawing.numbers, [0]);
  const line = drawing.traces.find(({ name }) => name === "best")!;
  assert.deepEqual([...(line.x as Float64Array)], [100, 300, NaN]);
  const none = draw(new Map());
  assert.ok(isMessage(none));
  assert.equal(none.title, "No tokens reported");
});

test("a curve that blows up ends at the edge of the axis, also where it is selected", () => {
  const study = studyOf([
    { number: 0, value: 1, reports: [[1, 2], [2, 1]] }, // prettier-ignore
    { number: 1, status: "diverged", reports: [[1, 2], [2, 1.5], [4, 900]] }, // prettier-ignore
  ]);
  for (const selected of [[], [1]]) {
    const setting = { theme: THEME, size: { width: 400, height: 200 }, selected, now: 0 };
    const drawing = drawCurves(curvesOf(study), study, { axis: "step" }, setting);
    assert.ok(!isMessage(drawing));
    const [place] = drawing.places(1);
    assert.ok(place.x > 2 && place.x < 2.5 && place.y > 1.9 && place.y < 2.1);
  }
});

test("a long curve keeps its ends and its extremes", () => {
  const points = Array.from({ length: 5000 }, (_, step) => ({ step, value: Math.sin(step / 50) }));
  points[1234].value = 9;
  points[4321].value = -9;
  const kept = thinned(points, 100);
  assert.ok(kept.length <= 100);
  assert.deepEqual([kept[0].step, kept.at(-1)!.step], [0, 4999]);
  assert.ok(kept.some(({ step }) => step === 1234) && kept.some(({ step }) => step === 4321));
  assert.ok(kept.every(({ step }, i) => i === 0 || step > kept[i - 1].step));
});

test("the distribution counts equal values together, and feasible completed trials alone", () => {
  const info = edfOf(
    studyOf([
      { number: 0, value: 2 },
      { number: 1, value: 1 },
      { number: 2, value: 2 },
      { number: 3, value: 0, feasible: false },
      { number: 4, status: "failed" },
      { number: 5, value: 4 },
    ]),
  );
  assert.deepEqual([...info.value], [1, 2, 4]);
  assert.deepEqual([...info.share], [0.25, 0.75, 1]);
  assert.deepEqual(
    [0.5, 1, 3, 9].map((x) => shareAt(info, x)),
    [0, 0.25, 0.75, 1],
  );
});

test("a worker whose trials overlap has several lanes, beside each other", () => {
  const info = timelineOf(
    studyOf([
      { number: 0, worker: 0, started: 0, completed: 10 },
      { number: 1, worker: 1, started: 1, completed: 5 },
      { number: 2, worker: 0, started: 5, completed: 12 },
      { number: 3, worker: 0, started: 10, completed: 11 },
      { number: 4, worker: 1, started: 6, status: "running" },
      { number: 5, status: "queued" },
    ]),
  );
  assert.deepEqual(info.lanes, ["a", "a", "b"]);
  assert.deepEqual([...info.number], [0, 1, 2, 4, 3]);
  assert.deepEqual([...info.lane], [0, 2, 1, 2, 0]);
  assert.ok(Number.isNaN(info.end[3]));
});

test("the key of the timeline names each state that a bar has", () => {
  const study = studyOf([
    { number: 0, worker: 0, started: 0, completed: 9, value: 1 },
    { number: 1, worker: 0, started: 9, completed: 20, value: 2, feasible: false },
    { number: 2, worker: 0, started: 20, completed: 30, status: "lost" },
  ]);
  const size = { width: 400, height: 200 };
  const setting = { theme: THEME, size, by: "worker", selected: [], now: 30, zoom: null } as const;
  const drawing = drawTimeline(timelineOf(study), study, setting);
  assert.ok(!isMessage(drawing));
  assert.deepEqual(
    drawing.key.map(({ label }) => label),
    ["best", "completed", "lost", "infeasible"],
  );
});

test("large numbers along axes have their power of ten, as in tables", () => {
  const study = studyOf([{ number: 0, worker: 0, started: 0, completed: 9, value: 1 }]);
  const size = { width: 400, height: 200 };
  const setting = { theme: THEME, size, by: "worker", selected: [], now: 30, zoom: null } as const;
  const drawing = drawTimeline(timelineOf(study), study, setting);
  assert.ok(!isMessage(drawing));
  const layout = layoutOf(drawing, THEME, size, "zoom") as Record<string, Axis>;
  assert.deepEqual([layout.xaxis.exponentformat, layout.yaxis.exponentformat], ["e", "e"]);
});

test("a bin of a lane says which share of its time trials of each kind took", () => {
  const kinds = ["completed", "pruned", "completed", "failed"] as const;
  const bars = {
    lane: [0, 0, 1, 1],
    kind: (bar: number) => kinds[bar],
    start: [0, 10, 5, 18],
    end: [10, 14, 15, 99],
  };
  const shares = timeShares(bars, { lanes: 2, first: 0, width: 10, count: 2 });
  assert.deepEqual([...shares.get("completed")!], [1, 0, 0.5, 0.5]);
  const pruned = [...shares.get("pruned")!];
  assert.deepEqual(
    pruned.map((share) => share.toFixed(6)),
    ["0.000000", "0.400000", "0.000000", "0.000000"],
  );
  assert.equal(shares.get("failed")![3].toFixed(6), "0.200000");
});

test("pixels and places are each other's inverse, on linear, log and zoomed date axes", () => {
  const size = { width: 500, height: 300 };
  const layout = {
    margin: { l: 40, r: 16, t: 24, b: 36 },
    xaxis: { type: "date", range: ["2026-11-26 10:00", "2026-11-26 12:00:00.5"] },
    yaxis: { type: "log", range: [-1, 2] },
  };
  const place = { x: Date.UTC(2026, 10, 26, 11), y: 3 };
  const there = placeAt(pixelOf(place, layout, size), layout, size);
  assert.ok(Math.abs(there.x - place.x) < 1);
  assert.ok(Math.abs(there.y - place.y) < 1e-9);
  assert.deepEqual(pixelOf({ x: Date.UTC(2026, 10, 26, 10), y: 100 }, layout, size), {
    x: 40,
    y: 24,
  });
});

test("mixed colours become what plotly.js reads", () => {
  assert.equal(plain("color(srgb 0.12 0.5 1)"), "rgb(31, 128, 255)");
  assert.equal(plain("rgb(1, 2, 3)"), "rgb(1, 2, 3)");
});
