/** The best trials, and how much of each parameter's scale some trials span. */
import { comparable } from "../plot/shown.ts";
import type { Study } from "../study.ts";
import { placeOn, scaleOf, type Scale } from "./scale.ts";

/** A parameter of which trials span this part of the scale, or less, is worth narrowing. */
const NARROW = 1 / 3;

/** Rows of the trials that may be the best, the best first, the earlier first among equals. */
export function rankedRows(study: Study): number[] {
  const rows: number[] = [];
  for (let row = 0; row < study.length; row++) if (comparable(study, row)) rows.push(row);
  const sign = study.minimizes ? 1 : -1;
  return rows.sort(
    (a, b) =>
      sign * (study.value.at(a) - study.value.at(b)) || study.number.at(a) - study.number.at(b),
  );
}

export interface Span {
  low: number;
  high: number;
  /** Indices of the choices that they have; empty where there are none. */
  choices: number[];
  /** Which part of the scale they span, 0 to 1. */
  share: number;
}

/** What rows span of a parameter; null where none of them drew it. */
export function spanOf(study: Study, scale: Scale, rows: readonly number[]): Span | null {
  const column = study.parameters.get(scale.name)!.values;
  const values = rows.map((row) => column.at(row)).filter((value) => !Number.isNaN(value));
  if (!values.length) return null;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const choices = scale.choices ? [...new Set(values)].sort((a, b) => a - b) : [];
  let share = placeOn(scale, high) - placeOn(scale, low);
  if (scale.choices) share = choices.length / scale.choices.length;
  else if (scale.low === scale.high) share = 1;
  return { low, high, choices, share };
}

/** Parameters, in their order, of which rows span a third or less, and less than all. */
export function narrowParameters(
  study: Study,
  names: readonly string[],
  rows: readonly number[],
): { narrow: string[]; narrower: string[] } {
  const below = (accepts: (share: number) => boolean) =>
    names.filter((name) => {
      const parameter = study.parameters.get(name);
      const span = parameter && spanOf(study, scaleOf(parameter), rows);
      return span !== null && span !== undefined && accepts(span.share);
    });
  return { narrow: below((share) => share <= NARROW), narrower: below((share) => share < 1) };
}

/** "The 10 best span a third or less of a, b and c." */
export function narrowSentence(
  who: string,
  count: number,
  { narrow, narrower }: ReturnType<typeof narrowParameters>,
): string {
  const spans = `The ${count} ${who} span`;
  if (narrow.length) return `${spans} a third or less of ${listed(narrow)}.`;
  if (!narrower.length) return `${spans} all of every parameter: there is nothing to narrow.`;
  return `${spans} more than a third of every parameter, and less than all of ${listed(narrower)}.`;
}

const MOST_NAMES = 5;

function listed(names: readonly string[]): string {
  if (names.length === 1) return names[0];
  if (names.length > MOST_NAMES) {
    const shown = names.slice(0, MOST_NAMES - 1);
    return `${shown.join(", ")} and ${names.length - shown.length} others`;
  }
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
