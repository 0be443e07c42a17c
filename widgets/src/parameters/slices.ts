/** Draws how the value depends on each parameter: small plots with one shared value axis. */
import { metricName } from "../derived.ts";
import { topRows } from "../details/standing.ts";
import * as format from "../format.ts";
import { shortened } from "../names.ts";
import type { Annotation, Drawing, Message, Place, Shape, Trace } from "../plot/drawing.ts";
import { markShapes } from "../plot/mark_shapes.ts";
import { caretTraces, markTraces } from "../plot/markers.ts";
import { axisName } from "../plot/pixels.ts";
import { MANY } from "../plot/points.ts";
import { shownStatus, shownValue, valueRange } from "../plot/shown.ts";
import { escaped, type Size } from "../plot/template.ts";
import type { Theme } from "../plot/theme.ts";
import { valueAxis, type ValueAxis } from "../plot/value_axis.ts";
import { CODE, STATUSES, type Parameter, type Study } from "../study.ts";
import { across } from "../ticks.ts";
import { spanOf, type Span } from "./best.ts";
import { axisOf, coordinate, rangeOf, scaleOf, type Scale } from "./scale.ts";
import {
  columnsFor,
  domainOf,
  layOut,
  MARGIN,
  PLOT_HEIGHT,
  type SlicePlace,
} from "./slice_layout.ts";
import { thinned } from "./thin.ts";

const BAR = 4;
const MOST_TICKS = 5;
const KINDS = ["pruned", "completed"] as const;
interface Slice extends SlicePlace {
  parameter: Parameter;
  scale: Scale;
  span: Span | null;
}

export function drawSlices(
  study: Study,
  names: readonly string[],
  theme: Theme,
  size: Size,
): Drawing | Message {
  const parameters = names.flatMap((name) => study.parameters.get(name) ?? []);
  if (!study.length) return nothing();
  if (!parameters.length)
    return { title: "No parameters yet", text: "They appear with the first trial that draws one." };
  const slices = new SlicesDrawing(study, parameters, theme, size);
  if (!slices.hasValues)
    return { title: "No values yet", text: "They appear here when a trial reports or completes." };
  return slices.draw();
}

export function nothing(): Message {
  return {
    title: "No trials yet",
    text: "Start a worker, or run hpo.optimize in a cell; trials appear here.",
  };
}

class SlicesDrawing {
  private readonly study: Study;
  private readonly theme: Theme;
  private readonly y: ValueAxis;
  private readonly slices: Slice[];
  private readonly columns: number;
  private readonly values: Float64Array;
  private readonly statuses: Int32Array;
  private readonly top: number[];
  private readonly inner: { width: number; height: number };
  private readonly running = new Set<number>();
  private readonly best: number | null;
  private beyond = 0;

  constructor(study: Study, parameters: Parameter[], theme: Theme, size: Size) {
    this.study = study;
    this.theme = theme;
    this.values = Float64Array.from({ length: study.length }, (_, row) => shownValue(study, row));
    this.statuses = Int32Array.from({ length: study.length }, (_, row) => shownStatus(study, row));
    this.top = topRows(study);
    this.columns = columnsFor(size.width, parameters.length);
    this.y = valueAxis(valueRange(this.values, this.statuses, study.minimizes), {
      log: false,
      minimizes: study.minimizes,
      pixels: PLOT_HEIGHT,
    });
    this.inner = {
      width: size.width - MARGIN.l - MARGIN.r,
      height: size.height - MARGIN.t - MARGIN.b,
    };
    this.slices = layOut(parameters, this.columns, this.inner).map((place, i) => {
      const scale = scaleOf(parameters[i]);
      return { ...place, parameter: parameters[i], scale, span: spanOf(study, scale, this.top) };
    });
    for (let row = 0; row < study.length; row++)
      if (this.statuses[row] === CODE.running || this.statuses[row] === CODE.queued)
        this.running.add(study.number.at(row));
    this.best = study.best;
  }

  get hasValues(): boolean {
    return this.values.some(Number.isFinite);
  }

