/** Draws learning curves. */
import { metricName } from "../derived.ts";
import * as format from "../format.ts";
import { CODE, type Study } from "../study.ts";
import type { Curves } from "./curves.ts";
import { CurveLines, type CurvesOptions, type CurvesSetting, type Line } from "./curve_lines.ts";
import { lineTrace, STYLES, type Look, type StyleName } from "./curve_styles.ts";
import type { Annotation, Drawing, KeyEntry, Message, Place, Shape, Trace } from "./drawing.ts";
import { markTraces } from "./markers.ts";
import { shownStatus } from "./shown.ts";
import { axisTitles, MARGIN, wholeTicks } from "./template.ts";
import { faded } from "./theme.ts";
import type { ValueAxis } from "./value_axis.ts";

const MOST_LABELS = 6;
/** Room for the numbers at the lines' ends. */
const RIGHT = 56;
const LABEL_PIXELS = 12;
const KEY: readonly StyleName[] = ["best", "selected", "running", "completed", "pruned"];

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
  private readonly placed: CurveLines;
  private readonly lines: readonly Line[];
  private readonly y: ValueAxis;
  private readonly range: [number, number];

  constructor(info: Curves, study: Study, options: CurvesOptions, setting: CurvesSetting) {
    this.info = info;
    this.study = study;
    this.options = options;
    this.setting = setting;
    this.placed = new CurveLines(info, study, options, setting);
    this.lines = this.placed.all;
    this.y = this.placed.y;
    this.range = this.placed.range;
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
    return `${this.placed.unit} since the start${known ? "" : ", steps spread evenly"}`;
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
    const kinds = ["pruned", "diverged", "failed", "lost", "running"] as const;
    return kinds.flatMap((kind) => {
      const lines = this.lines.filter(({ curve }) => curve.status === CODE[kind]);
      if (!lines.length) return [];
      const points = {
        x: lines.map(({ end }) => end.step),
        y: lines.map(({ end }) => this.placed.clamped(end.value)),
        numbers: lines.map(({ curve }) => curve.number),
      };
      return markTraces(kind, points, this.setting.theme).map((trace) => ({
        ...trace,
        showlegend: false,
        opacity: kind === "pruned" ? 0.6 : 1,
      }));
    });
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
      const line = number === null ? undefined : this.placed.of(number);
      if (!line) return [];
      const value = this.placed.clamped(line.end.value);
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
    const best = info.best === null ? undefined : this.placed.of(info.best);
    if (!best) return `${shown}${part}.`;
    return `${shown}${part}. The best, trial ${info.best}, goes from ${format.value(best.points[0].value)} to ${format.value(best.end.value)} in ${format.plural(best.curve.points.length, "report")}.`;
  }

  private places(number: number): Place[] {
    const line = this.placed.of(number);
    return line ? [{ x: line.end.step, y: this.placed.clamped(line.end.value) }] : [];
  }

  private highlight(number: number): Shape[] {
    const line = this.placed.of(number);
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
      for (const line of this.placed.line(curve)) {
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
