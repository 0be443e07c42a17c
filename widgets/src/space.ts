/** The parameters that a configuration may set: from the search space, else from what trials drew. */
import * as format from "./format.ts";
import type { Study } from "./study.ts";

/** What JSON holds; a choice may be a list. */
export type Value = unknown;
export type Params = Record<string, Value>;

export interface NumberField {
  name: string;
  kind: "float" | "int";
  low: number;
  high: number;
  log: boolean;
  /** Values are `low`, `low + step`, ...; null where any in between will do. */
  step: number | null;
  when: Conditions;
}

export interface ChoiceField {
  name: string;
  kind: "choice";
  choices: Value[];
  /** What Optuna stores of each choice, and conditions name. */
  labels: Value[];
  when: Conditions;
}

export type Field = NumberField | ChoiceField;
/** Labels of each parent that a parameter rests on; all must hold. */
type Conditions = Record<string, Value[]>;

interface StoredSpace {
  parameters: Record<string, { entry: [string, ...unknown[]]; when?: Conditions }>;
  constraints: string[];
}

/** The fields of a study's configurations, parents first; none where it has no space nor trials. */
export function fieldsOf(study: Study): Field[] {
  const space = study.state.space as StoredSpace | null;
  if (!space) return [...study.parameters.values()].map(drawn);
  const fields = Object.entries(space.parameters).map(([name, { entry, when = {} }]) =>
    stored(study, name, entry, when),
  );
  return parentsFirst(fields);
}

/** Expressions that a configuration must fulfil. */
export function constraintsOf(study: Study): string[] {
  return (study.state.space as StoredSpace | null)?.constraints ?? [];
}

function stored(
  study: Study,
  name: string,
  entry: [string, ...unknown[]],
  when: Conditions,
): Field {
  const [kind, ...values] = entry;
  if (kind === "categorical") {
    const choices = values[0] as Value[];
    const known = study.parameters.get(name)?.choices;
    const labels =
      known?.length === choices.length ? known : choices.map((choice) => labelOf(choice));
    return { name, kind: "choice", choices, labels, when };
  }
  const [low, high, step] = values as number[];
  const whole = kind.endsWith("int");
  return {
    name,
    kind: whole ? "int" : "float",
    low,
    high,
    log: kind.startsWith("log_"),
    step: whole ? (step ?? 1) : null,
    when,
  };
}

function drawn(parameter: Study["parameters"] extends Map<string, infer P> ? P : never): Field {
  const { name, kind } = parameter;
  if (kind === "categorical") {
    const choices = parameter.choices ?? [];
    return { name, kind: "choice", choices, labels: choices, when: {} };
  }
  const { low = 0, high = 0, log = false, step = null } = parameter;
  return { name, kind, low, high, log, step, when: {} };
}

function parentsFirst(fields: Field[]): Field[] {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const ordered = new Set<Field>();
  const add = (field: Field) => {
    for (const parent of Object.keys(field.when)) {
      const above = byName.get(parent);
      if (above && !ordered.has(above)) add(above);
    }
    ordered.add(field);
  };
  fields.forEach(add);
  return [...ordered];
}

/** A choice as Optuna stores it: itself, or the text of a list or dict as Python's JSON has it. */
function labelOf(choice: Value): Value {
  return typeof choice === "object" && choice !== null ? pythonJson(choice) : choice;
}

function pythonJson(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const items = Object.entries(value).map(([key, of]) => `${pythonJson(key)}: ${pythonJson(of)}`);
    return `{${items.join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** What a trial drew, by its row; whole configurations that `fieldsOf` describes. */
export function paramsOf(study: Study, fields: readonly Field[], row: number): Params {
  const params: Params = {};
  for (const field of fields) {
    const value = study.parameters.get(field.name)?.values.at(row) ?? NaN;
    if (Number.isNaN(value)) continue;
    params[field.name] = field.kind === "choice" ? field.choices[value] : value;
  }
  return params;
}

/** Whether a field applies, given the values of those before it. */
export function applies(field: Field, fields: readonly Field[], params: Params): boolean {
  return Object.entries(field.when).every(([parent, allowed]) => {
    if (!(parent in params)) return false;
    const above = fields.find(({ name }) => name === parent);
    const label =
      above?.kind === "choice" ? above.labels[choiceIndex(above, params[parent])] : null;
    return allowed.includes(above?.kind === "choice" ? label : params[parent]);
  });
}

/** The position of a choice, given as itself or by its label; -1 where it is none. */
export function choiceIndex(field: ChoiceField, value: Value): number {
  const text = JSON.stringify(value);
  const at = field.choices.findIndex((choice) => JSON.stringify(choice) === text);
  return at >= 0 ? at : field.labels.findIndex((label) => JSON.stringify(label) === text);
}

/** What a field allows: `1e-5 to 1e-2, log`, `0 to 2 000, step 500`, `one of 3`. */
export function rangeText(field: Field): string {
  if (field.kind === "choice") return `one of ${field.choices.length}`;
  const { log } = field;
  const ends = `${bound(field.low, log)} to ${bound(field.high, log)}`;
  if (log) return `${ends}, log`;
  const unit = field.kind === "int" ? 1 : null;
  return field.step === null || field.step === unit ? ends : `${ends}, step ${bound(field.step)}`;
}

/** A bound as people write it: `1e-5`, `0.3`, `2 000`; on a log scale `1e-2` too. */
function bound(value: number, log = false): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < (log ? 1 : 1e-3) || size >= 1e7)) {
    return value
      .toExponential()
      .replace("e+", "e")
      .replace("-", value < 0 ? "−" : "-");
  }
  return format.grouped(String(value)).replace("-", "−");
}

export type Read = { value: number } | { problem: string } | null;

/** Read a number; null where the text is empty, so that it is drawn. */
export function readNumber(field: NumberField, text: string): Read {
  const plain = text
    .trim()
    .replace(/[\s\u202f_]/g, "")
    .replace("−", "-");
  if (plain === "") return null;
  const value = Number(plain);
  const what = field.kind === "int" ? "a whole number" : "a number";
  if (!Number.isFinite(value)) return { problem: `must be ${what}, ${rangeText(field)}` };
  if (field.kind === "int" && !Number.isInteger(value))
    return { problem: `must be a whole number, ${rangeText(field)}` };
  if (value < field.low || value > field.high) return { problem: `must be ${rangeText(field)}` };
  if (field.step !== null && !onStep(value, field.low, field.step))
    return { problem: `must be ${nearSteps(value, field)}` };
  return { value };
}

function onStep(value: number, low: number, step: number): boolean {
  const steps = (value - low) / step;
  return Math.abs(steps - Math.round(steps)) < 1e-8;
}

function nearSteps(value: number, { low, high, step }: NumberField): string {
  const below = low + Math.floor((value - low) / step!) * step!;
  const digits = (n: number) => bound(Number(n.toPrecision(12)));
  const above = below + step!;
  return above > high ? digits(below) : `${digits(below)} or ${digits(above)}`;
}

/** A value for reading: three digits; `exact` for changing it. */
export function shownNumber(field: NumberField, value: number, { exact = false } = {}): string {
  if (exact || field.kind === "int") return String(value);
  return format.number(value, { log: field.log }).replace("−", "-");
}

/** A choice for reading, as Python writes it. */
export function shownChoice(choice: Value): string {
  if (choice === null) return "None";
  if (typeof choice === "boolean") return choice ? "True" : "False";
  return typeof choice === "string" ? choice : pythonJson(choice);
}
