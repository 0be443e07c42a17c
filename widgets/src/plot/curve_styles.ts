/** How curves of trials look by their state. */
import { CODE, type Point } from "../study.ts";
import type { Curve } from "./curves.ts";
import type { Trace } from "./drawing.ts";
import { pointsType } from "./points.ts";
import { faded, type Theme } from "./theme.ts";

export interface Look {
  name: string;
  color: keyof Theme["colors"];
  width: number;
  opacity?: number;
  dash?: "solid" | "dash" | "dot";
}

const DASHES = { solid: "solid", dash: "4px,2px", dot: "1.5px,2px" };

/** In the order in which they are drawn, the last over the others. */
export const STYLES = {
  pruned: { name: "pruned", color: "pruned", width: 1, opacity: 0.45 },
  completed: { name: "completed", color: "completed", width: 1, opacity: 0.34 },
  failed: { name: "failed", color: "failed", width: 1.25, dash: "dot" },
  diverged: { name: "diverged", color: "diverged", width: 1.5, dash: "dash" },
  running: { name: "running", color: "running", width: 1.75 },
  selected: { name: "selected", color: "accent", width: 2 },
  best: { name: "best", color: "best", width: 2.5 },
} satisfies Record<string, Look>;

export type StyleName = keyof typeof STYLES;

export function styleOf(curve: Curve, best: number | null, selected: readonly number[]): StyleName {
  if (curve.number === best) return "best";
  if (selected.includes(curve.number)) return "selected";
  switch (curve.status) {
    case CODE.completed:
      return "completed";
    case CODE.running:
      return "running";
    case CODE.diverged:
      return "diverged";
    case CODE.failed:
    case CODE.lost:
      return "failed";
    default:
      return "pruned";
  }
}

/** One trace for all curves of a look, with a gap after each. */
export function lineTrace(
  curves: readonly { number: number; points: readonly Point[] }[],
  look: Look,
  theme: Theme,
): Trace {
  const length = curves.reduce((sum, { points }) => sum + points.length + 1, 0);
  const x = new Float64Array(length).fill(NaN);
  const y = new Float64Array(length).fill(NaN);
  const numbers = new Int32Array(length);
  // A curve of one point is a dot.
  const sizes = new Float64Array(length);
  let at = 0;
  for (const { number, points } of curves) {
    if (points.length === 1) sizes[at] = 4;
    for (const { step, value } of points) {
      [x[at], y[at], numbers[at]] = [step, value, number];
      at++;
    }
    numbers[at++] = number;
  }
  const color = faded(theme.colors[look.color], look.opacity ?? 1);
  const single = curves.some(({ points }) => points.length === 1);
  return {
    type: pointsType(length),
    mode: single ? "lines+markers" : "lines",
    name: look.name,
    x,
    y,
    customdata: numbers,
    hoverinfo: "none",
    connectgaps: false,
    line: { color, width: look.width, dash: DASHES[look.dash ?? "solid"] },
    ...(single ? { marker: { size: sizes, color, line: { width: 0 } } } : {}),
  };
}