  draw(): Drawing {
    const traces = this.slices.flatMap((slice) => this.marks(slice));
    return {
      view: `slices ${this.columns}`,
      traces,
      axes: this.axes(),
      margin: MARGIN,
      shapes: this.slices.flatMap((slice) => this.bar(slice)),
      annotations: this.slices.map((slice) => this.name(slice)),
      key: [
        ...(this.top.length > 1
          ? [{ label: `range of the ${this.top.length} best`, marks: ["range"] as const }]
          : []),
        ...(this.top.length ? [{ label: "best", marks: ["best"] as const }] : []),
        { label: "selected", marks: ["selected"] as const },
        ...(this.beyond
          ? [
              {
                label: this.study.minimizes ? "above the axis" : "below the axis",
                marks: ["above"] as const,
              },
            ]
          : []),
      ],
      label: this.label(),
      numbers: this.numbers(),
      places: (number) => this.places(number),
      within: (range) => this.within(range),
      live: (changed) => this.live(changed),
    };
  }

  private axes(): Drawing["axes"] {
    const { height } = this.inner;
    const axes: Drawing["axes"] = {};
    for (const slice of this.slices) {
      axes[axisName(slice.x)] = {
        ...axisOf(slice.scale, across(slice.width, MOST_TICKS)),
        anchor: slice.y,
        domain: domainOf(slice.left, slice.width, this.inner.width),
      };
      if (slice.left > 0) continue;
      axes[axisName(slice.y)] = {
        ...this.y.axis,
        anchor: slice.x,
        nticks: 4,
        ...(slice.y === "y" ? {} : { matches: "y" }),
        domain: domainOf(slice.bottom, PLOT_HEIGHT, height),
      };
    }
    return axes;
  }

  private marks(slice: Slice): Trace[] {
    const column = slice.parameter.values;
    const traces: Trace[] = [];
    for (const kind of KINDS) {
      const [inside, outside]: number[][] = [[], []];
      for (let row = 0; row < this.values.length; row++) {
        if (this.statuses[row] !== CODE[kind]) continue;
        if (Number.isNaN(this.values[row]) || Number.isNaN(column.at(row))) continue;
        (this.y.beyond(this.values[row]) ? outside : inside).push(row);
      }
      if (inside.length) {
        const seen = thinned(inside, this.across(slice), (row) => this.up(this.values[row]));
        traces.push(...markTraces(kind, this.points(slice, seen), this.theme));
      }
      if (outside.length) {
        const [tip, foot] = this.caret();
        const [low, high] = rangeOf(slice.scale);
        this.beyond += outside.length;
        traces.push(
          ...this.carets(
            slice,
            thinned(outside, this.across(slice), () => 0),
            this.theme.colors[kind],
            (high - low) / slice.width,
            tip,
            foot,
          ),
        );
      }
    }
    const { best } = this;
    if (best !== null && !Number.isNaN(column.at(best)))
      traces.push(...markTraces("best", this.points(slice, [best]), this.theme));
    return traces;
  }

  /** How many pixels from the left end of its axis a row's mark is. */
  private across({ parameter, scale, width }: Slice): (row: number) => number {
    const [low, high] = rangeOf(scale);
    const { number } = this.study;
    return (row) => {
      const at = coordinate(scale, parameter.values.at(row), number.at(row));
      return (((scale.log ? Math.log10(at) : at) - low) / (high - low)) * width;
    };
  }

  /** How many pixels above the lower end of the value axis a value is. */
  private up(value: number): number {
    return ((value - this.y.low) / (this.y.high - this.y.low)) * PLOT_HEIGHT;
  }

  private points(slice: Slice, rows: readonly number[]) {
    const { study } = this;
    const column = slice.parameter.values;
    return {
      x: Float64Array.from(rows, (row) =>
        coordinate(slice.scale, column.at(row), study.number.at(row)),
      ),
      y: Float64Array.from(rows, (row) => this.values[row]),
      numbers: Int32Array.from(rows, (row) => study.number.at(row)),
      xaxis: slice.x,
      yaxis: slice.y,
      among: this.study.length * this.slices.length,
    };
  }

  private carets(
    slice: Slice,
    rows: readonly number[],
    color: string,
    perPixel: number,
    tip: number,
    foot: number,
  ): Trace[] {
    const points = { ...this.points(slice, rows), tip, foot };
    if (!slice.scale.log) return caretTraces(points, color, perPixel);
    // On a logarithmic axis the same number of pixels is the same factor.
    const [lines, hits] = caretTraces({ ...points, x: points.x.map(Math.log10) }, color, perPixel);
    return [
      { ...lines, x: (lines.x as number[]).map((at) => 10 ** at) },
      { ...hits, x: points.x },
    ];
  }

