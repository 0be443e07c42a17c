/** Draws the optimization history. */
import { twoBest } from "../derived.ts";
import * as format from "../format.ts";
import type { Mark } from "../marks.ts";
import { CODE, STATUSES, type Study } from "../study.ts";
import type { Annotation, Drawing, Message, Place, Shape, Trace } from "./drawing.ts";
import type { History } from "./history.ts";
import { HistoryPlaces, type HistoryOptions, type Setting } from "./history_places.ts";
import { historyKey, historyLabel, NO_VALUE_KINDS } from "./history_words.ts";
import { markShapes } from "./mark_shapes.ts";
import { caretTraces, markTraces } from "./markers.ts";
import { dateText, localTime } from "./pixels.ts";
import { MANY } from "./points.ts";
import { columnOf, shownStatus } from "./shown.ts";
import { axisTitles, escaped, MARGIN, wholeTicks } from "./template.ts";

/** Room for "1 000 to go". */
const TO_GO_PIXELS = 72;

/** Running trials move on, and are shapes. */
const VALUE_KINDS: Mark[] = ["pruned", "completed"];

export function drawHistory(
  info: History,
  study: Study,
  options: HistoryOptions,
  setting: Setting,
): Drawing | Message {
  if (!info.number.length) {
    return {
      title: "No trials yet",
      text: "Start a worker, or run hpo.optimize in a cell; trials appear here.",
    };
  }
  return new HistoryDrawing(info, study, options, setting).draw();
}

class HistoryDrawing {
  private readonly info: History;
  private readonly study: Study;
  private readonly options: HistoryOptions;
  private readonly setting: Setting;
  private readonly at: HistoryPlaces;

  constructor(info: History, study: Study, options: HistoryOptions, setting: Setting) {
    this.info = info;
    this.study = study;
    this.options = options;
    this.setting = setting;
    this.at = new HistoryPlaces(info, study, options, setting);
  }

  draw(): Drawing {
    const { info, setting } = this;
    const carets = this.carets();
    return {
      view: `${this.options.axis} ${this.at.y.log ? "log" : "linear"}`,
      traces: [
        ...this.bestLine(),
        ...this.valueMarks(),
        ...this.floorMarks(),
        ...carets.traces,
        ...this.bestMark(),
      ],
      axes: {
        xaxis: {
          type: this.options.axis === "time" ? "date" : "linear",
          range: this.at.range,
          tickangle: 0,
          ...(this.options.axis === "trial" ? wholeTicks(this.at.range) : {}),
        },
        yaxis: info.range
          ? this.at.y.axis
          : { ...this.at.y.axis, showgrid: false, showticklabels: false },
      },
      shapes: this.nowLine(),
      annotations: [
        ...axisTitles(
          `${setting.metric}${this.at.y.log ? ", log" : ""}`,
          this.options.axis === "trial" ? "trial" : "",
        ),
        ...carets.notes,
        ...this.notes(),
      ],
      key: historyKey(info),
      label: historyLabel(info, this.study, setting.metric, carets.count),
      numbers: info.number,
      live: (changed) => this.live(changed),
      places: (number) => this.at.of(number),
    };
  }

  private rows(kind: Mark, wanted: (i: number) => boolean): number[] {
    const code = CODE[kind as keyof typeof CODE];
    const rows: number[] = [];
    for (let i = 0; i < this.info.status.length; i++) {
      if (this.info.status[i] === code && wanted(i)) rows.push(i);
    }
    return rows;
  }

  private points(rows: number[], y: (i: number) => number) {
    return {
      x: columnOf(rows, (i) => this.at.xs[i]),
      y: columnOf(rows, y),
      numbers: columnOf(rows, (i) => this.info.number[i]),
      among: this.info.number.length,
    };
  }

  private valueMarks(): Trace[] {
    const { value } = this.info;
    return VALUE_KINDS.flatMap((kind) => {
      const rows = this.rows(kind, (i) => !Number.isNaN(value[i]) && !this.at.y.beyond(value[i]));
      if (!rows.length) return [];
      const name = kind === "pruned" ? "pruned, at its last report" : kind;
      return markTraces(
        kind,
        this.points(rows, (i) => value[i]),
        this.setting.theme,
        name,
      );
    });
  }

  /** Trials that ended without a value, on the x axis. */
  private floorMarks(): Trace[] {
    const floor = this.at.floor;
    return [...NO_VALUE_KINDS, ...(["completed", "pruned"] as Mark[])].flatMap((kind) => {
      const rows = this.rows(kind, (i) => Number.isNaN(this.info.value[i]));
      return rows.length
        ? markTraces(
            kind,
            this.points(rows, () => floor),
            this.setting.theme,
          )
        : [];
    });
  }

