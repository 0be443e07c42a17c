/** The scale of a parameter: its ends, whether it is logarithmic, its choices. */
import * as format from "../format.ts";
import type { Axis } from "../plot/drawing.ts";
import type { Parameter, Study } from "../study.ts";

/** Room at the ends of an axis, as a share of it. */
const ROOM = 0.05;
/** How far marks of a choice spread, in both directions. */
const SPREAD = 0.18;
const LONGEST_CHOICE = 12;
const TICKS = 4;

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
  const plain = choices.map((choice) => {
    if (choice === null) return "None";
    if (typeof choice === "boolean") return choice ? "True" : "False";
    return String(choice);
  });
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

/** How plotly.js lays the axis out, with few ticks that bear reading. */
export function axisOf(scale: Scale, ticks = TICKS): Axis {
  const at = scale.choices ? scale.choices.map((_, i) => i) : tickValues(scale, ticks);
  return {
    type: scale.log ? "log" : "linear",
    range: rangeOf(scale),
    tickmode: "array",
    tickvals: at,
    ticktext: at.map((value) => escapedTick(tickText(scale, value))),
  };
}

function escapedTick(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** A tick's text: shorter than a value's. */
export function tickText(scale: Scale, value: number): string {
  if (scale.choices || scale.kind === "int") return valueText(scale, value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e4 || size < (scale.log ? 1 : 1e-2)) return value.toExponential().replace("e+", "e");
  return format.grouped(String(Number(value.toPrecision(6))));
}

/** Round numbers between the ends. */
export function tickValues(scale: Scale, count: number): number[] {
  const { low, high, log, kind } = scale;
  if (low === high) return [low];
  if (log) return logTicks(low, high, count);
  if (kind === "int") {
    const step = scale.step ?? 1;
    const every = Math.max(1, Math.ceil(Math.round((high - low) / step) / count)) * step;
    return range(low, high, every);
  }
  const every = roundStep((high - low) / count);
  const first = Math.ceil(low / every - 1e-9) * every;
  return range(first, high, every).map((value) => Number(value.toPrecision(12)));
}

function range(low: number, high: number, every: number): number[] {
  const count = Math.floor((high - low) / every + 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => low + i * every);
}

function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const size = step / power;
  return power * (size <= 1 ? 1 : size <= 2 ? 2 : size <= 5 ? 5 : 10);
}

function logTicks(low: number, high: number, count: number): number[] {
  const decades: number[] = [];
  for (let e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.log10(high) + 1e-9; e++)
    decades.push(Number(`1e${e}`));
  if (decades.length >= 2) {
    const every = Math.ceil((decades.length - 1) / count);
    return decades.filter((_, i) => i % every === 0);
  }
  const between: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++)
    for (const digit of [1, 2, 3, 5]) between.push(Number(`${digit}e${e}`));
  const inside = between.filter((value) => value >= low && value <= high);
  return inside.length ? inside.slice(0, count + 1) : [low, high];
}
