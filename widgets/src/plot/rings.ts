/** How trials that are hovered or selected are lit. */
import type { Drawing, Shape, Trace } from "./drawing.ts";
import { circlePath } from "./mark_shapes.ts";
import { axisName, dateText } from "./pixels.ts";
import { pointsType } from "./points.ts";
import type { Theme } from "./theme.ts";

const SELECTED_SIZE = 14;
const HOVERED_RADIUS = 6;
/** More selected trials than this are a trace of their own, which costs a whole drawing. */
export const MOST_RINGS = 60;

/** Open rings around the selected trials. */
export function selectedTraces(
  drawing: Drawing,
  numbers: readonly number[],
  theme: Theme,
): Trace[] {
  const byAxes = new Map<string, { x: number[]; y: number[] }>();
  for (const number of numbers) {
    for (const { x, y, xaxis = "x", yaxis = "y" } of drawing.places(number)) {
      const axes = `${xaxis} ${yaxis}`;
      const points = byAxes.get(axes) ?? { x: [], y: [] };
      byAxes.set(axes, points);
      points.x.push(x);
      points.y.push(y);
    }
  }
  // What is drawn in a cloud lies over what is not.
  const overCloud = drawing.traces.some((trace) => trace.type === "cloud");
  return [...byAxes].map(([axes, points]) => ({
    ...points,
    type: overCloud ? "cloud" : pointsType(points.x.length),
    mode: "markers",
    name: "selected",
    xaxis: axes.split(" ")[0],
    yaxis: axes.split(" ")[1],
    hoverinfo: "skip",
    cliponaxis: false,
    marker: {
      symbol: "circle-open",
      size: SELECTED_SIZE,
      color: theme.colors.accent,
      line: { width: 2, color: theme.colors.accent },
    },
  }));
}

/** Rings around the selected trials, where they are few, and around the hovered one. */
export function ringShapes(
  drawing: Drawing,
  selected: readonly number[],
  hovered: number | null,
  theme: Theme,
): Shape[] {
  const { accent, ink } = theme.colors;
  const few = drawing.highlight || selected.length > MOST_RINGS ? [] : selected;
  const rings = few.flatMap((number) =>
    ringsOf(drawing, number, SELECTED_SIZE / 2, { color: accent, width: 2 }),
  );
  if (hovered === null) return rings;
  if (drawing.highlight) return drawing.highlight(hovered);
  return [...rings, ...ringsOf(drawing, hovered, HOVERED_RADIUS, { color: ink, width: 1.5 })];
}

function ringsOf(
  drawing: Drawing,
  number: number,
  radius: number,
  line: Record<string, unknown>,
): Shape[] {
  return drawing.places(number).map(({ x, y, xaxis = "x", yaxis = "y" }) => ({
    type: "path",
    xref: xaxis,
    yref: yaxis,
    xsizemode: "pixel",
    ysizemode: "pixel",
    xanchor: drawing.axes[axisName(xaxis)]?.type === "date" ? dateText(x) : x,
    yanchor: y,
    path: circlePath(radius),
    line,
  }));
}
