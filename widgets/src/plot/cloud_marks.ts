/** Draws traces of plotly.js on a canvas: markers and lines, as far as plots have them. */
import type { Trace } from "./drawing.ts";
import type { Size } from "./template.ts";
import { mixed } from "./theme.ts";

/** Of marks of one trace whose places fall into one square of this side, one is drawn. */
const SQUARE = 2;
/** So many shades of a scale of colours are told apart. */
const SHADES = 24;

interface Marker {
  symbol?: string;
  size: number | ArrayLike<number>;
  color?: string | readonly number[];
  colorscale?: [[number, string], [number, string]];
  opacity?: number;
  line?: { width: number; color?: string };
}

type Pixels = Float32Array;

/** Draw the marks of a trace at some pixels. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  trace: Trace,
  left: Pixels,
  top: Pixels,
  size: Size,
): void {
  const marker = trace.marker as Marker;
  if (marker.opacity === 0) return;
  const sizes = marker.size;
  if (typeof sizes !== "number") return drawDots(context, marker, sizes, left, top);
  const { color = "", colorscale } = marker;
  const shades =
    typeof color === "string"
      ? [stamp(marker, sizes, color)]
      : Array.from({ length: SHADES }, (_, i) =>
          stamp(marker, sizes, mixed(colorscale![1][1], i / (SHADES - 1), colorscale![0][1])),
        );
  const side = shades[0].width / window.devicePixelRatio;
  const across = Math.ceil(size.width / SQUARE);
  const taken = new Uint8Array(across * Math.ceil(size.height / SQUARE));
  for (let i = 0; i < left.length; i++) {
    const square = Math.floor(top[i] / SQUARE) * across + Math.floor(left[i] / SQUARE);
    // Outside the plot there are no squares, and nothing to be seen.
    if (taken[square] !== 0) continue;
    taken[square] = 1;
    const shade = typeof color === "string" ? 0 : Math.round(color[i] * (SHADES - 1));
    context.drawImage(shades[shade], left[i] - side / 2, top[i] - side / 2, side, side);
  }
}

/** Draw the lines of a trace, broken where a coordinate is missing. */
export function drawLines(
  context: CanvasRenderingContext2D,
  trace: Trace,
  left: Pixels,
  top: Pixels,
): void {
  const { color, width, dash } = trace.line as { color: string; width: number; dash?: string };
  context.strokeStyle = color;
  context.lineWidth = width;
  context.setLineDash(dash?.match(/[\d.]+/g)?.map(Number) ?? []);
  let drawing = false;
  // One stroke a line: where lines cross, their colours add up.
  for (let i = 0; i < left.length; i++) {
    if (Number.isNaN(left[i]) || Number.isNaN(top[i])) {
      if (drawing) context.stroke();
      drawing = false;
    } else if (drawing) context.lineTo(left[i], top[i]);
    else {
      context.beginPath();
      context.moveTo(left[i], top[i]);
      drawing = true;
    }
  }
  if (drawing) context.stroke();
}

function drawDots(
  context: CanvasRenderingContext2D,
  { color }: Marker,
  sizes: ArrayLike<number>,
  left: Pixels,
  top: Pixels,
): void {
  context.fillStyle = color as string;
  for (let i = 0; i < left.length; i++) {
    if (!(sizes[i] > 0)) continue;
    context.beginPath();
    context.arc(left[i], top[i], sizes[i] / 2, 0, 2 * Math.PI);
    context.fill();
  }
}

/** A marker on a canvas of its own, from which it is copied. */
function stamp(marker: Marker, size: number, color: string): HTMLCanvasElement {
  const { symbol = "circle", line } = marker;
  const width = line?.width ?? 0;
  const ratio = window.devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil((size + width + 2) * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  context.translate(canvas.width / ratio / 2, canvas.height / ratio / 2);
  const open = symbol.endsWith("-open");
  const path = new Path2D(outline(symbol.replace(/-open$/, ""), size / 2));
  if (!open) {
    context.fillStyle = color;
    context.fill(path);
  }
  if (width > 0) {
    context.strokeStyle = open ? color : (line!.color ?? color);
    context.lineWidth = width;
    context.stroke(path);
  }
  return canvas;
}

/** The outline of a symbol of plotly.js around its middle. */
function outline(symbol: string, r: number): string {
  const [side, half] = [r * 1.1547, r / 2];
  switch (symbol) {
    case "triangle-down":
      return `M${-side},${-half}H${side}L0,${r}Z`;
    case "triangle-up":
      return `M${-side},${half}H${side}L0,${-r}Z`;
    case "x-thin":
      return `M${r},${r}L${-r},${-r}M${r},${-r}L${-r},${r}`;
    case "line-ne":
      return `M${r},${-r}L${-r},${r}`;
    default:
      return `M${r},0A${r},${r} 0 1,1 ${-r},0A${r},${r} 0 1,1 ${r},0Z`;
  }
}
