import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formerBest, pace, savedByPruning, studyStatus, twoBest } from "../src/derived.ts";
import { gaveUpWords } from "../src/gave_up.ts";
import type { Status } from "../src/study.ts";
import type { StudyState } from "../src/wire.ts";
import { studyOf } from "./studies.ts";

interface TimedCase {
  name: string;
  /** State, start and seconds. */
  trials: [Status, number | null, number | null][];
}
interface PaceCase extends TimedCase {
  now: number;
  goal: number | null;
  per_hour: number | null;
  left: number | null;
  busy: number | null;
}
interface SavedCase extends TimedCase {
  seconds: number | null;
  share: number | null;
  pruned: number;
}
interface BestCase {
  name: string;
  direction: StudyState["direction"];
  /** State, value and end. */
  trials: [Status | "violated", number | null, number | null][];
  number: number | null;
  second: number | null;
  former: number | null;
}

const START = 1e9;

/** What Python has of the same trials. */
const cases = <Case>(name: string): Case[] => {
  const file = new URL(`../../tests/hpo/plotdata/${name}_cases.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Case[];
};

const timed = ({ trials }: TimedCase) =>
  trials.map(([status, start, seconds], number) => ({
    number,
    status,
    started: start === null ? NaN : START + start,
    completed: start === null || seconds === null ? NaN : START + start + seconds,
  }));

const close = (found: number, expected: number | null) =>
  assert.ok(
    expected === null ? Number.isNaN(found) : Math.abs(found - expected) < 1e-6,
    `${found}, not ${expected}`,
  );

for (const each of cases<PaceCase>("pace")) {
  test(`pace as in Python: ${each.name}`, () => {
    const shown = pace(studyOf(timed(each), { goal: each.goal }), START + each.now);
    close(shown.perHour, each.per_hour);
    close(shown.left, each.left);
    close(shown.busy, each.busy);
  });
}

for (const each of cases<SavedCase>("saved")) {
  test(`what pruning saved as in Python: ${each.name}`, () => {
    const saved = savedByPruning(studyOf(timed(each)));
    close(saved.seconds, each.seconds);
    close(saved.share, each.share);
    assert.equal(saved.pruned, each.pruned);
  });
}

for (const { name, direction, trials, number, second, former } of cases<BestCase>("best")) {
  test(`the best trial as in Python: ${name}`, () => {
    const study = studyOf(
      trials.map(([status, value, end], number) => ({
        number,
        status: status === "violated" ? "completed" : status,
        feasible: status !== "violated",
        value: value ?? NaN,
        completed: end === null ? NaN : START + end,
      })),
      { direction },
    );
    const row = study.best;
    assert.equal(row === null ? null : study.number.at(row), number);
    close(twoBest(study)[0], row === null ? null : study.value.at(row));
    close(twoBest(study)[1], second);
    close(formerBest(study), former);
  });
}

test("a study says plainly why nothing runs", () => {
  const now = START + 3600;
  const one = [{ number: 0, value: 1, started: START, completed: START + 1 }];
  const at = new Date((START + 60) * 1000).toISOString();
  const status = (state: Partial<StudyState>) => studyStatus(studyOf(one, state), now);
  assert.equal(status({ goal: null }), "idle");
  assert.equal(status({ goal: 1 }), "finished");
  assert.equal(status({ goal: 2 }), "unfinished");
  assert.equal(status({ goal: 2, stop: { by: "ana@lab", at, now: false, id: "1" } }), "stopped");
  assert.equal(status({ goal: 2, gave_up: { why: "after 5 failures in a row", at } }), "stopped");
});

test("a run that gave up says why, as far as it is known", () => {
  const trials = [0, 1].map((number) => ({ number, status: "failed" as const, started: START }));
  const at = new Date((START + 60) * 1000).toISOString();
  const words = (why: string) => gaveUpWords(studyOf(trials, { gave_up: { why, at } }));
  assert.deepEqual(words("after 5 failures in a row: all OSError"), {
    what: "Stopped after 5 failures in a row.",
    more: "All of them: OSError. No value yet.",
  });
  assert.deepEqual(words("after 50 infeasible trials in a row"), {
    what: "Stopped after 50 infeasible trials in a row.",
    more: "No value yet.",
  });
  assert.equal(gaveUpWords(studyOf(trials)), null);
});
