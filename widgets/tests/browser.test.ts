import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen, segmentCounts, type Choice } from "../src/browser/choosing.ts";
import { bestSoFar, sentence } from "../src/browser/comparing.ts";
import type { StudyRow } from "../src/browser/source.ts";

function study(name: string, more: Partial<StudyRow> = {}): StudyRow {
  return {
    storage: "a",
    name,
    directions: ["minimize"],
    metric: null,
    status: "finished",
    paused: null,
    archived: false,
    counts: {},
    finished: 0,
    goal: null,
    history: [],
    front: null,
    reason: null,
    workers: 0,
    activity: null,
    ...more,
  };
}

const ALL: Choice = { text: "", segment: "all", sort: "value", descending: false };
const names = (studies: StudyRow[]) => studies.map(({ name }) => name);

test("studies are sorted, those without a value last either way", () => {
  const studies = [
    study("none"),
    study("two", { history: [[0, 2]] }),
    study("one", { history: [[3, 1]] }),
  ];
  assert.deepEqual(names(chosen(studies, ALL)), ["one", "two", "none"]);
  assert.deepEqual(names(chosen(studies, { ...ALL, descending: true })), ["two", "one", "none"]);
});

test("archived studies are in a segment of their own", () => {
  const studies = [study("old", { archived: true }), study("new", { status: "running" })];
  assert.deepEqual(names(chosen(studies, ALL)), ["new"]);
  assert.deepEqual(names(chosen(studies, { ...ALL, segment: "archived" })), ["old"]);
  assert.deepEqual(segmentCounts(studies), { all: 1, running: 1, finished: 0, archived: 1 });
  assert.deepEqual(names(chosen(studies, { ...ALL, text: "NE" })), ["new"]);
});

test("a comparison says the best, and the best after equally many trials", () => {
  const compared = [
    { name: "a", values: [3, 2, 1.5], hours: [] },
    { name: "b", values: [2.5, 2.6], hours: [] },
  ];
  assert.deepEqual(bestSoFar([3, 4, 2], true), [3, 3, 2]);
  assert.deepEqual(bestSoFar([3, 4, 2], false), [3, 4, 4]);
  assert.equal(
    sentence(compared, true),
    "Best: a 1.5000 against b 2.5000. After 2 completed trials each: a 2.0000 against b 2.5000.",
  );
  assert.equal(
    sentence([...compared, { name: "c", values: [], hours: [] }], true),
    "No completed trial in c yet.",
  );
});
