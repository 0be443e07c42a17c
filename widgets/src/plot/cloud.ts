/** Many points and lines, drawn on a canvas within a plot: plotly.js takes far longer. */
import { h } from "../dom.ts";
import { drawLines, drawMarks } from "./cloud_marks.ts";
import type { Trace } from "./drawing.ts";
import { frameOf, inside, placing } from "./pixels.ts";
import type { Size } from "./template.ts";

/** How far from its mark, in pixels, the pointer finds a trial. */
const REACH = 12;
/** Marks at the edge of a plot are drawn whole. */
const OVERLAP = 8;

/** Points of trials, in data coordinates and in pixels. */
interface Points {
  axes: { x: string; y: string };
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  numbers: ArrayLike<number>;
  left: Float32Array;
  top: Float32Array;
}

export class Cloud {
  readonly canvas = h("canvas.hn-plot-cloud", { "aria-hidden": "true" });
  private traces: readonly Trace[] = [];
  private points: Points[] = [];

  /** Whether anything is drawn here, and not by plotly.js. */
  get active(): boolean {
    return this.traces.some(isCloud);
  }

  /** Take what is to be drawn; the pointer finds points of all traces then. */
  set(traces: readonly Trace[]): void {
    this.traces = traces;
  }

  /** Draw for a layout of plotly.js, whose axes may be zoomed. */
  draw(layout: Record<string, unknown>, size: Size): void {
    this.canvas.hidden = !this.active;
    this.points = [];
    if (!this.active) return;
    const { canvas } = this;
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round(size.width * ratio);
    canvas.height = Math.round(size.height * ratio);
    canvas.style.width = `${size.width}px`;
    canvas.style.height = `${size.height}px`;
    const context = canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    for (const trace of this.traces) {
      const axes = axesOf(trace);
      const [x, y] = [trace.x, trace.y] as ArrayLike<number>[];
      const { left, top } = placed(x, y, placing(layout, size, axes));
      if (trace.customdata && String(trace.mode).includes("markers")) {
        const numbers = trace.customdata as ArrayLike<number>;
        this.points.push({ axes, x, y, numbers, left, top });
      }
      if (!isCloud(trace)) continue;
      const frame = frameOf(layout, size, axes);
      context.save();
      context.beginPath();
      context.rect(
        frame.left - OVERLAP,
        frame.top - OVERLAP,
        frame.width + 2 * OVERLAP,
        frame.height + 2 * OVERLAP,
      );
      context.clip();
      if (String(trace.mode).includes("lines")) drawLines(context, trace, left, top);
      if (String(trace.mode).includes("markers")) drawMarks(context, trace, left, top, size);
      context.restore();
    }
  }

  /** The trial whose mark is nearest to a pixel, null where none is near. */
  nearest(pixel: { x: number; y: number }): number | null {
    let found: number | null = null;
    let least = REACH ** 2;
    // What is drawn last lies over the others.
    for (const { left, top, numbers } of [...this.points].reverse()) {
      for (let i = left.length - 1; i >= 0; i--) {
        const far = (left[i] - pixel.x) ** 2 + (top[i] - pixel.y) ** 2;
        if (far < least) [found, least] = [numbers[i], far];
      }
    }
    return found;
  }

  /** Numbers of the trials in a region; ends by names of axes, `x2`. */
  within(range: Record<string, [number, number]>): number[] {
    const found = new Set<number>();
    for (const { axes, x, y, numbers } of this.points) {
      const [across, along] = [range[axes.x], range[axes.y]];
      if (!across || !along) continue;
      for (let i = 0; i < x.length; i++)
        if (inside(x[i], across) && inside(y[i], along)) found.add(numbers[i]);
    }
    return [...found].sort((a, b) => a - b);
  }
}

/** What plotly.js draws of a plot with a cloud: its axes, and all that is not in the cloud. */
export function withoutCloud(traces: readonly Trace[]): readonly Trace[] {
  if (!traces.some(isCloud)) return traces;
  return traces.map((trace) =>
    isCloud(trace)
      ? {
          type: "scatter",
          mode: "markers",
          x: [NaN],
          y: [NaN],
          xaxis: axesOf(trace).x,
          yaxis: axesOf(trace).y,
          hoverinfo: "skip",
        }
      : // The cloud says which trial is under the pointer.
        { ...trace, hoverinfo: "skip" },
  );
}

function isCloud(trace: Trace): boolean {
  return trace.type === "cloud";
}

function axesOf(trace: Trace): { x: string; y: string } {
  return { x: (trace.xaxis as string) ?? "x", y: (trace.yaxis as string) ?? "y" };
}

function placed(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  place: ReturnType<typeof placing>,
): { left: Float32Array; top: Float32Array } {
  const [left, top] = [new Float32Array(x.length), new Float32Array(x.length)];
  for (let i = 0; i < x.length; i++) {
    left[i] = place.left(x[i]);
    top[i] = place.top(y[i]);
  }
  return { left, top };
}
