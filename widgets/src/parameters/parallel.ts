/** Draws all parameters side by side, a line for each completed trial. */
import { metricName } from "../derived.ts";
import * as format from "../format.ts";
import { shortened } from "../names.ts";
import type { Annotation, Drawing, Message, Place, Shape, Trace } from "../plot/drawing.ts";
import { pointsType } from "../plot/points.ts";
import { valueRange } from "../plot/shown.ts";
import { escaped, type Size } from "../plot/template.ts";
import { faded, type Theme } from "../plot/theme.ts";
import type { Study } from "../study.ts";
import { upright } from "../ticks.ts";
import { rankedRows } from "./best.ts";
import { placeOn, scalesOf, ticksOf, type Scale } from "./scale.ts";
import { nothing } from "./slices.ts";
import { sampled } from "./thin.ts";

const MARGIN = { l: 24, r: 24, t: 40, b: 12 };
const MOST_LEVELS = 9;
const MOST_TICKS = 5;
const LONGEST_NAME = 16;
const MOST_LINES = 1000;
/** Pixels between axes below which names stand aslant and only the ends have words. */
const CLOSE = 80;

interface Column {
  name: string;
  /** Where a trial stands, 0 to 1; NaN where it did not draw the parameter. */
  at(row: number): number;
  ticks: [place: number, text: string][];
}

export function drawParallel(
  study: Study,
  names: readonly string[],
  selected: readonly number[],
  theme: Theme,
  size: Size,
): Drawing | Message {
  if (!study.length) return nothing();
  const rows = rankedRows(study);
  if (!rows.length)
    return { title: "No completed trial yet", text: "Each completed trial is a line here." };
  const scales = scalesOf(study, names);
  return new ParallelDrawing(study, scales, rows, selected, theme, size).draw();
}

class ParallelDrawing {
  private readonly study: Study;
  private readonly columns: Column[];
  /** Rows of the trials, the best first. */
  private readonly rows: number[];
  private readonly selected: readonly number[];
  private readonly theme: Theme;
  private readonly size: Size;

  constructor(
    study: Study,
    scales: Scale[],
    rows: number[],
    selected: readonly number[],
    theme: Theme,
    size: Size,
  ) {
    this.study = study;
    this.rows = rows;
    this.selected = selected;
    this.theme = theme;
    this.size = size;
    this.columns = [...scales.map((scale) => this.parameter(scale)), this.value()];
  }

  draw(): Drawing {
    const { rows, study, theme } = this;
    const best = rows[0];
    const chosen = this.selected
      .map((number) => study.row(number))
      .filter((row) => row !== undefined && row !== best) as number[];
    const shown = new Set(rows);
    const lit = chosen.filter((row) => shown.has(row));
    const drawn = sampled(rows, MOST_LINES);
    const muted = drawn.filter((row) => row !== best).reverse();
    const { colors } = theme;
    const opacity = Math.min(0.34, Math.max(0.04, 40 / drawn.length));
    return {
      view: `parallel ${this.columns.length}`,
      traces: [
        this.lines(muted, faded(colors.completed, opacity), 1, "completed"),
        this.lines(lit, colors.accent, 2, "selected"),
        this.lines([best], colors.best, 2.5, "best"),
        this.grips([...new Set([...drawn, ...lit])]),
      ].filter((trace) => (trace.x as number[]).length),
      axes: {
        xaxis: { range: [0, this.columns.length - 1], visible: false, fixedrange: true },
        yaxis: { range: [0, 1], visible: false },
      },
      margin: { ...MARGIN, ...this.sides(), ...(this.close ? { t: 96 } : {}) },
      shapes: this.columns.map((_, i) => ({
        type: "line",
        xref: "x",
        yref: "paper",
        x0: i,
        x1: i,
        y0: 0,
        y1: 1,
        layer: "below",
        line: { color: colors.edge, width: 1 },
      })),
      annotations: this.columns.flatMap((column, i) => this.writing(column, i)),
      key: [
        { label: "best", line: "best", width: 2.5 },
        { label: "selected", line: "accent" },
        {
          label:
            drawn.length < rows.length
              ? `${format.integer(drawn.length)} of ${format.integer(rows.length)} completed`
              : "completed",
          line: "completed",
          width: 1,
        },
      ],
      label: this.label(),
      numbers: rows.map((row) => study.number.at(row)),
      places: (number) => this.places(number),
      within: (range) => this.within(range),
      redrawsSelection: true,
      highlight: (number) => this.highlight(number),
    };
  }

  private parameter(scale: Scale): Column {
    const values = this.study.parameters.get(scale.name)!.values;
    const ticks = ticksOf(scale, upright(this.size.height - MARGIN.t - MARGIN.b, MOST_TICKS));
    const every = Math.ceil(ticks.length / MOST_LEVELS);
    return {
      name: scale.name,
      at: (row) => placeOn(scale, values.at(row)),
      ticks: ticks
        .filter((_, i) => i % every === 0)
        .map(({ value, text }) => [placeOn(scale, value), text]),
    };
  }

