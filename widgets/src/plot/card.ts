/** The card that says what the trial under the pointer is. */
import { metricName } from "../derived.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { mark, WORDS } from "../marks.ts";
import type { Parameter, Study } from "../study.ts";

const SHOWN_PARAMETERS = 3;

/** What a card says of a trial. */
export function cardOf(study: Study, row: number): Node[] {
  const status = study.statusAt(row);
  const kind = row === study.best ? "best" : status;
  const facts: [string, string][] = [[valueName(study, row), format.value(study.shown(row))]];
  for (const parameter of study.parameters.values()) {
    if (facts.length > SHOWN_PARAMETERS) break;
    const drawn = parameterText(parameter, row);
    if (drawn !== null) facts.push([parameter.name, drawn]);
  }
  return [
    h(
      "div.hn-card-head",
      {},
      mark(kind),
      h("b.hn-strong", {}, `Trial ${study.number.at(row)}`),
      h("span.hn-muted", {}, WORDS[kind]),
    ),
    h(
      "dl.hn-card-facts",
      {},
      ...facts.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
    ),
    h("div.hn-caption", {}, `${[...run(study, row)].join(", ")}. Click to select.`),
  ];
}

function valueName(study: Study, row: number): string {
  const metric = metricName(study);
  return Number.isNaN(study.value.at(row)) && study.lastStep.at(row) >= 0
    ? `${metric} at step ${study.lastStep.at(row)}`
    : metric;
}

/** A parameter as a person reads it, null where the trial did not draw it. */
export function parameterText(parameter: Parameter, row: number): string | null {
  const value = parameter.values.at(row);
  if (Number.isNaN(value)) return null;
  if (parameter.kind === "categorical") return String(parameter.choices?.[value] ?? value);
  if (parameter.kind === "int") return format.integer(value);
  return format.number(value, { log: parameter.log ?? false });
}

function* run(study: Study, row: number): Generator<string> {
  const worker = study.worker.at(row);
  if (worker >= 0) yield study.workers[worker];
  const [started, completed] = [study.started.at(row), study.completed.at(row)];
  if (completed >= started) yield format.duration(completed - started);
  else if (started > 0) yield `since ${format.timeOfDay(new Date(started * 1000))}`;
  else yield "not started";
}
