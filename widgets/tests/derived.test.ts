import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pace } from "../src/derived.ts";
import type { Status } from "../src/study.ts";
import { studyOf } from "./studies.ts";

interface PaceCase {
  name: string;
  /** State, start and seconds. */
  trials: [Status, number, number | null][];
  now: number;
  goal: number | null;
  per_hour: number | null;
  left: number | null;
}

const START = 1e9;
const file = new URL("../../tests/hpo/plotdata/pace_cases.json", import.meta.url);

for (const { name, trials, now, goal, per_hour, left } of JSON.parse(
  readFileSync(file, "utf8"),
) as PaceCase[]) {
  test(`pace as in Python: ${name}`, () => {
    const study = studyOf(
      trials.map(([status, start, seconds], number) => ({
        number,
        status,
        started: START + start,
        completed: seconds === null ? NaN : START + start + seconds,
      })),
      { goal },
    );
    const shown = pace(study, START + now);
    const close = (found: number, expected: number | null) =>
      assert.ok(
        expected === null ? Number.isNaN(found) : Math.abs(found - expected) < 1e-6,
        `${found}, not ${expected}`,
      );
    close(shown.perHour, per_hour);
    close(shown.left, left);
  });
}
