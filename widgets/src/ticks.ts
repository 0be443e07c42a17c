/** Round numbers along an axis, so few that their labels stand apart. */
import { grouped } from "./format.ts";

/** About how wide a character of a label is, and how high a label, in pixels. */
const CHARACTER = 7;
const LINE = 14;
/** Pixels between labels beside each other. */
const GAP = 8;
/** Pixels that a label of equal steps takes along the x axis, some room included. */
const WIDE = 56;
/** Digits that have ticks between two powers of ten. */
const DIGITS = [
  [1, 3],
  [1, 2, 5],
  [1, 2, 3, 5, 7],
  [1, 2, 3, 4, 5, 6, 7, 8, 9],
];

/** What is so near an end, as a share of a step, lies on it. */
const NEAR = 1e-9;
/** Longer labels are for axes that have no other. */
const LONGEST = 6;

/** A side of a plot along which labels stand. */
export interface Side {
  pixels: number;
  /** How many labels it has at most, and about how many where they are of equal steps. */
  most: number;
  count: number;
  /** Pixels along the side that a label takes. */
  extent(text: string): number;
}

export interface Tick {
  value: number;
  text: string;
}

/** The text of a tick; `decimals` tell it from the ticks beside it. */
export type TickText = (value: number, decimals: number) => string;

export function across(pixels: number, most = 9): Side {
  const count = Math.min(most - 1, Math.max(2, Math.floor(pixels / WIDE)));
  return { pixels, most, count, extent: (text) => text.length * CHARACTER + GAP };
}

export function upright(pixels: number, most = 7): Side {
  return { pixels, most, count: most - 1, extent: () => LINE };
}

/** About `count` round numbers from low to high. */
export function linearTicks(low: number, high: number, count = 5): number[] {
  return high > low ? multiples(low, high, roundStep((high - low) / count)) : [low];
}

/**
 * Ticks of a logarithmic axis whose ends are exponents of ten: as many as fit, of equal steps
 * where there are as many of these; `whole` numbers alone where asked.
 */
export function logTicks(
  [low, high]: readonly [number, number],
  side: Side,
  { text = plainText, whole = false }: { text?: TickText; whole?: boolean } = {},
): Tick[] {
  const pixels = side.pixels / (high - low);
  let most: Tick[] = [];
  for (const ticks of candidates(low, high, text)) {
    if (whole && !ticks.every(({ value }) => Number.isInteger(value))) continue;
    if (ticks.length > side.most || ticks.length <= most.length) continue;
    if (most.length > 1 && ticks.some(({ text }) => text.length > LONGEST)) continue;
    const fit = ticks.every(({ value, text }, i) => {
      if (i === 0) return true;
      const before = ticks[i - 1];
      const room = (side.extent(text) + side.extent(before.text)) / 2;
      return Math.log10(value / before.value) * pixels >= room;
    });
    if (fit) most = ticks;
  }
  return most;
}

function plainText(value: number, decimals: number): string {
  return value >= 1e5 || value < 1e-3
    ? exponentText(Number(value.toPrecision(12)))
    : grouped(value.toFixed(decimals));
}

/** `1e-5`, `2e6`. */
export function exponentText(value: number): string {
  return value.toExponential().replace("e+", "e");
}

/** Ticks of equal steps, from wide ones to narrow ones; then those between powers of ten. */
function* candidates(low: number, high: number, text: TickText): Generator<Tick[]> {
  const [first, last] = [10 ** low, 10 ** high];
  const power = Math.floor(Math.log10(last - first));
  for (const exponent of [power, power - 1]) {
    for (const digit of [5, 4, 2, 1]) {
      const values = multiples(first, last, digit * 10 ** exponent).filter((value) => value > 0);
      yield values.map((value) => ({ value, text: text(value, Math.max(0, -exponent)) }));
    }
  }
  const decades = Math.floor(high + NEAR) - Math.ceil(low - NEAR) + 1;
  for (let every = decades - 1; every > 0; every--) yield between(low, high, every, [1], text);
  for (const digits of DIGITS) yield between(low, high, 1, digits, text);
}

function between(
  low: number,
  high: number,
  every: number,
  digits: readonly number[],
  text: TickText,
): Tick[] {
  const ticks: Tick[] = [];
  const from = every === 1 ? Math.floor(low) : Math.ceil(low - NEAR);
  for (let exponent = from; exponent <= high + NEAR; exponent += every) {
    for (const digit of digits) {
      const value = Number(`${digit}e${exponent}`);
      const at = Math.log10(value);
      if (at >= low - NEAR && at <= high + NEAR)
        ticks.push({ value, text: text(value, Math.max(0, -exponent)) });
    }
  }
  return ticks;
}

function multiples(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - NEAR);
  const last = Math.floor(high / step + NEAR);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** The next round number: 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= least)!;
}
