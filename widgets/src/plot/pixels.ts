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

/** The pixel of a place, from the plot's top left corner. */
export function pixelOf(
  place: Place,
  layout: Record<string, unknown>,
  size: Size,
): { x: number; y: number } {
  const { l, r, t, b } = layout.margin as Margin;
  const width = size.width - l - r;
  const height = size.height - t - b;
  const x = share(place.x, layout[axisName(place.xaxis ?? "x")] as Axis);
  const y = share(place.y, layout[axisName(place.yaxis ?? "y")] as Axis);
  return { x: l + x * width, y: t + (1 - y) * height };
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

/** How far along the plot's whole side a value lies, 0 to 1. */
function share(value: number, axis: Axis): number {
  const [low, high] = (axis.range as (number | string)[]).map(coordinate);
  const [start, end] = (axis.domain as [number, number] | undefined) ?? [0, 1];
  const at = axis.type === "log" ? Math.log10(value) : value;
  return start + ((at - low) / (high - low)) * (end - start);
}

/** The value at a share of an axis that spans the whole side. */
function along(part: number, axis: Axis): number {
  const [low, high] = (axis.range as (number | string)[]).map(coordinate);
  const at = low + part * (high - low);
  return axis.type === "log" ? 10 ** at : at;
}

/** Ends of a range are numbers; of a zoomed date axis they are dates. */
function coordinate(end: number | string): number {
  if (typeof end === "number") return end;
  const number = Number(end);
  return Number.isNaN(number) ? Date.parse(`${end.replace(" ", "T")}Z`) : number;
}
