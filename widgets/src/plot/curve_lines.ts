/** Learning curves in the coordinates of a plot: where their reports stand, and where they end. */
import { CODE, type Point, type Study } from "../study.ts";
import { chosenCurves, thinned, type Curve, type Curves } from "./curves.ts";
import { styleOf, type StyleName } from "./curve_styles.ts";
import type { Places } from "./report_axes.ts";
import { percentile } from "./shown.ts";
import { MARGIN, type Size } from "./template.ts";
import type { Theme } from "./theme.ts";
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
const SECONDS = { s: 1, min: 60, h: 3600 };

/** A curve in the coordinates of the plot. */
export interface Line {
  curve: Curve;
  style: StyleName;
  points: readonly Point[];
  end: Point;
}

export class CurveLines {
  readonly unit: keyof typeof SECONDS;
  readonly y: ValueAxis;
  readonly all: readonly Line[];
  readonly range: [number, number];
  private readonly byNumber: Map<number, Line>;
  private readonly info: Curves;
  private readonly study: Study;
  private readonly options: CurvesOptions;
  private readonly setting: CurvesSetting;

  constructor(info: Curves, study: Study, options: CurvesOptions, setting: CurvesSetting) {
    this.info = info;
    this.study = study;
    this.options = options;
    this.setting = setting;
    const chosen = chosenCurves(info, setting.selected, MOST_CURVES);
    const longest = chosen.reduce((most, { number }) => Math.max(most, this.seconds(number)), 0);
    this.unit = longest > 7200 ? "h" : longest > 120 ? "min" : "s";
    const whole = chosen.flatMap((curve) => this.whole(curve));
    this.y = valueAxis(this.valueRange(whole), {
      log: true,
      minimizes: study.minimizes,
      pixels: setting.size.height - MARGIN.t - MARGIN.b,
    });
    this.all = whole.map((line) => this.cut(line));
    this.byNumber = new Map(this.all.map((line) => [line.curve.number, line]));
    const xs = this.all.flatMap(({ points, end }) => [points[0].step, end.step]);
    const [first, last] = xs.reduce(
      ([low, high], x) => [Math.min(low, x), Math.max(high, x)],
      [options.axis === "step" ? Infinity : 0, -Infinity],
    );
    const room = (last - first || 1) * 0.02;
    this.range = [first - room, (last > first ? last : first + 1) + room];
  }

  /** The line of a trial, where it is drawn. */
  of(number: number): Line | undefined {
    return this.byNumber.get(number);
  }

  /** A curve as a line; none where it has no place. */
  line(curve: Curve): Line[] {
    return this.whole(curve).map((line) => this.cut(line));
  }

  /** A value, or the edge of the axis that it lies beyond. */
  clamped(value: number): number {
    return Math.min(this.y.below(5), Math.max(this.y.above(5), value));
  }

  private seconds(number: number): number {
    const row = this.study.row(number)!;
    const running = this.study.status.at(row) === CODE.running;
    const end = running ? this.setting.now : this.study.completed.at(row);
    return Math.max(0, end - this.study.started.at(row)) || 0;
  }

  private whole(curve: Curve): Line[] {
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
    if (line.curve.status !== CODE.diverged || at < 0) return line;
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
  private valueRange(lines: readonly Line[]): [number, number] {
    const sign = this.study.minimizes ? 1 : -1;
    const steady = lines.filter(
      ({ curve }) => curve.status !== CODE.diverged && curve.status !== CODE.failed,
    );
    const told = steady.length ? steady : lines;
    const losses = told.map(({ points }) => points.map(({ value }) => sign * value));
    const best = Math.min(...losses.map((values) => Math.min(...values)));
    const worst = percentile(
      losses.map((values) => Math.max(...values)),
      0.9,
    );
    return sign > 0 ? [best, worst] : [-worst, -best];
  }
}
