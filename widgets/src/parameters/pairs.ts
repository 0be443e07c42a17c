/** Draws two parameters against each other: the landscape of values, or the ranks of trials. */
import { metricName } from "../derived.ts";
import * as format from "../format.ts";
import type { Drawing, KeyEntry, Message, Place, Trace } from "../plot/drawing.ts";
import { markTraces } from "../plot/markers.ts";
import { pointsType } from "../plot/points.ts";
import { valueRange } from "../plot/shown.ts";
import { axisTitles, MARGIN, type Size } from "../plot/template.ts";
import { mixed, type Theme } from "../plot/theme.ts";
import type { Study } from "../study.ts";
import { across, upright } from "../ticks.ts";
import { rankedRows } from "./best.ts";
import { cellsOf, MIN_CONTOUR_TRIALS, rankShares } from "./grid.ts";
import { axisOf, coordinate, rangeOf, scaleOf, type Scale } from "./scale.ts";
import { thinned } from "./thin.ts";

const LEFT = 64;
const MOST_TICKS = 7;
const LEVELS = 8;
const MANY = 500;

export interface Pair {
  x: string;
  y: string;
}

export function drawPair(
  kind: "contour" | "rank",
  study: Study,
  pair: Pair,
  theme: Theme,
  size: Size,
): Drawing | Message {
  const [first, second] = [study.parameters.get(pair.x), study.parameters.get(pair.y)];
  if (!first || !second || first === second)
    return { title: "Two parameters are needed", text: "The trials have fewer so far." };
  const ranked = rankedRows(study);
  const rows = ranked.filter(
    (row) => !Number.isNaN(first.values.at(row)) && !Number.isNaN(second.values.at(row)),
  );
  if (!rows.length)
    return {
      title: "Nothing to compare yet",
      text: `No completed trial drew both ${pair.x} and ${pair.y}.`,
    };
  if (kind === "contour" && rows.length < MIN_CONTOUR_TRIALS)
    return {
      title: `${rows.length} of ${MIN_CONTOUR_TRIALS} completed trials`,
      text: "With fewer, the lines between them would be guesses.",
    };
  return new PairDrawing(
    kind,
    study,
    [scaleOf(first), scaleOf(second)],
    ranked,
    rows,
    theme,
    size,
  ).draw();
}

class PairDrawing {
  private readonly kind: "contour" | "rank";
  private readonly study: Study;
  private readonly x: Scale;
  private readonly y: Scale;
  private readonly ranked: number[];
  /** Rows of the trials that drew both, the best first. */
  private readonly rows: number[];
  private readonly theme: Theme;
  private readonly size: Size;

  constructor(
    kind: "contour" | "rank",
    study: Study,
    [x, y]: [Scale, Scale],
    ranked: number[],
    rows: number[],
    theme: Theme,
    size: Size,
  ) {
    this.kind = kind;
    this.study = study;
    [this.x, this.y] = [x, y];
    this.ranked = ranked;
    this.rows = rows;
    this.theme = theme;
    this.size = size;
  }

  draw(): Drawing {
    const { study, rows, x, y, kind } = this;
    const numbers = rows.map((row) => study.number.at(row));
    return {
      view: `${kind} ${x.name} ${y.name}`,
      traces: [
        ...(kind === "contour" ? [this.landscape(), this.trials()] : [this.ranks()]),
        ...this.best(),
      ],
      axes: {
        xaxis: axisOf(x, across(this.size.width - LEFT - MARGIN.r, MOST_TICKS)),
        yaxis: {
          ...axisOf(y, upright(this.size.height - MARGIN.t - MARGIN.b, MOST_TICKS)),
          showgrid: false,
        },
      },
      margin: { l: LEFT },
      annotations: axisTitles(titled(y), titled(x), LEFT),
      key: this.key(),
      label: this.label(),
      numbers: [...numbers].sort((a, b) => a - b),
      places: (number) => this.places(number),
      within: (range) => this.within(range),
    };
  }

  private at(scale: Scale, row: number): number {
    const value = this.study.parameters.get(scale.name)!.values.at(row);
    return coordinate(scale, value, this.study.number.at(row));
  }

  private points(rows: readonly number[]) {
    return {
      x: Float64Array.from(rows, (row) => this.at(this.x, row)),
      y: Float64Array.from(rows, (row) => this.at(this.y, row)),
      numbers: Int32Array.from(rows, (row) => this.study.number.at(row)),
    };
  }

