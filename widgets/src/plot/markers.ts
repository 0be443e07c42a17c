/** Marks of trials on a plot, as `marks.ts` draws them in text. */
import type { Mark } from "../marks.ts";
import type { Trace } from "./drawing.ts";
import { MANY, pointsType } from "./points.ts";
import { faded, type Theme } from "./theme.ts";

/** Points of trials: coordinates, and the number of each one's trial. */
export interface Points {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  numbers: ArrayLike<number>;
  xaxis?: string;
  yaxis?: string;
  /** How many points the whole plot has; these alone where it is left out. */
  among?: number;
}

const SIZE = 7;
const DENSE_SIZE = 4;
const DENSE_OPACITY = 0.6;
/** Pixels that a caret takes where there are many. */
const CARET_PIXELS = 6;

/** The traces that mark trials of a kind. */
export function markTraces(kind: Mark, points: Points, theme: Theme, name: string = kind): Trace[] {
  const colors = theme.colors;
  const among = points.among ?? points.x.length;
  const dense = among >= MANY;
  const trace = (marker: Record<string, unknown>, more: Trace = {}): Trace => ({
    type: pointsType(among),
    mode: "markers",
    name,
    x: points.x,
    y: points.y,
    customdata: points.numbers,
    xaxis: points.xaxis ?? "x",
    yaxis: points.yaxis ?? "y",
    hoverinfo: "none",
    cliponaxis: false,
    marker: { size: SIZE, ...marker },
    ...more,
  });
  const open = (symbol: string, color: string, width: number, size = SIZE) =>
    trace({ symbol, size, color, line: { width, color } });
  const shade = (color: string) => (dense ? faded(color, DENSE_OPACITY) : color);
  switch (kind) {
    case "best":
      return [
        // As the others are: what is drawn in a cloud lies over what is not.
        trace({ size: 11, color: colors.panel, line: { width: 1.5, color: colors.best } }),
        trace(
          { size: 5.5, color: colors.best, line: { width: 0 } },
          { hoverinfo: "skip", showlegend: false },
        ),
      ];
    case "completed":
      return [
        trace({
          color: faded(colors.completed, dense ? 0.45 : 0.8),
          ...(dense ? { size: DENSE_SIZE } : {}),
          line: { width: 0 },
        }),
      ];
    case "pruned":
      return [open("triangle-down-open", colors.pruned, 1, dense ? DENSE_SIZE + 1 : SIZE)];
    case "diverged":
      return [
        trace({
          symbol: "triangle-up",
          size: dense ? DENSE_SIZE + 1 : 8,
          color: shade(colors.diverged),
          line: { width: 0 },
        }),
      ];
    case "failed":
    case "lost":
      return [open("x-thin-open", shade(colors.failed), dense ? 1 : 1.75, dense ? DENSE_SIZE : 6)];
    case "infeasible":
      if (dense) return [open("circle-open", shade(colors["ink-2"]), 1, DENSE_SIZE)];
      return [
        open("circle-open", colors["ink-2"], 1.25, 8),
        {
          ...open("line-ne-open", colors["ink-2"], 1.25, 5),
          hoverinfo: "skip",
          showlegend: false,
        },
      ];
    case "running":
      return [open("circle-open", colors.running, 1.75)];
    case "queued":
      return [open("circle-open-dot", colors["ink-2"], 1)];
  }
}

/** Small carets at an edge for trials that lie beyond it; `perPixel` is the x axis' scale. */
export function caretTraces(
  points: Points & { tip: number; foot: number },
  color: string,
  perPixel: number,
): Trace[] {
  const n = points.x.length;
  const isDense = (points.among ?? n) >= MANY;
  const [x, y]: [number[], number[]] = [[], []];
  const taken = new Set<number>();
  for (let i = 0; i < n; i++) {
    const place = Math.round(points.x[i] / (CARET_PIXELS * perPixel));
    if (isDense && taken.has(place)) continue;
    taken.add(place);
    const at = isDense ? place * CARET_PIXELS * perPixel : points.x[i];
    x.push(at - 4 * perPixel, at, at + 4 * perPixel, NaN);
    y.push(points.foot, points.tip, points.foot, NaN);
  }
  const axes = { xaxis: points.xaxis ?? "x", yaxis: points.yaxis ?? "y" };
  return [
    {
      ...axes,
      type: pointsType(points.among ?? n),
      mode: "lines",
      x,
      y,
      line: { color, width: 1 },
      hoverinfo: "skip",
      showlegend: false,
      cliponaxis: false,
      connectgaps: false,
    },
    {
      ...axes,
      type: pointsType(points.among ?? n),
      mode: "markers",
      x: points.x,
      y: new Float64Array(n).fill((points.tip + points.foot) / 2),
      customdata: points.numbers,
      marker: { size: SIZE, opacity: 0 },
      hoverinfo: "none",
      showlegend: false,
    },
  ];
}
