/** Where trials stand in the optimization history: its axes, and places on them. */
import { finishedCount } from "../derived.ts";
import { CODE, type Study } from "../study.ts";
import type { Place } from "./drawing.ts";
import type { History } from "./history.ts";
import { localTime } from "./pixels.ts";
import { shownValue } from "./shown.ts";
import { MARGIN, type Size } from "./template.ts";
import type { Theme } from "./theme.ts";
import { valueAxis, type ValueAxis } from "./value_axis.ts";

export interface HistoryOptions {
  axis: "trial" | "time";
  scale: "linear" | "log";
}

export interface Setting {
  theme: Theme;
  size: Size;
  metric: string;
  /** Seconds since 1970. */
  now: number;
}

/** Pixels above the x axis at which trials without a value stand. */
const FLOOR_PIXELS = 9;
/** The trial axis is at least so long. */
const LEAST_TRIALS = 10;

export class HistoryPlaces {
  readonly y: ValueAxis;
  /** Where each trial stands along the x axis. */
  readonly xs: Float64Array;
  /** Where now is. */
  readonly present: number;
  /** How many finished trials the goal lacks. */
  readonly toGo: number;
  readonly range: [number, number];
  /** Numbers of the trials that run. */
  readonly running: Set<number>;
  private readonly info: History;
  private readonly study: Study;
  private readonly options: HistoryOptions;
  private readonly setting: Setting;

  constructor(info: History, study: Study, options: HistoryOptions, setting: Setting) {
    this.info = info;
    this.study = study;
    this.options = options;
    this.setting = setting;
    const { size } = setting;
    this.y = valueAxis(info.range, {
      log: options.scale === "log",
      minimizes: study.minimizes,
      pixels: size.height - MARGIN.t - MARGIN.b,
      floor: info.withoutValue.length > 0,
      label: true,
    });
    this.running = new Set(info.number.filter((_, i) => info.status[i] === CODE.running));
    const running = this.running.size;
    this.toGo = Math.max(0, (study.state.goal ?? 0) - finishedCount(study));
    if (options.axis === "trial") {
      this.xs = Float64Array.from(info.number);
      this.present = info.number[info.number.length - 1];
      this.range = [0, Math.max(LEAST_TRIALS, this.present + Math.max(0, this.toGo - running))];
    } else {
      const now = localTime(setting.now);
      this.xs = Float64Array.from(info.completed, (time) => (time > 0 ? localTime(time) : now));
      this.present = running ? now : this.xs.reduce((a, b) => Math.max(a, b), -Infinity);
      const first = this.xs.reduce((a, b) => Math.min(a, b), Infinity);
      this.range = [first, this.present > first ? this.present : first + 60_000];
    }
    const room = (this.range[1] - this.range[0]) * 0.012;
    this.range = [this.range[0] - room, this.range[1] + room];
  }

  /** Where marks of trials without a value stand. */
  get floor(): number {
    return this.y.above(FLOOR_PIXELS);
  }

  /** Ends of the carets of trials that lie beyond the axis. */
  get caret(): [tip: number, foot: number] {
    const { minimizes } = this.study;
    const base = this.info.withoutValue.length && !minimizes ? 20 : 2;
    return minimizes
      ? [this.y.below(base), this.y.below(base + 6)]
      : [this.y.above(base), this.y.above(base + 6)];
  }

  /** How much of the plot lies to the right of a place. */
  pixelsBeyond(x: number): number {
    const [first, last] = this.range;
    return ((last - x) / (last - first)) * (this.setting.size.width - MARGIN.l - MARGIN.r);
  }

  /** The places of a trial: none while it is queued, or runs without a report. */
  of(number: number): Place[] {
    const { study } = this;
    const row = study.row(number);
    if (row === undefined || study.status.at(row) === CODE.queued) return [];
    const ended = study.completed.at(row);
    const time = ended > 0 ? ended : this.setting.now;
    const x = this.options.axis === "time" ? localTime(time) : number;
    const value = shownValue(study, row);
    if (Number.isNaN(value)) {
      const running = study.status.at(row) === CODE.running;
      return running ? [] : [{ x, y: this.floor }];
    }
    const [tip, foot] = this.caret;
    return [{ x, y: this.y.beyond(value) ? (tip + foot) / 2 : value }];
  }
}