  private caret(): [tip: number, foot: number] {
    const { y, study } = this;
    return study.minimizes ? [y.below(1), y.below(6)] : [y.above(8), y.above(13)];
  }

  /** What the best span, on the x axis. */
  private bar(slice: Slice): Shape[] {
    const { scale, span } = slice;
    if (!span || this.top.length < 2) return [];
    const bottom = slice.bottom / this.inner.height;
    const [low, high] = rangeOf(scale);
    const perPixel = (high - low) / slice.width;
    const ends: [number, number][] = scale.choices
      ? span.choices.map((choice) => [choice - 0.3, choice + 0.3])
      : [widened(span.low, span.high, scale.log, 2 * perPixel)];
    return ends.map(([x0, x1]) => ({
      type: "line",
      xref: slice.x,
      x0,
      x1,
      yref: "paper",
      y0: bottom,
      y1: bottom,
      line: { color: this.theme.colors.ink, width: BAR },
    }));
  }

  private name(slice: Slice): Annotation {
    const longest = Math.max(6, Math.floor(slice.width / 6));
    const { name } = slice.scale;
    return {
      text: escaped(shortened(name, longest)),
      hovertext: name.length <= longest ? undefined : escaped(name),
      xref: "paper",
      x: slice.left / this.inner.width,
      xanchor: "left",
      yref: "paper",
      y: (slice.bottom + PLOT_HEIGHT) / this.inner.height,
      yanchor: "bottom",
      yshift: 1,
      font: { color: this.theme.colors.ink },
      showarrow: false,
    };
  }

  /** Trials that have a place, the best first, so that the keys pass what matters first. */
  private numbers(): number[] {
    const numbers: number[] = [];
    for (let row = 0; row < this.values.length; row++)
      if (!Number.isNaN(this.values[row])) numbers.push(this.study.number.at(row));
    return numbers.sort((a, b) => a - b);
  }

  private within(range: Record<string, [number, number]>): number[] {
    const slice = this.slices.find(({ x }) => x in range);
    if (!slice) return [];
    const inside = (value: number, [a, b]: [number, number]) =>
      value >= Math.min(a, b) && value <= Math.max(a, b);
    return this.numbers().filter((number) => {
      const place = this.places(number).find(({ xaxis }) => xaxis === slice.x);
      return place && inside(place.x, range[slice.x]) && inside(place.y, range[slice.y]);
    });
  }

  /** Running trials, and those that ended since this was drawn, unless one is the new best. */
  private live(changed: ReadonlySet<number>): Shape[] | null {
    const { study, theme } = this;
    if (study.best !== this.best) return null;
    const radius = study.length < MANY ? 3.5 : 2;
    const shapes: Shape[] = [];
    for (const number of new Set([...this.running, ...changed])) {
      const row = study.row(number);
      const drawn = row !== undefined && row < this.values.length && !this.running.has(number);
      if (row === undefined || drawn) return null;
      const kind = STATUSES[shownStatus(study, row)];
      for (const place of this.places(number))
        for (const shape of markShapes(kind, place, theme, radius))
          shapes.push({ ...shape, xref: place.xaxis, yref: place.yaxis });
    }
    return shapes;
  }

  private places(number: number): Place[] {
    const row = this.study.row(number);
    if (row === undefined) return [];
    const value = shownValue(this.study, row);
    if (Number.isNaN(value)) return [];
    const [tip, foot] = this.caret();
    const y = this.y.beyond(value) ? (tip + foot) / 2 : value;
    return this.slices.flatMap(({ parameter, scale, x, y: yaxis }) => {
      const value = parameter.values.at(row);
      if (Number.isNaN(value)) return [];
      return [{ x: coordinate(scale, value, number), y, xaxis: x, yaxis }];
    });
  }

  private label(): string {
    const { study } = this;
    const names = this.slices.map((slice) => slice.scale.name).join(", ");
    return `${metricName(study)} of ${format.plural(study.length, "trial")} against ${names}.`;
  }
}

/** Ends at least some units apart, exponents' units where the scale is logarithmic. */
function widened(low: number, high: number, log: boolean, least: number): [number, number] {
  const [a, b] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  const more = Math.max(0, least - (b - a)) / 2;
  return log ? [10 ** (a - more), 10 ** (b + more)] : [a - more, b + more];
}
