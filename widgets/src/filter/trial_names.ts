/** What expressions over trials may name, and the values of one trial. */
import { CODE, type Parameter, type Status, type Study } from "../study.ts";
import type { Value } from "./values.ts";

/** The values of a trial beside its parameters, by name. */
const OWN: Record<string, (study: Study, row: number) => Value> = {
  number: (study, row) => BigInt(study.number.at(row)),
  value: (study, row) => study.shown(row),
  state: (study, row) => shownStatus(study, row),
  best: (study, row) => study.best === row,
  worker: (study, row) => study.workers[study.worker.at(row)] ?? null,
  duration: (study, row) => secondsOf(study, row, Date.now() / 1000),
  step: (study, row) => (study.lastStep.at(row) < 0 ? null : BigInt(study.lastStep.at(row))),
  retry_of: (study, row) => (study.retryOf.at(row) < 0 ? null : BigInt(study.retryOf.at(row))),
};

/** What a trial is shown as: a completed one that violates a constraint is infeasible. */
export function shownStatus(study: Study, row: number): Status {
  const status = study.statusAt(row);
  return status === "completed" && !study.feasible.at(row) ? "infeasible" : status;
}

/** Seconds that a trial ran, or runs until `now`; NaN where it did not start. */
export function secondsOf(study: Study, row: number, now: number): number {
  const end = study.status.at(row) === CODE.running ? now : study.completed.at(row);
  return Math.max(0, end - study.started.at(row));
}

/** A parameter's value: whole numbers as bigints, choices as they are; null where not drawn. */
export function parameterValue(parameter: Parameter, row: number): Value {
  const value = parameter.values.at(row);
  if (Number.isNaN(value)) return null;
  if (parameter.kind === "categorical") return choiceValue(parameter.choices![value]);
  return parameter.kind === "int" ? BigInt(Math.round(value)) : value;
}

function choiceValue(choice: string | number | boolean | null | undefined): Value {
  return typeof choice === "number" && Number.isSafeInteger(choice)
    ? BigInt(choice)
    : (choice ?? null);
}

/** Parameters come first: one that is called `step` is meant by `step`. */
export function namesOf(study: Study): Set<string> {
  return new Set([...study.parameters.keys(), ...Object.keys(OWN)]);
}

const STATES = new Set(Object.keys(CODE));

/** The names whose values are some words, with these. */
export function wordsOf(study: Study): Map<string, ReadonlySet<string>> {
  const words = new Map<string, ReadonlySet<string>>([["state", STATES]]);
  for (const { name, choices } of study.parameters.values()) {
    const texts = choices?.filter((choice) => typeof choice === "string") ?? [];
    if (texts.length && texts.length === choices!.length) words.set(name, new Set(texts));
    else words.delete(name);
  }
  return words;
}

/** Return what looks up a name in one trial. */
export function lookUp(study: Study, row: number): (name: string) => Value | undefined {
  return (name) => {
    const parameter = study.parameters.get(name);
    return parameter ? parameterValue(parameter, row) : OWN[name]?.(study, row);
  };
}
