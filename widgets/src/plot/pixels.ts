/** Where data coordinates lie on a plot, and times as its axes have them. */
import type { Axis, Margin, Place } from "./drawing.ts";
import type { Size } from "./template.ts";

const HOUR = 3600;
/** The time zone's offset does not change within an hour, and many times are of the same one. */
let lastHour = NaN;
let lastOffset = 0;

/** A time in seconds since 1970 as a date axis takes it: plotly.js knows no time zones. */
export function localTime(seconds: number): number {
  const hour = Math.floor(seconds / HOUR);
  if (hour !== lastHour) {
    lastHour = hour;
    lastOffset = new Date(seconds * 1000).getTimezoneOffset() * 60_000;
  }
  return seconds * 1000 - lastOffset;
}

/** A coordinate of a date axis as plotly.js wants it in shapes, which read no numbers there. */
export function dateText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 23).replace("T", " ");
}

/** The plot's area of two axes, from the top left corner of the whole. */
export function frameOf(
  layout: Record<string, unknown>,
  size: Size,
  axes: { x: string; y: string },
): { left: number; top: number; width: number; height: number } {
  const { l, r, t, b } = layout.margin as Margin;
  const [width, height] = [size.width - l - r, size.height - t - b];
  const [across, along] = [domainOf(layout, axes.x), domainOf(layout, axes.y)];
  return {
    left: l + across[0] * width,
    top: t + (1 - along[1]) * height,
    width: (across[1] - across[0]) * width,
    height: (along[1] - along[0]) * height,
  };
}

/** Return what places coordinates along two axes, in pixels from the top left corner. */
export function placing(
  layout: Record<string, unknown>,
  size: Size,
  axes: { x: string; y: string },
): { left(x: number): number; top(y: number): number } {
  const frame = frameOf(layout, size, axes);
  const x = shareOf(layout[axisName(axes.x)] as Axis);
  const y = shareOf(layout[axisName(axes.y)] as Axis);
  return {
    left: (value) => frame.left + x(value) * frame.width,
    top: (value) => frame.top + (1 - y(value)) * frame.height,
  };
}

/** The pixel of a place, from the plot's top left corner. */
export function pixelOf(
  place: Place,
  layout: Record<string, unknown>,
  size: Size,
): { x: number; y: number } {
  const at = placing(layout, size, { x: place.xaxis ?? "x", y: place.yaxis ?? "y" });
  return { x: at.left(place.x), y: at.top(place.y) };
}

/** `xaxis2` for `x2`. */
export function axisName(short: string): string {
  return `${short[0]}axis${short.slice(1)}`;
}

/** The place at a pixel, on the first axes. */
export function placeAt(
  pixel: { x: number; y: number },
  layout: Record<string, unknown>,
  size: Size,
): Place {
  const { l, r, t, b } = layout.margin as Margin;
  return {
    x: along((pixel.x - l) / (size.width - l - r), layout.xaxis as Axis),
    y: along(1 - (pixel.y - t) / (size.height - t - b), layout.yaxis as Axis),
  };
}

/** Whether a value lies between two ends, which are dates on an axis of dates. */
export function inside(value: number, ends: readonly (number | string)[]): boolean {
  const [a, b] = ends.map(coordinate);
  return value >= Math.min(a, b) && value <= Math.max(a, b);
}

/** The ends of an axis's range as numbers. */
export function rangeOf(axis: Axis): [number, number] {
  return (axis.range as (number | string)[]).map(coordinate) as [number, number];
}

function domainOf(layout: Record<string, unknown>, axis: string): [number, number] {
  return ((layout[axisName(axis)] as Axis).domain as [number, number] | undefined) ?? [0, 1];
}

/** Return what tells how far along an axis a value lies, 0 to 1. */
function shareOf(axis: Axis): (value: number) => number {
  const [low, high] = rangeOf(axis);
  if (axis.type === "log") return (value) => (Math.log10(value) - low) / (high - low);
  return (value) => (value - low) / (high - low);
}

/** The value at a share of an axis that spans the whole side. */
function along(part: number, axis: Axis): number {
  const [low, high] = rangeOf(axis);
  const at = low + part * (high - low);
  return axis.type === "log" ? 10 ** at : at;
}

/** Ends of a range are numbers; of a zoomed date axis they are dates. */
function coordinate(end: number | string): number {
  if (typeof end === "number") return end;
  const number = Number(end);
  return Number.isNaN(number) ? Date.parse(`${end.replace(" ", "T")}Z`) : number;
}
