/** Draws the distribution of a study's values. */
import * as format from "../format.ts";
import { CODE, type Study } from "../study.ts";
import type { Drawing, Message, Place } from "./drawing.ts";
import type { Edf } from "./edf.ts";
import { markTraces } from "./markers.ts";
import { comparable, percentile, rowsByNumber, valueRange } from "./shown.ts";
import { axisTitles, MARGIN, type Size } from "./template.ts";
import type { Theme } from "./theme.ts";

const ROOM = 0.03;
/** Pixels around the line within which a trial is under the pointer. */
const REACH = 12;
/** More steps than this are finer than pixels. */
const MOST_STEPS = 1500;

export function drawEdf(
  info: Edf,
  study: Study,
  scale: "linear" | "log",
  metric: string,
  { theme, size }: { theme: Theme; size: Size },
): Drawing | Message {
  if (!info.trials) {
    return study.length
      ? {
          title: "No completed trials",
          text: "The first value appears here when a trial completes.",
        }
      : {
          title: "No trials yet",
          text: "Start a worker, or run hpo.optimize in a cell; values appear here.",
        };
  }
  const { value, share } = info;
  const isLog = scale === "log" && value[0] > 0;
  const to = isLog ? Math.log10 : (x: number) => x;
  const statuses = new Int32Array(value.length).fill(CODE.completed);
  const [low, high] = valueRange(value, statuses, study.minimizes)!.map(to);
  const room = (high - low || Math.abs(high) * 0.1 || 1) * ROOM;
  const outside = beyond(
    info,
    study,
    isLog ? 10 ** (study.minimizes ? high : low) : study.minimizes ? high : low,
  );
  const rows = rowsByNumber(study).filter((row) => comparable(study, row));
  const places = (number: number): Place[] => {
    const row = study.row(number);
    if (row === undefined || !comparable(study, row)) return [];
    const x = study.value.at(row);
    return [{ x, y: shareAt(info, x) }];
  };
  const best = study.best === null ? null : study.number.at(study.best);
  const at = best === null ? [] : places(best);
  const ordered = Array.from(rows).sort((a, b) => study.value.at(a) - study.value.at(b));
  const values = Float64Array.from(ordered, (row) => study.value.at(row));
  const reach = {
    x: (REACH * (high - low + 2 * room)) / Math.max(1, size.width - MARGIN.l - MARGIN.r),
    y: REACH / (size.height - MARGIN.t - MARGIN.b),
  };
  const hit = ({ x, y }: Place): number | null => {
    const i = nearest(values, x);
    const near =
      Math.abs(to(values[i]) - to(x)) <= reach.x &&
      Math.abs(shareAt(info, values[i]) - y) <= reach.y;
    return near ? study.number.at(ordered[i]) : null;
  };
  const steps = thinned(value, share);
  return {
    view: isLog ? "log" : "linear",
    traces: [
      {
        type: "scatter",
        mode: "lines",
        name: "share of completed trials",
        x: [value[0], ...steps.value],
        y: [0, ...steps.share],
        line: { color: theme.colors.completed, width: 2, shape: "hv" },
        hoverinfo: "skip",
      },
      ...(at.length
        ? markTraces("best", { x: [at[0].x], y: [at[0].y], numbers: [best!] }, theme)
        : []),
    ],
    axes: {
      xaxis: { type: isLog ? "log" : "linear", range: [low - room, high + room] },
      yaxis: { range: [-0.02, 1.04], tickformat: ".0%", dtick: 0.25 },
    },
    annotations: [
      ...axisTitles("share of completed trials", `${metric}${isLog ? ", log" : ""}`),
      ...(outside ? [{ ...OUTSIDE, text: outside }] : []),
    ],
    key: [
      { label: "completed trials at or below a value", line: "completed" },
      { label: "best", marks: ["best"] },
    ],
    label: `Distribution of ${metric} over ${format.plural(info.trials, "completed trial")}: half are at or below ${format.value(percentile(values, 0.5))}, from ${format.value(value[0])} to ${format.value(value[value.length - 1])}.`,
    note: format.plural(info.trials, "completed trial"),
    numbers: ordered.map((row) => study.number.at(row)),
    places,
    hit,
    // One of so many moves the line by less than a pixel.
    live: () => ((study.best === null ? null : study.number.at(study.best)) === best ? [] : null),
  };
}

const OUTSIDE = {
  xref: "paper",
  x: 1,
  xanchor: "right",
  yref: "paper",
  y: 1,
  yanchor: "bottom",
  yshift: 8,
  showarrow: false,
};

/** Every so many of the steps, the last one among them. */
function thinned(value: Float64Array, share: Float64Array) {
  const every = Math.ceil(value.length / MOST_STEPS);
  const kept = (_: number, i: number) => (value.length - 1 - i) % every === 0;
  return { value: value.filter(kept), share: share.filter(kept) };
}

/** The index of the value that is nearest, of ascending ones. */
function nearest(values: Float64Array, x: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - values[low - 1] < values[low] - x ? low - 1 : low;
}

/** How many trials lie beyond the worse end of the axis. */
function beyond({ value, share, trials }: Edf, study: Study, limit: number): string {
  let count = 0;
  for (let i = 0; i < value.length; i++) {
    const here = Math.round((share[i] - (i ? share[i - 1] : 0)) * trials);
    if (study.minimizes ? value[i] > limit : value[i] < limit) count += here;
  }
  const side = study.minimizes ? "above" : "below";
  return count ? `${format.integer(count)} ${side} ${format.number(limit)}` : "";
}

/** The share of trials at or below a value. */
export function shareAt({ value, share }: Edf, x: number): number {
  let [low, high] = [0, value.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low ? share[low - 1] : 0;
}