  /** The best value in each cell of the plane, the darker the better. */
  private landscape(): Trace {
    const { study, theme, rows } = this;
    const values = (scale: Scale) => {
      const column = study.parameters.get(scale.name)!.values;
      return rows.map((row) => column.at(row));
    };
    const [across, along] = [cellsOf(this.x, values(this.x)), cellsOf(this.y, values(this.y))];
    const z: (number | null)[][] = along.centres.map(() => across.centres.map(() => null));
    // The best come first, and stay.
    rows.forEach((row, i) => (z[along.cell[i]][across.cell[i]] ??= study.value.at(row)));
    const { completed, panel } = theme.colors;
    const [low, high] = this.worthShowing();
    return {
      type: "contour",
      x: across.centres,
      y: along.centres,
      z,
      colorscale: [
        [0, mixed(completed, 0.9, panel)],
        [1, mixed(completed, 0.04, panel)],
      ],
      reversescale: !study.minimizes,
      zmin: low,
      zmax: high,
      zauto: false,
      showscale: false,
      connectgaps: true,
      autocontour: false,
      contours: { coloring: "fill", start: low, end: high, size: (high - low) / LEVELS || 1 },
      line: { width: 0.5, color: panel },
      hoverinfo: "skip",
    };
  }

  /** Values among which shades differ: worse ones are all as pale as the worst of these. */
  private worthShowing(): [number, number] {
    const values = Float64Array.from(this.rows, (row) => this.study.value.at(row));
    return valueRange(values, new Int32Array(values.length), this.study.minimizes)!;
  }

  private trials(): Trace {
    const points = this.points(this.seen());
    return {
      ...points,
      type: pointsType(points.x.length),
      mode: "markers",
      name: "completed",
      customdata: points.numbers,
      hoverinfo: "none",
      marker: {
        size: this.rows.length < MANY ? 6 : 3,
        color: this.theme.colors["ink-2"],
        line: { width: this.rows.length < MANY ? 1 : 0, color: this.theme.colors.panel },
      },
    };
  }

  /** Rows whose marks are seen; the best are drawn last, over the others. */
  private seen(): readonly number[] {
    const { width, height } = this.size;
    const pixels = (scale: Scale, whole: number) => {
      const [low, high] = rangeOf(scale);
      return (row: number) => {
        const at = this.at(scale, row);
        return (((scale.log ? Math.log10(at) : at) - low) / (high - low)) * whole;
      };
    };
    return thinned([...this.rows].reverse(), pixels(this.x, width), pixels(this.y, height));
  }

  private within(range: Record<string, [number, number]>): number[] {
    const inside = (value: number, [a, b]: [number, number]) =>
      value >= Math.min(a, b) && value <= Math.max(a, b);
    return this.rows
      .filter(
        (row) => inside(this.at(this.x, row), range.x) && inside(this.at(this.y, row), range.y),
      )
      .map((row) => this.study.number.at(row));
  }

  private ranks(): Trace {
    const { colors } = this.theme;
    const shares = rankShares(this.study, this.ranked);
    const rows = this.seen();
    return {
      ...this.points(rows),
      type: pointsType(rows.length),
      mode: "markers",
      name: "completed",
      customdata: rows.map((row) => this.study.number.at(row)),
      hoverinfo: "none",
      marker: {
        size: 8,
        color: rows.map((row) => shares.get(row)!),
        cmin: 0,
        cmax: 1,
        colorscale: [
          [0, colors.completed],
          [1, colors.line],
        ],
        line: { width: 0.5, color: colors.completed },
      },
    };
  }

  private best(): Trace[] {
    const { best } = this.study;
    if (best === null || !this.rows.includes(best)) return [];
    const among = this.seen().length;
    return markTraces("best", { ...this.points([best]), among }, this.theme);
  }

  private places(number: number): Place[] {
    const row = this.study.row(number);
    if (row === undefined) return [];
    const place = { x: this.at(this.x, row), y: this.at(this.y, row) };
    const drawn = !Number.isNaN(place.x) && !Number.isNaN(place.y) && this.ranked.includes(row);
    return drawn ? [place] : [];
  }

  private key(): KeyEntry[] {
    const metric = metricName(this.study);
    return [
      { label: `completed, the stronger the better the ${metric}`, marks: ["completed"] },
      { label: "best", marks: ["best"] },
      { label: "selected", marks: ["selected"] },
    ];
  }

  private label(): string {
    const { study, rows, x, y, kind } = this;
    const metric = metricName(study);
    const what = kind === "contour" ? `Best ${metric}` : `Ranks by ${metric}`;
    const best = rows[0];
    const column = (scale: Scale) => study.parameters.get(scale.name)!.values.at(best);
    return `${what} of ${format.plural(rows.length, "completed trial")} over ${x.name} and ${y.name}. The best of them, trial ${study.number.at(best)}, lies at ${column(x)} and ${column(y)}.`;
  }
}

function titled(scale: Scale): string {
  return scale.log ? `${scale.name}, log` : scale.name;
}