  private carets(): { traces: Trace[]; notes: Annotation[]; count: number } {
    const { value } = this.info;
    const { colors } = this.setting.theme;
    const [tip, foot] = this.at.caret;
    const perPixel =
      (this.at.range[1] - this.at.range[0]) / (this.setting.size.width - MARGIN.l - MARGIN.r);
    let count = 0;
    const traces = VALUE_KINDS.flatMap((kind) => {
      const rows = this.rows(kind, (i) => this.at.y.beyond(value[i]));
      count += rows.length;
      if (!rows.length) return [];
      const color = colors[kind as "completed" | "pruned" | "running"];
      return caretTraces({ ...this.points(rows, () => tip), tip, foot }, color, perPixel);
    });
    if (!count) return { traces, notes: [], count };
    const { minimizes } = this.study;
    const note = {
      text: `${format.integer(count)} ${minimizes ? "above" : "below"} ${format.number(this.at.y.limit)}`,
      xref: "paper",
      x: 1,
      xanchor: "right",
      yref: "paper",
      y: 1,
      yanchor: "bottom",
      yshift: 8,
      showarrow: false,
    };
    return { traces, notes: [note], count };
  }

  private steps() {
    return this.options.axis === "time" ? this.info.byTime : this.info.byNumber;
  }

  private bestLine(): Trace[] {
    const { at, value } = this.steps();
    if (!at.length) return [];
    const { colors } = this.setting.theme;
    const place = this.options.axis === "time" ? localTime : (number: number) => number;
    return [
      {
        type: "scatter",
        mode: "lines",
        name: "best so far",
        x: [...at.map(place), this.at.present],
        y: [...value, value[value.length - 1]],
        line: { color: colors.best, width: 2, shape: "hv" },
        hoverinfo: "skip",
      },
    ];
  }

  private bestMark(): Trace[] {
    const best = this.info.byNumber.number.at(-1);
    const places = best === undefined ? [] : this.at.of(best);
    if (!places.length) return [];
    const points = {
      x: [places[0].x],
      y: [places[0].y],
      numbers: [best!],
      among: this.at.xs.length,
    };
    return markTraces("best", points, this.setting.theme);
  }

  private nowLine(): Shape[] {
    if (!this.at.toGo || this.options.axis === "time") return [];
    return [
      {
        type: "line",
        x0: this.at.present,
        x1: this.at.present,
        yref: "paper",
        y0: 0,
        y1: 1,
        line: { color: this.setting.theme.colors.edge, width: 1, dash: "dot" },
      },
    ];
  }

  private notes(): Annotation[] {
    const { colors } = this.setting.theme;
    const notes: Annotation[] = [];
    if (this.nowLine().length && this.at.pixelsBeyond(this.at.present) > TO_GO_PIXELS) {
      notes.push({
        text: `${format.integer(this.at.toGo)} to go`,
        x: this.at.present,
        xanchor: "left",
        xshift: this.at.running.size ? 9 : 3,
        yref: "paper",
        y: 1,
        yanchor: "top",
        yshift: -4,
        showarrow: false,
      });
    }
    const best = this.steps().value.at(-1);
    if (best === undefined) {
      const text = "no trial has completed yet";
      const [low, high] = this.at.range;
      const isLate = this.at.present > (low + high) / 2;
      notes.push({
        text,
        x: this.at.present,
        xanchor: isLate ? "right" : "left",
        xshift: isLate ? -9 : 9,
        yref: "paper",
        y: 0.5,
        showarrow: false,
      });
      return notes;
    }
    const text = format.value(best, format.decimalsFor(...twoBest(this.study)));
    if (this.info.number.length === 1) {
      notes.push({
        text: `<b>${escaped(text)}, the first value</b><br>a line appears from the second trial on`,
        align: "left",
        x: this.at.present,
        xanchor: "left",
        xshift: 14,
        y: this.at.y.log ? Math.log10(best) : best,
        yanchor: "middle",
        showarrow: false,
      });
      return notes;
    }
    const atEnd = this.at.present + (this.at.range[1] - this.at.range[0]) * 0.1 > this.at.range[1];
    notes.push({
      text,
      x: this.at.present,
      xanchor: atEnd ? "right" : "left",
      xshift: atEnd ? -4 : 6,
      y: this.at.y.log ? Math.log10(best) : best,
      yanchor: atEnd ? (this.study.minimizes ? "top" : "bottom") : "middle",
      yshift: atEnd ? (this.study.minimizes ? -6 : 6) : 0,
      font: { color: colors["best-text"] },
      showarrow: false,
    });
    return notes;
  }

  /** Running trials, and those that ended since this was drawn, unless one is the new best. */
  private live(changed: ReadonlySet<number>): Shape[] | null {
    const { study } = this;
    const best = study.best === null ? undefined : study.number.at(study.best);
    if (best !== this.info.byNumber.number.at(-1)) return null;
    const shapes: Shape[] = [];
    const radius = this.info.number.length < MANY ? 3.5 : 2;
    const numbers = new Set([...this.at.running, ...changed]);
    for (const number of numbers) {
      const row = study.row(number);
      if (row === undefined) return null;
      const kind = STATUSES[shownStatus(study, row)];
      const known = indexOf(this.info.number, number) >= 0;
      if (known && !this.at.running.has(number)) return null;
      for (const place of this.at.of(number)) {
        if (place.x > this.at.range[1]) return null;
        shapes.push(...markShapes(kind, this.shapePlace(place), this.setting.theme, radius));
      }
    }
    return shapes;
  }

  private shapePlace({ x, y }: Place): { x: number | string; y: number } {
    return { x: this.options.axis === "time" ? dateText(x) : x, y };
  }
}

/** Where a number stands in ascending ones, -1 where it does not. */
function indexOf(numbers: Int32Array, number: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] === number) return middle;
    if (numbers[middle] < number) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
