/** Ticks of logarithmic axes: plotly.js's own labels run into each other. */
import { across, logTicks, upright, type Tick } from "../ticks.ts";
import type { Axis } from "./drawing.ts";
import { frameOf, rangeOf } from "./pixels.ts";
import type { Size } from "./template.ts";

type Layout = Record<string, unknown>;

/** An axis with these ticks and no other. */
export function tickAxis(ticks: readonly Tick[]): Axis {
  return {
    tickmode: "array",
    tickvals: ticks.map(({ value }) => value),
    ticktext: ticks.map(({ text }) => text),
  };
}

/** Names of the axes whose ticks follow the range that is looked at. */
export function ownTicks(layout: Layout): string[] {
  return Object.keys(layout).filter((name) => {
    const axis = layout[name] as Axis | null;
    return /^[xy]axis/.test(name) && axis?.type === "log" && !axis.tickvals;
  });
}

/** For axes whose ticks are not those of their range, the ticks that they are to have. */
export function newTicks(
  layout: Layout,
  names: readonly string[],
  size: Size,
): [name: string, ticks: Axis][] {
  const frame = frameOf(layout, size, { x: "x", y: "y" });
  return names.flatMap((name) => {
    const axis = layout[name] as Axis;
    const side = name.startsWith("x") ? across(frame.width) : upright(frame.height);
    const ticks = tickAxis(logTicks(rangeOf(axis), side));
    return String(ticks.tickvals) === String(axis.tickvals) ? [] : [[name, ticks]];
  });
}
