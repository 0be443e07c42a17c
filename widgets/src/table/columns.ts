/** The columns of the trial table: what each shows of a trial, by its row in the study. */
import { metricName, twoBest } from "../derived.ts";
import { secondsOf, shownStatus } from "../filter/trial_names.ts";
import * as format from "../format.ts";
import { shownChoice } from "../space.ts";
import type { Parameter, Study } from "../study.ts";
import { stateCell } from "./cells.ts";
import { curveCell } from "./sparkline.ts";

export interface Column {
  id: string;
  title: string;
  /** The title in at most two lines, parted by a zero-width space. */
  header: string;
  /** Pixels that the header and its cells need. */
  width: number;
  align: "left" | "right";
  /** Whether it is shown where nobody chose: always, as far as there is room, or never. */
  shown: "always" | "if there is room" | "on demand";
  /** What it is sorted by; NaN and empty texts come last. */
  key(row: number): number | string;
  /** The cell's text. */
  text?(row: number): string;
  /** The cell, where it is more than a text. */
  draw?(row: number): Node;
  isMuted?(row: number): boolean;
  sortable?: false;
}

const DIGIT = 7.2;
const HEADER_LETTER = 6.2;
const PADDING = 17;
const SORT_ARROW = 12;
const SCROLL_BAR = 15;

/** Return the columns of a study, with its parameters in some order. */
export function columnsOf(study: Study, parameters: readonly string[]): Column[] {
  const decimals = decimalsOf(study);
  return [
    column("number", "Trial", 4, {
      key: (row) => study.number.at(row),
      text: (row) => String(study.number.at(row)),
    }),
    {
      ...column("state", "State", 0, {
        key: (row) => (study.best === row ? "" : shownStatus(study, row)),
        draw: (row) => stateCell(study, row),
      }),
      width: 108,
    },
    column("value", capitalized(metricName(study)), Math.max(8, decimals() + 4), {
      align: "right",
      key: (row) => study.shown(row),
      text: (row) => format.value(study.shown(row), decimals()),
      isMuted: (row) => shownStatus(study, row) !== "completed",
    }),
    {
      ...column("curve", "Curve", 0, {
        key: () => 0,
        draw: (row) => curveCell(study, row),
      }),
      sortable: false,
      shown: "if there is room",
      width: 72,
    },
    ...parameters.map((name) => parameterColumn(study, study.parameters.get(name)!)),
    column("step", "Step", 6, {
      align: "right",
      key: (row) => (study.lastStep.at(row) < 0 ? NaN : study.lastStep.at(row)),
      text: (row) => stepText(study, row),
    }),
    column("time", "Time min:s", 8, {
      align: "right",
      key: (row) => secondsOf(study, row, Date.now() / 1000),
      text: (row) => format.clock(secondsOf(study, row, Date.now() / 1000)),
    }),
    {
      ...column("worker", "Worker", Math.min(16, longest(study.workers)), {
        key: (row) => study.workers[study.worker.at(row)] ?? "",
        text: (row) =>
          study.statusAt(row) === "queued"
            ? "next free"
            : (study.workers[study.worker.at(row)] ?? "–"),
        isMuted: (row) => study.statusAt(row) === "queued",
      }),
      width: Math.max(86, Math.min(16, longest(study.workers)) * DIGIT + PADDING),
    },
    moment("started", "Started", study.started),
    moment("ended", "Ended", study.completed),
    {
      ...column("retry_of", "Repeats", 5, {
        align: "right",
        key: (row) => (study.retryOf.at(row) < 0 ? NaN : study.retryOf.at(row)),
        text: (row) => (study.retryOf.at(row) < 0 ? "–" : String(study.retryOf.at(row))),
      }),
      shown: "on demand",
    },
  ];
}

/** Return what tells the decimals of values, looking for the two best once for each state. */
export function decimalsOf(study: Study): () => number {
  let [revision, decimals] = [NaN, 4];
  return () => {
    if (study.revision !== revision) {
      revision = study.revision;
      decimals = format.decimalsFor(...twoBest(study));
    }
    return decimals;
  };
}