  /** The values, the better end at the top; worse ones than are worth showing lie at the bottom. */
  private value(): Column {
    const { study, rows } = this;
    const values = Float64Array.from(rows, (row) => study.value.at(row));
    const [low, high] = valueRange(values, new Int32Array(rows.length), study.minimizes)!;
    const [best, worst] = study.minimizes ? [low, high] : [high, low];
    const span = worst - best || 1;
    const place = (value: number) => Math.min(1, Math.max(0, 1 - (value - best) / span));
    const text = (value: number) => format.value(value, 3);
    return {
      name: metricName(study),
      at: (row) => (worst === best ? 0.5 : place(study.value.at(row))),
      ticks:
        worst === best
          ? [[0.5, text(best)]]
          : [
              [1, text(best)],
              [0.5, text((best + worst) / 2)],
              [0, text(worst)],
            ],
    };
  }

  private lines(rows: readonly number[], color: string, width: number, name: string): Trace {
    const [x, y]: number[][] = [[], []];
    for (const row of rows) {
      this.columns.forEach((column, j) => {
        const place = column.at(row);
        // A line passes by a parameter that its trial did not draw.
        if (Number.isNaN(place)) return;
        x.push(j);
        y.push(place);
      });
      x.push(NaN);
      y.push(NaN);
    }
    return {
      // What is drawn in a cloud lies over what is not: all lines are drawn the same way.
      type: pointsType((this.columns.length + 1) * Math.min(MOST_LINES, this.rows.length)),
      mode: "lines",
      name,
      x,
      y,
      line: { color, width },
      hoverinfo: "skip",
      connectgaps: false,
      cliponaxis: false,
    };
  }

  /** What the pointer finds: where lines cross the axes. */
  private grips(rows: readonly number[]): Trace {
    const [x, y, numbers]: number[][] = [[], [], []];
    for (const row of rows) {
      this.columns.forEach((column, j) => {
        const place = column.at(row);
        if (Number.isNaN(place)) return;
        x.push(j);
        y.push(place);
        numbers.push(this.study.number.at(row));
      });
    }
    return {
      type: pointsType(x.length),
      mode: "markers",
      x,
      y,
      customdata: numbers,
      marker: { size: 7, opacity: 0 },
      hoverinfo: "none",
      showlegend: false,
      cliponaxis: false,
      selected: { marker: { opacity: 0 } },
      unselected: { marker: { opacity: 0 } },
    };
  }

  /** Room for the words at the first and last axis. */
  private sides(): { l: number; r: number } {
    const { name, ticks } = this.columns.at(-1)!;
    const words = [name, ...ticks.map(([, text]) => text)];
    return { l: 12, r: 12 + 6.4 * Math.min(LONGEST_NAME, Math.max(...words.map((w) => w.length))) };
  }

  /** Pixels between two axes. */
  private get room(): number {
    const { l, r } = this.sides();
    return (this.size.width - l - r) / Math.max(1, this.columns.length - 1);
  }

  private get close(): boolean {
    return this.room < CLOSE;
  }

  private writing({ name, ticks }: Column, i: number): Annotation[] {
    const { theme, columns, close, room } = this;
    const last = i === columns.length - 1;
    const fitting = Math.max(4, Math.floor((room - 6) / 6.4));
    const longest = last || close ? LONGEST_NAME : fitting;
    const words = close && !last ? ticks.filter(([y]) => y < 0.02 || y > 0.98) : ticks;
    const at = { xref: "x", x: i, showarrow: false };
    return [
      {
        ...at,
        text: escaped(shortened(name, longest)),
        hovertext: name.length > longest ? escaped(name) : undefined,
        yref: "paper",
        y: 1,
        yshift: 10,
        ...(close ? { textangle: -45 } : {}),
        yanchor: "bottom",
        xanchor: "left",
        font: { color: theme.colors.ink },
      },
      ...words.map(([y, text]) => ({
        ...at,
        text: escaped(shortened(text, last ? LONGEST_NAME : fitting)),
        y,
        xanchor: "left",
        xshift: 4,
        bgcolor: faded(theme.colors.panel, 0.7),
        borderpad: 0,
      })),
    ];
  }

  private places(number: number): Place[] {
    const row = this.study.row(number);
    if (row === undefined || !this.rows.includes(row)) return [];
    return this.columns.flatMap((column, x) => {
      const y = column.at(row);
      return Number.isNaN(y) ? [] : [{ x, y }];
    });
  }

  /** Trials whose lines cross the axes inside a region. */
  private within({ x: [left, right], y: [low, high] }: Record<string, [number, number]>): number[] {
    const crossed = this.columns.filter((_, i) => i >= left && i <= right);
    return this.rows
      .filter((row) => crossed.some((column) => column.at(row) >= low && column.at(row) <= high))
      .map((row) => this.study.number.at(row));
  }

  private highlight(number: number): Shape[] {
    const places = this.places(number);
    if (places.length < 2) return [];
    const path = places.map(({ x, y }, i) => `${i ? "L" : "M"}${x},${y}`).join("");
    const line = { color: this.theme.colors.ink, width: 2 };
    return [{ type: "path", xref: "x", yref: "y", path, line }];
  }

  private label(): string {
    const names = this.columns.map((column) => column.name).join(", ");
    return `${format.plural(this.rows.length, "completed trial")} as lines over ${names}. The best is trial ${this.study.number.at(this.rows[0])}.`;
  }
}
