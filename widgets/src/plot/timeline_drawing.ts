/** Draws which worker ran which trial, and when. */
import * as format from "../format.ts";
import { CODE, STATUSES, type Study } from "../study.ts";
import { barLook, barTraces, type Bar } from "./bars.ts";
import type { Drawing, KeyEntry, Message, Place, Shape, Trace } from "./drawing.ts";
import { markTraces } from "./markers.ts";
import { dateText, localTime } from "./pixels.ts";
import { shownStatus } from "./shown.ts";
import { LaneNames } from "./lane_names.ts";
import { axisTitles, type Size } from "./template.ts";
import type { Theme } from "./theme.ts";
import { shareTraces } from "./time_shares.ts";
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

const LANE = 24;
const LEAST_LANES = 3;
const MOST_LANE_PIXELS = 384;
const LEAST_LANE_PIXELS = 240;
const MARGIN = { l: 56, r: 40, t: 8, b: 28 };
/** A bar's share of its lane. */
const FILLED = 0.76;
/** Bars narrower than this have no number. */
const LABEL_PIXELS = 26;
/** Where bars are narrower, lanes show how their time was spent, in bins of some pixels. */
const NARROW_PIXELS = 3;
const BIN_PIXELS = 5;
const MANY_BARS = 60;
const BEST_TEXT = "#1f1f1f";

/** The height that the lanes of a timeline take, in pixels. */
export function timelineHeight(lanes: number, by: "worker" | "trial"): number {
  const lanePixels =
    by === "trial"
      ? LEAST_LANE_PIXELS
      : Math.min(MOST_LANE_PIXELS, LANE * Math.max(LEAST_LANES, lanes));
  return lanePixels + MARGIN.t + MARGIN.b;
}

export function drawTimeline(
  info: Timeline,
  study: Study,
  setting: TimelineSetting,
): Drawing | Message {
  if (!info.number.length) {
    return {
      title: study.length ? "No trial has started" : "No trials yet",
      text: "Start a worker, or run hpo.optimize in a cell; bars appear here.",
    };
  }
  return new TimelineDrawing(info, study, setting).draw();
}

class TimelineDrawing {
  private readonly info: Timeline;
  private readonly study: Study;
  private readonly setting: TimelineSetting;
  private readonly lanes: number;
  private readonly margin: typeof MARGIN;
  private readonly start: Float64Array;
  private readonly end: Float64Array;
  private readonly range: [number, number];
  /** What of the range is looked at. */
  private readonly shown: [number, number];
  private readonly names: LaneNames;
  private readonly dense: boolean;
  private readonly pixel: { x: number; y: number };
  private readonly barOf = new Map<number, number>();
  private readonly running: boolean;

