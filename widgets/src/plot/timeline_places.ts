/** Where trials stand in the timeline: its lanes, its part of time, and the bars' ends. */
import { CODE, type Study } from "../study.ts";
import type { Place } from "./drawing.ts";
import { LaneNames } from "./lane_names.ts";
import { localTime } from "./pixels.ts";
import type { Size } from "./template.ts";
import type { Theme } from "./theme.ts";
import type { Timeline } from "./timeline.ts";

export interface TimelineSetting {
  theme: Theme;
  size: Size;
  by: "worker" | "trial";
  selected: readonly number[];
  /** Seconds since 1970. */
  now: number;
  /** The part of the time axis that is looked at, in its coordinates; null for all of it. */
  zoom: [number, number] | null;
}

export const LEAST_LANES = 3;
export const MARGIN = { l: 56, r: 40, t: 8, b: 28 };
/** Where bars are narrower, lanes show how their time was spent. */
const NARROW_PIXELS = 3;
const MANY_BARS = 60;

export class TimelinePlaces {
  readonly lanes: number;
  readonly margin: typeof MARGIN;
  /** Where bars start and end along the time axis. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly range: [number, number];
  /** What of the range is looked at. */
  readonly shown: [number, number];
  readonly names: LaneNames;
  /** Whether lanes show shares of time in place of trials. */
  readonly dense: boolean;
  /** What a pixel is on the axes. */
  readonly pixel: { x: number; y: number };
  /** Whether a trial runs. */
  readonly running: boolean;
  private readonly barOf = new Map<number, number>();
  private readonly info: Timeline;
  private readonly setting: TimelineSetting;

  constructor(info: Timeline, study: Study, setting: TimelineSetting) {
    this.info = info;
    this.setting = setting;
    const { by, size, now } = setting;
    this.lanes = by === "worker" ? Math.max(LEAST_LANES, info.lanes.length) : info.number.length;
    this.names = new LaneNames(info, study, size.width);
    this.margin = { ...MARGIN, l: by === "worker" ? this.names.width : MARGIN.l };
    this.running = info.status.includes(CODE.running);
    this.start = info.start.map(localTime);
    const last = info.end.reduce(
      (a, b) => Math.max(a, Number.isNaN(b) ? -Infinity : b),
      info.start[0],
    );
    const until = localTime(this.running ? now : last);
    this.end = info.end.map((end) => (Number.isNaN(end) ? until : localTime(end)));
    const first = this.start[0];
    this.range = [first, until > first ? until : first + 60_000];
    this.shown = setting.zoom ?? this.range;
    this.pixel = {
      x: (this.shown[1] - this.shown[0]) / Math.max(1, size.width - this.margin.l - this.margin.r),
      y: this.lanes / Math.max(1, size.height - this.margin.t - this.margin.b),
    };
    info.number.forEach((number, bar) => this.barOf.set(number, bar));
    this.dense = by === "worker" && this.areNarrow();
  }

  /** Whether most of the bars that are looked at are too narrow to be told apart. */
  private areNarrow(): boolean {
    const [from, to] = this.shown;
    let [all, narrow] = [0, 0];
    this.start.forEach((start, bar) => {
      if (start > to || this.end[bar] < from) return;
      all++;
      if (this.end[bar] - start < NARROW_PIXELS * this.pixel.x) narrow++;
    });
    return narrow > MANY_BARS && narrow > all / 2;
  }

  /** Along which lane a bar stands. */
  y(bar: number): number {
    return this.setting.by === "worker" ? this.info.lane[bar] : bar;
  }

  /** The bar of a trial, undefined where it has none. */
  bar(number: number): number | undefined {
    return this.barOf.get(number);
  }

  of(number: number): Place[] {
    const bar = this.barOf.get(number);
    return bar === undefined ? [] : [{ x: (this.start[bar] + this.end[bar]) / 2, y: this.y(bar) }];
  }

  /** The trial whose bar is under a place, a pixel or so beside it included. */
  hit({ x, y }: Place): number | null {
    const lane = Math.round(y);
    const near = 1.5 * this.pixel.x;
    if (this.setting.by === "trial") {
      const off =
        lane < 0 || lane >= this.lanes || x < this.start[lane] - near || x > this.end[lane] + near;
      return off ? null : this.info.number[lane];
    }
    for (let bar = this.info.number.length - 1; bar >= 0; bar--) {
      if (this.info.lane[bar] !== lane || this.start[bar] > x + near) continue;
      return x <= this.end[bar] + near ? this.info.number[bar] : null;
    }
    return null;
  }
}
