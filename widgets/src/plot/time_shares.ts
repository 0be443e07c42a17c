/** Lanes of a timeline whose bars are too many to be told apart: how each bin of time was spent. */
import type { Status } from "../study.ts";
import type { Trace } from "./drawing.ts";
import { faded, type Theme } from "./theme.ts";

/** Kinds of trials, the lowest in a lane first. */
const STACKED = [
  "completed",
  "pruned",
  "running",
  "infeasible",
  "diverged",
  "failed",
  "lost",
] as const satisfies readonly Status[];
type Stacked = (typeof STACKED)[number];

/** The bars of trials: the lane, the kind and the times of each. */
export interface Bars {
  lane: ArrayLike<number>;
  kind(bar: number): Status;
  start: ArrayLike<number>;
  end: ArrayLike<number>;
}

export interface Bins {
  lanes: number;
  /** Where the first bin begins, and how wide each is. */
  first: number;
  width: number;
  count: number;
}

/** Of each bin of each lane the share of its time that trials of a kind took; lane by lane. */
export function timeShares(bars: Bars, bins: Bins): Map<Stacked, Float64Array> {
  const { first, width, count } = bins;
  const shares = new Map(STACKED.map((kind) => [kind, new Float64Array(bins.lanes * count)]));
  for (let bar = 0; bar < bars.start.length; bar++) {
    const share = shares.get(bars.kind(bar) as Stacked);
    const from = Math.max(0, (bars.start[bar] - first) / width);
    const to = Math.min(count, (bars.end[bar] - first) / width);
    if (!share || !(to > from)) continue;
    for (let bin = Math.floor(from); bin < to; bin++)
      share[bars.lane[bar] * count + bin] += Math.min(to, bin + 1) - Math.max(from, bin);
  }
  return shares;
}

/** The shares stacked in their lanes, an area for each kind that there is. */
export function shareTraces(bars: Bars, bins: Bins, height: number, theme: Theme): Trace[] {
  const shares = timeShares(bars, bins);
  const floor = new Float64Array(bins.lanes * bins.count);
  const traces: Trace[] = [];
  for (const kind of STACKED) {
    const share = shares.get(kind)!;
    const [x, y]: [number[], number[]] = [[], []];
    for (let lane = 0; lane < bins.lanes; lane++) {
      const bottom = lane + height / 2;
      for (const [from, to] of stretches(share, lane * bins.count, (lane + 1) * bins.count)) {
        const under: [number, number][] = [];
        for (let at = from; at < to; at++) {
          const left = bins.first + (at - lane * bins.count) * bins.width;
          const high = Math.min(1, floor[at] + share[at]);
          x.push(left, left + bins.width);
          y.push(bottom - high * height, bottom - high * height);
          const low = bottom - floor[at] * height;
          under.push([left, low], [left + bins.width, low]);
          floor[at] = high;
        }
        for (const [left, low] of under.reverse()) {
          x.push(left);
          y.push(low);
        }
        x.push(NaN);
        y.push(NaN);
      }
    }
    if (x.length) traces.push({ ...AREA, name: kind, x, y, fillcolor: colorOf(kind, theme) });
  }
  return traces;
}

const AREA: Trace = {
  type: "scatter",
  mode: "lines",
  line: { width: 0 },
  fill: "toself",
  hoverinfo: "skip",
  showlegend: false,
};

/** Stretches of what is above 0, each with the place behind its end. */
function* stretches(share: Float64Array, from: number, to: number): Generator<[number, number]> {
  let begun = -1;
  for (let at = from; at <= to; at++) {
    const some = at < to && share[at] > 0;
    if (some && begun < 0) begun = at;
    if (!some && begun >= 0) {
      yield [begun, at];
      begun = -1;
    }
  }
}

function colorOf(kind: Stacked, { colors }: Theme): string {
  switch (kind) {
    case "completed":
      return faded(colors.completed, 0.7);
    case "pruned":
      return faded(colors.pruned, 0.35);
    case "infeasible":
      return faded(colors["ink-2"], 0.6);
    case "lost":
      return colors.failed;
    default:
      return colors[kind];
  }
}