/** Ids of the columns that are shown where nobody chose, in a table of some pixels. */
export function fitting(columns: Column[], width: number): string[] {
  const always = columns.filter(({ shown }) => shown === "always");
  let left = width - SCROLL_BAR - always.reduce((sum, column) => sum + column.width, 0);
  const shown = new Set(always.map(({ id }) => id));
  for (const column of columns) {
    if (column.shown !== "if there is room") continue;
    if (column.id === "curve" && width < 760) continue;
    if (column.width > left) break;
    left -= column.width;
    shown.add(column.id);
  }
  return columns.filter(({ id }) => shown.has(id)).map(({ id }) => id);
}

type Given = Pick<Column, "key"> & Partial<Column>;

function column(id: string, title: string, characters: number, given: Given): Column {
  const header = inTwoLines(title);
  const letters = longest(header.split(/[\u200b ]/));
  const width = PADDING + Math.max(characters * DIGIT, letters * HEADER_LETTER + SORT_ARROW);
  return { id, title, header, width: Math.ceil(width), align: "left", shown: "always", ...given };
}

function parameterColumn(study: Study, parameter: Parameter): Column {
  const { name, kind } = parameter;
  return column(`parameter:${name}`, name, parameterCharacters(parameter), {
    align: kind === "categorical" && !isNumeric(parameter) ? "left" : "right",
    shown: "if there is room",
    key: (row) => sortKey(study.parameters.get(name)!, row),
    text: (row) => parameterText(study.parameters.get(name)!, row),
    isMuted: (row) => study.statusAt(row) === "queued",
  });
}

/** Whether all choices are numbers. */
export function isNumeric(parameter: Parameter): boolean {
  return (
    parameter.kind !== "categorical" ||
    parameter.choices!.every((choice) => typeof choice === "number")
  );
}

function sortKey(parameter: Parameter, row: number): number | string {
  const value = parameter.values.at(row);
  if (parameter.kind !== "categorical" || Number.isNaN(value)) return value;
  const choice = parameter.choices![value];
  return isNumeric(parameter) ? (choice as number) : shownChoice(choice);
}

export function parameterText(parameter: Parameter, row: number): string {
  const value = parameter.values.at(row);
  if (Number.isNaN(value)) return "–";
  if (parameter.kind === "categorical") return shownChoice(parameter.choices![value]);
  if (parameter.kind === "int") return format.integer(value);
  return format.number(value, { log: parameter.log ?? false });
}

function parameterCharacters(parameter: Parameter): number {
  if (parameter.kind === "categorical")
    return Math.min(14, longest(parameter.choices!.map(shownChoice)));
  if (parameter.kind === "int")
    return longest([format.integer(parameter.low!), format.integer(parameter.high!)]);
  return parameter.log || parameter.low! < 0 ? 7 : 6;
}

function stepText(study: Study, row: number): string {
  const step = study.lastStep.at(row);
  if (step < 0) return "–";
  const all = study.lastStepOfAll;
  const status = study.statusAt(row);
  return status === "completed" || step >= all
    ? format.integer(step)
    : `${format.integer(step)}/${format.integer(all)}`;
}

function moment(id: string, title: string, times: { at(row: number): number }): Column {
  return {
    ...column(id, title, 14, {
      key: (row) => times.at(row),
      text: (row) => format.age(times.at(row), Date.now() / 1000),
    }),
    shown: "on demand",
  };
}

/** Part a long name at an underscore or a space, so that its lines are about equal. */
export function inTwoLines(title: string): string {
  if (title.length <= 9) return title;
  let parted = title;
  let best = title.length;
  for (const match of title.matchAll(/[_ ]/g)) {
    const lines = Math.max(match.index, title.length - match.index);
    if (lines < best) {
      best = lines;
      parted =
        match[0] === " "
          ? title
          : `${title.slice(0, match.index)}\u200b${title.slice(match.index)}`;
    }
  }
  return parted;
}

function longest(texts: Iterable<string>): number {
  let length = 0;
  for (const text of texts) length = Math.max(length, text.length);
  return length;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
