/** Draws learning curves. */
import { metricName } from "../derived.ts";
import * as format from "../format.ts";
import { CODE, type Point, type Study } from "../study.ts";
import { chosenCurves, thinned, type Curve, type Curves } from "./curves.ts";
import { lineTrace, STYLES, styleOf, type Look, type StyleName } from "./curve_styles.ts";
import type { Annotation, Drawing, KeyEntry, Message, Place, Shape, Trace } from "./drawing.ts";
import { markTraces } from "./markers.ts";
import { percentile, shownStatus } from "./shown.ts";
import type { Places } from "./report_axes.ts";
import { axisTitles, MARGIN, wholeTicks, type Size } from "./template.ts";
import { faded, type Theme } from "./theme.ts";
import { valueAxis, type ValueAxis } from "./value_axis.ts";

export interface CurvesOptions {
  axis: "step" | "epoch" | "tokens" | "time";
  /** Where a trial's reports stand on another axis than the step, as far as it is known. */
  places?(number: number): Places | undefined;
}

export interface CurvesSetting {
  theme: Theme;
  size: Size;
  selected: readonly number[];
  /** Seconds since 1970. */
  now: number;
}

/** More curves than this are no longer told apart, and take long to draw. */
export const MOST_CURVES = 200;
const MOST_POINTS = 120;
const MOST_LABELS = 6;
/** Room for the numbers at the lines' ends. */
const RIGHT = 56;
const LABEL_PIXELS = 12;
const KEY: readonly StyleName[] = ["best", "selected", "running", "completed", "pruned"];
const SECONDS = { s: 1, min: 60, h: 3600 };

/** A curve in the coordinates of the plot. */
interface Line {
  curve: Curve;
  style: StyleName;
  points: readonly Point[];
  end: Point;
}

export function drawCurves(
  info: Curves,
  study: Study,
  options: CurvesOptions,
  setting: CurvesSetting,
): Drawing | Message {
  if (!study.length) {
    return {
      title: "No trials yet",
      text: "Start a worker, or run hpo.optimize in a cell; curves appear here.",
    };
  }
  if (!info.curves.length) {
    return {
      title: "No reports yet",
      text: "A curve appears here when an objective calls hpo.report(value, step).",
    };
  }
  const drawing = new CurvesDrawing(info, study, options, setting);
  if (!drawing.length && options.places) {
    return {
      title: `No ${options.axis} reported`,
      text: `hpo.report(value, step, ${options.axis}=…) tells where a report stands.`,
    };
  }
  return drawing.draw();
}

class CurvesDrawing {
  private readonly info: Curves;
  private readonly study: Study;
  private readonly options: CurvesOptions;
  private readonly setting: CurvesSetting;
  private lines: Line[];
  private readonly byNumber: Map<number, Line>;
  private readonly unit: keyof typeof SECONDS;
  private readonly y: ValueAxis;
  private readonly range: [number, number];

  constructor(info: Curves, study: Study, options: CurvesOptions, setting: CurvesSetting) {
    this.info = info;
    this.study = study;
    this.options = options;
    this.setting = setting;
    const chosen = chosenCurves(info, setting.selected, MOST_CURVES);
    const longest = chosen.reduce((most, { number }) => Math.max(most, this.seconds(number)), 0);
    this.unit = longest > 7200 ? "h" : longest > 120 ? "min" : "s";
    this.lines = chosen.flatMap((curve) => this.line(curve));
    this.y = valueAxis(this.valueRange(), {
      log: true,
      minimizes: study.minimizes,
      pixels: setting.size.height - MARGIN.t - MARGIN.b,
    });
    this.lines = this.lines.map((line) => this.cut(line));
    this.byNumber = new Map(this.lines.map((line) => [line.curve.number, line]));
    const xs = this.lines.flatMap(({ points, end }) => [points[0].step, end.step]);
    const [first, last] = xs.reduce(
      ([low, high], x) => [Math.min(low, x), Math.max(high, x)],
      [options.axis === "step" ? Infinity : 0, -Infinity],
    );
    const room = (last - first || 1) * 0.02;
    this.range = [first - room, (last > first ? last : first + 1) + room];
  }

  /** How many curves are drawn. */
  get length(): number {
    return this.lines.length;
  }

