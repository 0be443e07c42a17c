/** The scale of a parameter: its ends, whether it is logarithmic, its choices. */
import * as format from "../format.ts";
import type { Axis } from "../plot/drawing.ts";
import { tickAxis } from "../plot/log_axes.ts";
import { escaped } from "../plot/template.ts";
import { shownChoice } from "../space.ts";
import type { Parameter, Study } from "../study.ts";
import { exponentText, linearTicks, logTicks, type Side, type Tick } from "../ticks.ts";

/** Room at the ends of an axis, as a share of it. */
const ROOM = 0.05;
/** How far marks of a choice spread, in both directions. */
const SPREAD = 0.18;
const LONGEST_CHOICE = 12;

export interface Scale {
  name: string;
  kind: Parameter["kind"];
  log: boolean;
  /** Lowest and highest value that can be drawn, or that was; indices of choices. */
  low: number;
  high: number;
  step: number | null;
  /** Words of the choices. */
  choices: string[] | null;
}

export function scaleOf(parameter: Parameter): Scale {
  const { name, kind } = parameter;
  if (kind === "categorical") {
    const choices = choiceWords(parameter.choices ?? []);
    return { name, kind, log: false, low: 0, high: choices.length - 1, step: 1, choices };
  }
  let [low, high] = [parameter.low ?? Infinity, parameter.high ?? -Infinity];
  for (const value of parameter.values.values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const log = (parameter.log ?? false) && low > 0;
  return { name, kind, log, low, high, step: parameter.step ?? null, choices: null };
}

/** The scales of parameters that are there, by name. */
export function scalesOf(study: Study, names: readonly string[]): Scale[] {
  return names.flatMap((name) => {
    const parameter = study.parameters.get(name);
    return parameter ? [scaleOf(parameter)] : [];
  });
}

/** Choices as Python shows them, cut when long; texts are quoted where two would look the same. */
export function choiceWords(choices: readonly (string | number | boolean | null)[]): string[] {
  const plain = choices.map(shownChoice);
  const ambiguous = new Set(plain).size < plain.length;
  return plain.map((word, i) => {
    const whole = ambiguous && typeof choices[i] === "string" ? `'${word}'` : word;
    return whole.length <= LONGEST_CHOICE ? whole : `${whole.slice(0, LONGEST_CHOICE - 1)}…`;
  });
}

/** Where a value lies between the ends, 0 to 1; all in the middle where they are equal. */
export function placeOn(scale: Scale, value: number): number {
  const { low, high, log } = scale;
  if (low === high) return Number.isNaN(value) ? NaN : 0.5;
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** The coordinate of a trial's value on an axis; marks of a choice lie beside each other. */
export function coordinate(scale: Scale, value: number, number: number): number {
  return scale.choices === null ? value : value + SPREAD * spread(number);
}

/** A number between -1 and 1 that is the same for a trial every time. */
function spread(number: number): number {
  return ((number * 0.6180339887498949) % 1) * 2 - 1;
}

/** The ends of an axis as plotly.js has them: exponents where it is logarithmic. */
export function rangeOf(scale: Scale): [number, number] {
  if (scale.choices) return [-0.5, scale.choices.length - 0.5];
  const [low, high] = scale.log
    ? [Math.log10(scale.low), Math.log10(scale.high)]
    : [scale.low, scale.high];
  const room = ROOM * (high - low) || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

/** A value's text: `1.33e-3` on a logarithmic scale. */
export function valueText(scale: Scale, value: number): string {
  if (scale.choices) return scale.choices[value] ?? "–";
  if (scale.kind === "int") return format.integer(value);
  return format.number(value, { log: scale.log });
}

/** How plotly.js lays the axis out along a side, with few ticks that bear reading. */
export function axisOf(scale: Scale, side: Side): Axis {
  const ticks = ticksOf(scale, side);
  return {
    type: scale.log ? "log" : "linear",
    range: rangeOf(scale),
    ...tickAxis(ticks.map(({ value, text }) => ({ value, text: escaped(text) }))),
  };
}

/** Round numbers between the ends, or all choices. */
export function ticksOf(scale: Scale, side: Side): Tick[] {
  const { low, high, log, choices, kind } = scale;
  if (choices) return choices.map((text, value) => ({ value, text }));
  if (log && low !== high) {
    const inner = { ...side, pixels: side.pixels / (1 + 2 * ROOM) };
    const ends = [Math.log10(low), Math.log10(high)] as const;
    const text = (value: number) => tickText(scale, value);
    return logTicks(ends, inner, { text, whole: kind === "int" });
  }
  return steps(scale, side.count).map((value) => ({ value, text: tickText(scale, value) }));
}

/** A tick's text: shorter than a value's. */
function tickText(scale: Scale, value: number): string {
  if (scale.kind === "int") return valueText(scale, value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e4 || size < (scale.log ? 1 : 1e-2)) return exponentText(value);
  return format.grouped(String(Number(value.toPrecision(6))));
}

function steps({ low, high, kind, step }: Scale, count: number): number[] {
  if (low === high) return [low];
  if (kind !== "int") return linearTicks(low, high, count);
  const least = step ?? 1;
  const every = Math.max(1, Math.ceil(Math.round((high - low) / least) / count)) * least;
  return Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => low + i * every);
}
