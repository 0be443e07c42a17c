/** How trials that are hovered or selected are lit. */
import type { Drawing, Shape, Trace } from "./drawing.ts";
import { axisName, dateText } from "./pixels.ts";
import { pointsType } from "./points.ts";
import type { Theme } from "./theme.ts";

const SELECTED_SIZE = 14;
const HOVERED_RADIUS = 6;

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
  return [...byAxes].map(([axes, points]) => ({
    ...points,
    type: pointsType(points.x.length),
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

/** A ring around the hovered trial, wherever it is drawn. */
export function hoveredShapes(drawing: Drawing, number: number | null, theme: Theme): Shape[] {
  if (number === null) return [];
  if (drawing.highlight) return drawing.highlight(number);
  return drawing.places(number).map(({ x, y, xaxis = "x", yaxis = "y" }) => ({
    type: "circle",
    xref: xaxis,
    yref: yaxis,
    xsizemode: "pixel",
    ysizemode: "pixel",
    xanchor: drawing.axes[axisName(xaxis)]?.type === "date" ? dateText(x) : x,
    yanchor: y,
    x0: -HOVERED_RADIUS,
    x1: HOVERED_RADIUS,
    y0: -HOVERED_RADIUS,
    y1: HOVERED_RADIUS,
    line: { color: theme.colors.ink, width: 1.5 },
  }));
}