  draw(): Drawing {
    const { lines, info, options } = this;
    const all = info.curves.length;
    const metric = metricName(this.study);
    return {
      view: `${options.axis} ${this.y.log ? "log" : "linear"}`,
      traces: [...this.lineTraces(), ...this.endMarks()],
      axes: {
        xaxis: {
          type: "linear",
          range: this.range,
          ...(options.axis === "step" ? wholeTicks(this.range) : {}),
        },
        yaxis: this.y.axis,
      },
      margin: { r: RIGHT },
      annotations: [
        ...axisTitles(`${metric}${this.y.log ? ", log" : ""}`, this.xTitle()),
        ...this.labels(),
      ],
      key: this.keyEntries(),
      label: this.label(),
      ...(all > lines.length
        ? { note: `${format.integer(lines.length)} of ${format.integer(all)} curves` }
        : {}),
      numbers: lines.map(({ curve }) => curve.number).sort((a, b) => a - b),
      redrawsSelection: true,
      places: (number) => this.places(number),
      live: (changed) => this.live(changed),
      highlight: (number) => this.highlight(number),
    };
  }

  private xTitle(): string {
    if (this.options.axis !== "time") return this.options.axis;
    const known = this.lines.every(({ curve }) => this.options.places?.(curve.number));
    return `${this.unit} since the start${known ? "" : ", steps spread evenly"}`;
  }

  private seconds(number: number): number {
    const row = this.study.row(number)!;
    const running = this.study.status.at(row) === CODE.running;
    const end = running ? this.setting.now : this.study.completed.at(row);
    return Math.max(0, end - this.study.started.at(row)) || 0;
  }

  private line(curve: Curve): Line[] {
    const finite = curve.points.filter(({ value }) => Number.isFinite(value));
    if (!finite.length) return [];
    const placed = this.placed(curve, finite);
    if (!placed.length) return [];
    const points = thinned(placed, MOST_POINTS);
    const style = styleOf(curve, this.info.best, this.setting.selected);
    return [{ curve, style, points, end: points[points.length - 1] }];
  }

  /** The points of a curve where they stand on the axis. */
  private placed(curve: Curve, points: readonly Point[]): readonly Point[] {
    const { axis, places } = this.options;
    if (axis === "step") return points;
    const unit = axis === "time" ? SECONDS[this.unit] : 1;
    const known = places?.(curve.number);
    if (known) {
      return points.flatMap(({ step, value }) => {
        const at = known.get(step);
        return at === undefined ? [] : [{ step: at / unit, value }];
      });
    }
    if (axis !== "time") return [];
    const each = this.seconds(curve.number) / unit / curve.points.length;
    return points.map(({ value }, i) => ({ step: (i + 1) * each, value }));
  }

  /** A curve that blows up ends where it leaves the axis. */
  private cut(line: Line): Line {
    const { points } = line;
    const at = points.findIndex(({ value }) => this.y.beyond(value));
    if (line.style !== "diverged" || at < 0) return line;
    const to = this.y.log ? Math.log10 : (value: number) => value;
    const edge = this.study.minimizes ? this.y.high : this.y.low;
    if (at === 0) {
      const end = { step: points[0].step, value: edge };
      return { ...line, points: [end], end };
    }
    const [before, after] = [points[at - 1], points[at]];
    const part = (to(edge) - to(before.value)) / (to(after.value) - to(before.value));
    const end = { step: before.step + part * (after.step - before.step), value: edge };
    return { ...line, points: [...points.slice(0, at), end], end };
  }

  /** Nine in ten curves are seen whole; diverged and failed ones do not stretch the axis. */
  private valueRange(): [number, number] {
    const sign = this.study.minimizes ? 1 : -1;
    const steady = this.lines.filter(
      ({ curve }) => curve.status !== CODE.diverged && curve.status !== CODE.failed,
    );
    const told = steady.length ? steady : this.lines;
    const losses = told.map(({ points }) => points.map(({ value }) => sign * value));
    const best = Math.min(...losses.map((values) => Math.min(...values)));
    const worst = percentile(
      losses.map((values) => Math.max(...values)),
      0.9,
    );
    return sign > 0 ? [best, worst] : [-worst, -best];
  }

  private lineTraces(): Trace[] {
    return Object.entries(STYLES).flatMap(([style, look]) => {
      const lines = this.lines.filter((line) => line.style === style);
      if (!lines.length) return [];
      return [
        lineTrace(
          lines.map(({ curve, points }) => ({ number: curve.number, points })),
          look,
          this.setting.theme,
        ),
      ];
    });
  }

