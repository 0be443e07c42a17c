/** Draws which worker ran which trial, and when. */
import * as format from "../format.ts";
import { CODE, STATUSES, type Study } from "../study.ts";
import { barLook, barTraces, type Bar } from "./bars.ts";
import type { Drawing, KeyEntry, Message, Shape, Trace } from "./drawing.ts";
import { markTraces } from "./markers.ts";
import { dateText, localTime } from "./pixels.ts";
import { shownStatus } from "./shown.ts";
import { axisTitles } from "./template.ts";
import { shareTraces } from "./time_shares.ts";
import type { Timeline } from "./timeline.ts";
import { LEAST_LANES, MARGIN, TimelinePlaces, type TimelineSetting } from "./timeline_places.ts";

const LANE = 24;
const MOST_LANE_PIXELS = 384;
const LEAST_LANE_PIXELS = 240;
/** A bar's share of its lane. */
const FILLED = 0.76;
/** Bars narrower than this have no number. */
const LABEL_PIXELS = 26;
/** Shares of time are those of bins so wide. */
const BIN_PIXELS = 5;
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
  private readonly at: TimelinePlaces;

  constructor(info: Timeline, study: Study, setting: TimelineSetting) {
    this.info = info;
    this.study = study;
    this.setting = setting;
    this.at = new TimelinePlaces(info, study, setting);
  }

  draw(): Drawing {
    const { setting } = this;
    const { lanes } = this.at;
    return {
      view: setting.by,
      traces: [
        ...(this.at.dense ? this.shares() : []),
        ...barTraces(this.bars(), FILLED, this.at.pixel, setting.theme),
        ...this.endMarks(),
        ...this.numbers(),
      ],
      axes: {
        xaxis: {
          type: "date",
          range: [...this.at.shown],
          showline: false,
          ticks: "",
          tickangle: 0,
        },
        yaxis: {
          range: [lanes - 0.5, -0.5],
          fixedrange: true,
          showgrid: false,
          ...(setting.by === "worker" ? { showticklabels: false } : this.trialTicks()),
        },
      },
      margin: this.at.margin,
      shapes: [
        ...this.nowLine(),
        ...setting.selected.flatMap((n) => this.outline(n, setting.theme.colors.accent)),
      ],
      annotations:
        setting.by === "worker"
          ? this.at.names.annotations(this.at.pixel.y, setting.theme)
          : axisTitles("", ""),
      key: this.keyEntries(),
      label: this.label(),
      note: this.note(),
      numbers: this.info.number,
      redrawsSelection: true,
      redrawsZoom: true,
      places: (number) => this.at.of(number),
      hit: (place) => this.at.hit(place),
      live: (changed) => this.live(changed),
      highlight: (number) => this.outline(number, setting.theme.colors.ink),
    };
  }

  private *bars(): Generator<Bar> {
    const { info } = this;
    const best = this.bestNumber();
    for (let bar = 0; bar < info.number.length; bar++) {
      if (this.at.dense && info.number[bar] !== best) continue;
      const kind = info.number[bar] === best ? "best" : STATUSES[info.status[bar]];
      // The end of a trial that was lost may not be known.
      yield { x0: this.at.start[bar], x1: this.at.end[bar], y: this.at.y(bar), kind };
    }
  }

  private shares(): Trace[] {
    const { info } = this;
    const { shown, pixel } = this.at;
    const bars = {
      lane: info.lane,
      kind: (bar: number) => STATUSES[info.status[bar]],
      start: this.at.start,
      end: this.at.end,
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
    if (this.at.dense || this.at.pixel.y * 8 > 1) return [];
    return (["diverged", "failed", "lost"] as const).flatMap((kind) => {
      const bars: number[] = [];
      this.info.status.forEach((status, bar) => {
        const wide = (this.at.end[bar] - this.at.start[bar]) / this.at.pixel.x > 14;
        if (status === CODE[kind] && wide) bars.push(bar);
      });
      if (!bars.length) return [];
      const points = {
        x: bars.map((bar) => this.at.end[bar] - 8 * this.at.pixel.x),
        y: bars.map((bar) => this.at.y(bar)),
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
    if (this.at.dense || this.setting.by === "trial" || this.at.pixel.y * 14 > 1) return [];
    const { info } = this;
    const labelled = new Set<number>([CODE.completed, CODE.infeasible]);
    const bars: number[] = [];
    info.number.forEach((_, bar) => {
      const wide = (this.at.end[bar] - this.at.start[bar]) / this.at.pixel.x >= LABEL_PIXELS;
      if (wide && labelled.has(info.status[bar])) bars.push(bar);
    });
    const best = this.bestNumber();
    return [
      {
        type: "scatter",
        mode: "text",
        x: bars.map((bar) => (this.at.start[bar] + this.at.end[bar]) / 2),
        y: bars.map((bar) => this.at.y(bar)),
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
    const every = Math.max(1, Math.ceil(this.at.lanes / 8));
    const tickvals: number[] = [];
    for (let bar = 0; bar < this.at.lanes; bar += every) tickvals.push(bar);
    return { tickvals, ticktext: tickvals.map((bar) => String(this.info.number[bar])) };
  }

  private nowLine(): Shape[] {
    if (!this.at.running) return [];
    const x = dateText(this.at.range[1]);
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
    const bar = this.at.bar(number);
    if (bar === undefined) return [];
    const tall = Math.max(FILLED, 3 * this.at.pixel.y) / 2;
    return [
      {
        type: "rect",
        xref: "x",
        yref: "y",
        x0: dateText(this.at.start[bar]),
        x1: dateText(Math.max(this.at.end[bar], this.at.start[bar] + this.at.pixel.x)),
        y0: this.at.y(bar) - tall,
        y1: this.at.y(bar) + tall,
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
      const x1 = completed >= started ? localTime(completed) : Math.max(x0, this.at.range[1]);
      shapes.push({
        type: "rect",
        x0: dateText(x0),
        x1: dateText(Math.max(x1, x0 + this.at.pixel.x)),
        y0: lane - FILLED / 2,
        y1: lane + FILLED / 2,
        ...barLook(status, this.setting.theme),
      });
    }
    return shapes;
  }

  private keyEntries(): KeyEntry[] {
    const marks = [
      "completed",
      "pruned",
      "running",
      "diverged",
      "failed",
      "lost",
      "infeasible",
    ] as const;
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
    const lost = counts.lost ? `${format.integer(counts.lost)} lost` : "none lost";
    const shares = this.at.dense ? "; shares of time by state, drag to zoom to trials" : "";
    return `${running}, ${lost}${shares}`;
  }

  private label(): string {
    const { info } = this;
    const workers = new Set(info.lanes).size;
    const span = format.duration((this.at.range[1] - this.at.range[0]) / 1000);
    return `Timeline of ${format.plural(info.number.length, "trial")} on ${format.plural(workers, "worker")} over ${span}: ${this.note()}.`;
  }
}
