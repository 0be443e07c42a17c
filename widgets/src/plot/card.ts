/** The card that says what the trial under the pointer is. */
import { metricName } from "../derived.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { mark } from "../marks.ts";
import type { Source } from "../source.ts";
import type { Study } from "../study.ts";
import { parameterText } from "../table/columns.ts";

const SHOWN_PARAMETERS = 3;

/** What a card says of a trial. */
export function cardOf(source: Source, row: number): Node[] {
  const { study } = source;
  const status = study.statusAt(row);
  const kind = row === study.best ? "best" : status;
  const facts: [string, string][] = [[valueName(study, row), format.value(study.shown(row))]];
  for (const name of source.parameterOrder) {
    if (facts.length > SHOWN_PARAMETERS) break;
    const parameter = study.parameters.get(name)!;
    if (!Number.isNaN(parameter.values.at(row))) facts.push([name, parameterText(parameter, row)]);
  }
  return [
    h(
      "div.hn-card-head",
      {},
      mark(kind),
      h("b.hn-strong", {}, `Trial ${study.number.at(row)}`),
      h("span.hn-muted", {}, kind),
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

function* run(study: Study, row: number): Generator<string> {
  const worker = study.worker.at(row);
  if (worker >= 0) yield study.workers[worker];
  const [started, completed] = [study.started.at(row), study.completed.at(row)];
  if (completed >= started) yield format.duration(completed - started);
  else if (started > 0) yield `since ${format.timeOfDay(new Date(started * 1000))}`;
  else yield "not started";
}