  /** How the curves of trials that did not complete end. */
  private endMarks(): Trace[] {
    const kinds = ["pruned", "diverged", "failed", "interrupted", "running"] as const;
    return kinds.flatMap((kind) => {
      const lines = this.lines.filter(({ curve }) => curve.status === CODE[kind]);
      if (!lines.length) return [];
      const points = {
        x: lines.map(({ end }) => end.step),
        y: lines.map(({ end }) => this.clamped(end.value)),
        numbers: lines.map(({ curve }) => curve.number),
      };
      return markTraces(kind, points, this.setting.theme).map((trace) => ({
        ...trace,
        showlegend: false,
        opacity: kind === "pruned" ? 0.6 : 1,
      }));
    });
  }

  /** A value, or the edge of the axis that it lies beyond. */
  private clamped(value: number): number {
    return Math.min(this.y.below(5), Math.max(this.y.above(5), value));
  }

  /** Numbers at the ends of the best and the selected lines, apart from each other. */
  private labels(): Annotation[] {
    const { colors } = this.setting.theme;
    const { best } = this.info;
    const numbers = [best, ...this.setting.selected.filter((n) => n !== best)];
    const height = this.setting.size.height - MARGIN.t - MARGIN.b;
    const top = this.y.log ? Math.log10(this.y.high) : this.y.high;
    const bottom = this.y.log ? Math.log10(this.y.low) : this.y.low;
    const labels = numbers.slice(0, MOST_LABELS).flatMap((number) => {
      const line = number === null ? undefined : this.byNumber.get(number);
      if (!line) return [];
      const value = this.clamped(line.end.value);
      const y = this.y.log ? Math.log10(value) : value;
      return [{ line, y, pixel: ((top - y) / (top - bottom)) * height }];
    });
    labels.sort((a, b) => a.pixel - b.pixel);
    let free = -Infinity;
    return labels.map(({ line, y, pixel }) => {
      const at = Math.max(pixel, free);
      free = at + LABEL_PIXELS;
      const { number } = line.curve;
      return {
        text: number === best ? `${number} best` : String(number),
        x: line.end.step,
        xanchor: "left",
        xshift: 6,
        y,
        yanchor: "middle",
        yshift: pixel - at,
        font: { color: number === best ? colors["best-text"] : colors.accent },
        showarrow: false,
      };
    });
  }

  /** One line, which does not grow as trials run and are selected: end marks tell the rest. */
  private keyEntries(): KeyEntry[] {
    return KEY.map((style) => {
      const { color, dash = "solid", width }: Look = STYLES[style];
      return { label: style, line: color, dash, width: Math.max(1.5, width) };
    });
  }

  private label(): string {
    const { info, lines } = this;
    const shown = `Learning curves of ${format.plural(info.curves.length, "trial")}`;
    const part =
      info.curves.length > lines.length ? `, ${format.integer(lines.length)} of them drawn` : "";
    const best = info.best === null ? undefined : this.byNumber.get(info.best);
    if (!best) return `${shown}${part}.`;
    return `${shown}${part}. The best, trial ${info.best}, goes from ${format.value(best.points[0].value)} to ${format.value(best.end.value)} in ${format.plural(best.curve.points.length, "report")}.`;
  }

  private places(number: number): Place[] {
    const line = this.byNumber.get(number);
    return line ? [{ x: line.end.step, y: this.clamped(line.end.value) }] : [];
  }

  private highlight(number: number): Shape[] {
    const line = this.byNumber.get(number);
    return line ? pathOf(line, this.setting.theme.colors.ink, 2) : [];
  }

  /** Curves that are new, or longer than when this was drawn. */
  private live(changed: ReadonlySet<number>): Shape[] | null {
    const { study, setting } = this;
    const best = study.best === null ? null : study.number.at(study.best);
    if (best !== this.info.best || this.options.places) return null;
    const shapes: Shape[] = [];
    for (const number of changed) {
      const row = study.row(number);
      if (row === undefined) return null;
      const curve = { number, status: shownStatus(study, row), points: study.curve(number) };
      for (const line of this.line(curve).map((whole) => this.cut(whole))) {
        if (line.end.step > this.range[1]) return null;
        const { color, opacity = 1, width }: Look = STYLES[line.style];
        shapes.push(...pathOf(line, faded(setting.theme.colors[color], opacity), width));
      }
    }
    return shapes;
  }
}

function pathOf({ points }: Line, color: string, width: number): Shape[] {
  if (points.length === 1) return [];
  const path = points.map(({ step, value }, i) => `${i ? "L" : "M"}${step},${value}`).join("");
  return [{ type: "path", xref: "x", yref: "y", path, line: { color, width } }];
}
