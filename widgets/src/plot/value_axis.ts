/** The axis of a study's values: linear or logarithmic, and what lies beyond its worse end. */
import type { Axis } from "./drawing.ts";

/** Share of the axis that is kept free at the better and the worse end. */
const PADDING = 0.07;
/** Pixels that marks without a value take above the x axis. */
const FLOOR = 24;
/** Pixels that the label of the best value takes beyond it, above the share that is kept free. */
const LABEL = 14;

export interface ValueAxis {
  log: boolean;
  /** Ends in data coordinates, room included. */
  low: number;
  high: number;
  /** The value at the worse end beyond which trials are carets; infinite where none are. */
  limit: number;
  axis: Axis;
  /** Whether a value is worse than all that is shown. */
  beyond(value: number): boolean;
  /** The value that lies some pixels above the lower end, or below the upper one. */
  above(pixels: number): number;
  below(pixels: number): number;
}

export interface ValueAxisOptions {
  log: boolean;
  minimizes: boolean;
  /** Pixels between the axis' ends. */
  pixels: number;
  /** Leave room for marks without a value above the x axis. */
  floor?: boolean;
  /** Leave room for a label beyond the best value. */
  label?: boolean;
}

/** An axis for a range as `valueRange` finds it; logarithmic only where all of it is positive. */
export function valueAxis(
  range: readonly [number, number] | null,
  { log, minimizes, pixels, floor = false, label = false }: ValueAxisOptions,
): ValueAxis {
  const [low, high] = range ?? [0, 1];
  const isLog = log && low > 0;
  const to = isLog ? Math.log10 : (value: number) => value;
  const back = isLog ? (at: number) => 10 ** at : (at: number) => at;
  const span = to(high) - to(low) || Math.abs(to(high)) * 0.1 || 1;
  const single = to(high) === to(low);
  const padding = span * (single ? 1 : PADDING);
  const below = floor ? FLOOR : label && minimizes ? LABEL : 0;
  const above = label && !minimizes ? LABEL : 0;
  const perPixel = (span * (single ? 0 : 1) + 2 * padding) / (pixels - below - above);
  const start = to(low) - padding - below * perPixel;
  const end = to(high) + padding + above * perPixel;
  return {
    log: isLog,
    low: back(start),
    high: back(end),
    limit: minimizes ? high : low,
    axis: { type: isLog ? "log" : "linear", range: [start, end] },
    beyond: (value) => (minimizes ? value > high : value < low),
    above: (px) => back(start + px * perPixel),
    below: (px) => back(end - px * perPixel),
  };
}