  constructor(info: Timeline, study: Study, setting: TimelineSetting) {
    this.info = info;
    this.study = study;
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

  draw(): Drawing {
    const { setting, lanes } = this;
    return {
      view: setting.by,
      traces: [
        ...(this.dense ? this.shares() : []),
        ...barTraces(this.bars(), FILLED, this.pixel, setting.theme),
        ...this.endMarks(),
        ...this.numbers(),
      ],
      axes: {
        xaxis: { type: "date", range: [...this.shown], showline: false, ticks: "", tickangle: 0 },
        yaxis: {
          range: [lanes - 0.5, -0.5],
          fixedrange: true,
          showgrid: false,
          ...(setting.by === "worker" ? { showticklabels: false } : this.trialTicks()),
        },
      },
      margin: this.margin,
      shapes: [
        ...this.nowLine(),
        ...setting.selected.flatMap((n) => this.outline(n, setting.theme.colors.accent)),
      ],
      annotations:
        setting.by === "worker"
          ? this.names.annotations(this.pixel.y, setting.theme)
          : axisTitles("", ""),
      key: this.keyEntries(),
      label: this.label(),
      note: this.note(),
      numbers: this.info.number,
      redrawsSelection: true,
      redrawsZoom: true,
      places: (number) => this.places(number),
      hit: (place) => this.hit(place),
      live: (changed) => this.live(changed),
      highlight: (number) => this.outline(number, setting.theme.colors.ink),
    };
  }

  private y(bar: number): number {
    return this.setting.by === "worker" ? this.info.lane[bar] : bar;
  }

  private *bars(): Generator<Bar> {
    const { info } = this;
    const best = this.bestNumber();
    for (let bar = 0; bar < info.number.length; bar++) {
      if (this.dense && info.number[bar] !== best) continue;
      const kind = info.number[bar] === best ? "best" : STATUSES[info.status[bar]];
      // The end of a trial that was lost may not be known.
      yield { x0: this.start[bar], x1: this.end[bar], y: this.y(bar), kind };
    }
  }

  private shares(): Trace[] {
    const { info, shown, pixel } = this;
    const bars = {
      lane: info.lane,
      kind: (bar: number) => STATUSES[info.status[bar]],
      start: this.start,
      end: this.end,
    };
    const width = BIN_PIXELS * pixel.x;
    const count = Math.ceil((shown[1] - shown[0]) / width);
    const bins = { lanes: info.lanes.length, first: shown[0], width, count };
    return shareTraces(bars, bins, FILLED, this.setting.theme);
  }

  private bestNumber(): number | null {
    return this.study.best === null ? null : this.study.number.at(this.study.best);
  }

  private endMarks(): Trace[] {
    if (this.dense || this.pixel.y * 8 > 1) return [];
    return (["diverged", "failed", "interrupted"] as const).flatMap((kind) => {
      const bars: number[] = [];
      this.info.status.forEach((status, bar) => {
        const wide = (this.end[bar] - this.start[bar]) / this.pixel.x > 14;
        if (status === CODE[kind] && wide) bars.push(bar);
      });
      if (!bars.length) return [];
      const points = {
        x: bars.map((bar) => this.end[bar] - 8 * this.pixel.x),
        y: bars.map((bar) => this.y(bar)),
        numbers: bars.map((bar) => this.info.number[bar]),
      };
      return markTraces(kind, points, this.setting.theme).map((trace) => ({
        ...trace,
        hoverinfo: "skip",
        showlegend: false,
      }));
    });
  }

  /** Numbers in the bars that have room for them. */
  private numbers(): Trace[] {
    if (this.dense || this.setting.by === "trial" || this.pixel.y * 14 > 1) return [];
    const { info } = this;
    const labelled = new Set<number>([CODE.completed, CODE.infeasible]);
    const bars: number[] = [];
    info.number.forEach((_, bar) => {
      const wide = (this.end[bar] - this.start[bar]) / this.pixel.x >= LABEL_PIXELS;
      if (wide && labelled.has(info.status[bar])) bars.push(bar);
    });
    const best = this.bestNumber();
    return [
      {
        type: "scatter",
        mode: "text",
        x: bars.map((bar) => (this.start[bar] + this.end[bar]) / 2),
        y: bars.map((bar) => this.y(bar)),
        text: bars.map((bar) =>
          info.number[bar] === best ? `<b>${best}</b>` : String(info.number[bar]),
        ),
        textfont: {
          color: bars.map((bar) =>
            info.number[bar] === best ? BEST_TEXT : this.setting.theme.colors.ink,
          ),
        },
        hoverinfo: "skip",
        showlegend: false,
      },
    ];
  }

  private trialTicks() {
    const every = Math.max(1, Math.ceil(this.lanes / 8));
    const tickvals: number[] = [];
    for (let bar = 0; bar < this.lanes; bar += every) tickvals.push(bar);
    return { tickvals, ticktext: tickvals.map((bar) => String(this.info.number[bar])) };
  }

  private nowLine(): Shape[] {
    if (!this.running) return [];
    const x = dateText(this.range[1]);
    return [
      {
        type: "line",
        x0: x,
        x1: x,
        yref: "paper",
        y0: 0,
        y1: 1,
        line: { color: this.setting.theme.colors.running, width: 1.5 },
        label: { text: "now", textposition: "end", yanchor: "top" },
      },
    ];
  }

  private outline(number: number, color: string): Shape[] {
    const bar = this.barOf.get(number);
    if (bar === undefined) return [];
    const tall = Math.max(FILLED, 3 * this.pixel.y) / 2;
    return [
      {
        type: "rect",
        xref: "x",
        yref: "y",
        x0: dateText(this.start[bar]),
        x1: dateText(Math.max(this.end[bar], this.start[bar] + this.pixel.x)),
        y0: this.y(bar) - tall,
        y1: this.y(bar) + tall,
        line: { color, width: 2 },
      },
    ];
  }

  /** Bars of trials that changed since this was drawn. */
  private live(changed: ReadonlySet<number>): Shape[] | null {
    const { study, info } = this;
    const best = this.bestNumber();
    if (this.setting.by === "trial" && changed.size) return null;
    const shapes: Shape[] = [];
    for (const number of changed) {
      const row = study.row(number);
      const worker = row === undefined ? -1 : study.worker.at(row);
      const lane = info.lanes.lastIndexOf(worker < 0 ? null : study.workers[worker]);
      if (number === best || row === undefined || lane < 0) return null;
      const [started, completed] = [study.started.at(row), study.completed.at(row)];
      const status = STATUSES[shownStatus(study, row)];
      const x0 = localTime(started);
      const x1 = completed >= started ? localTime(completed) : Math.max(x0, this.range[1]);
      shapes.push({
        type: "rect",
        x0: dateText(x0),
        x1: dateText(Math.max(x1, x0 + this.pixel.x)),
        y0: lane - FILLED / 2,
        y1: lane + FILLED / 2,
        ...barLook(status, this.setting.theme),
      });
    }
    return shapes;
  }

  private places(number: number): Place[] {
    const bar = this.barOf.get(number);
    return bar === undefined ? [] : [{ x: (this.start[bar] + this.end[bar]) / 2, y: this.y(bar) }];
  }

  /** The trial whose bar is under a place, a pixel or so beside it included. */
  private hit({ x, y }: Place): number | null {
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

  private keyEntries(): KeyEntry[] {
    const marks = ["completed", "pruned", "running", "diverged", "failed"] as const;
    return [
      ...(this.study.best === null ? [] : [{ label: "best", marks: ["best"] as const }]),
      ...marks
        .filter((kind) => this.info.status.includes(CODE[kind]))
        .map((kind) => ({ label: kind, marks: [kind] })),
    ];
  }

  private note(): string {
    const counts = this.study.counts();
    const running = counts.running ? `${format.integer(counts.running)} running` : "none running";
    const lost = counts.interrupted ? `${format.integer(counts.interrupted)} lost` : "none lost";
    const shares = this.dense ? "; shares of time by state, drag to zoom to trials" : "";
    return `${running}, ${lost}${shares}`;
  }

  private label(): string {
    const { info } = this;
    const workers = new Set(info.lanes).size;
    const span = format.duration((this.range[1] - this.range[0]) / 1000);
    return `Timeline of ${format.plural(info.number.length, "trial")} on ${format.plural(workers, "worker")} over ${span}: ${this.note()}.`;
  }
}
