/** A study in a list: what it is, how it stands, its best so far, its trials. */
import { toStart } from "../derived.ts";
import { h, svg } from "../dom.ts";
import * as format from "../format.ts";
import { STATUS_WORDS, studyMark } from "../marks.ts";
import { SHOWN, stateBar, stateCounts, type Counts } from "../state_bar.ts";
import { keyOf, type StudyRow } from "./source.ts";

const WIDTH = 116;
const HEIGHT = 28;

/** `address` is that of the study's page; without it, its name is a button. */
export function studyRow(
  study: StudyRow,
  selected: boolean,
  now: number,
  address: string | null,
): HTMLElement {
  const counts = allCounts(study);
  const box = h("input", {
    type: "checkbox",
    tabindex: -1,
    checked: selected,
    "aria-label": `Select ${study.name}`,
  });
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const rest = toStart(study.goal, study.finished, counts.running);
  const states = stateCounts(counts, { words: false });
  return h(
    "tr.hn-study-row",
    {
      role: "row",
      "data-testid": "study-row",
      "data-key": keyOf(study),
      "data-study": study.name,
      tabindex: -1,
      "aria-selected": String(selected),
    },
    h("td.hn-study-check", { role: "gridcell" }, box),
    h(
      "td.hn-study-about",
      { role: "gridcell" },
      address === null
        ? h("button.hn-study-name", { type: "button", tabindex: -1 }, study.name)
        : h("a.hn-study-name", { href: address, tabindex: -1 }, study.name),
      h("div.hn-caption", {}, aims(study)),
    ),
    h(
      "td.hn-study-status",
      { role: "gridcell" },
      h(
        "span.hn-state-word",
        {},
        studyMark(study.status),
        STATUS_WORDS[study.status].toLowerCase(),
      ),
      study.reason === null
        ? null
        : h("div.hn-caption.hn-study-reason", { title: study.reason }, study.reason),
    ),
    h("td.hn-study-spark", { role: "gridcell" }, sparkline(study, total)),
    h("td.hn-study-number", { role: "gridcell" }, ...bestOf(study)),
    h(
      "td.hn-study-states",
      { role: "gridcell" },
      stateBar(counts, rest),
      h(
        "div.hn-study-counts",
        {},
        ...(states.length ? states : [h("span.hn-muted", {}, "no trials")]),
      ),
    ),
    h(
      "td.hn-study-number.hn-study-done",
      { role: "gridcell" },
      format.integer(study.finished),
      study.goal === null ? null : h("span.hn-muted", {}, ` of ${format.integer(study.goal)}`),
    ),
    h(
      "td.hn-study-number.hn-study-workers",
      { role: "gridcell" },
      study.workers ? format.integer(study.workers) : h("span.hn-muted", {}, "–"),
    ),
    h(
      "td.hn-study-activity",
      { role: "gridcell", "data-time": study.activity },
      study.activity === null ? "–" : format.age(study.activity, now),
    ),
  );
}

function aims({ directions, metric }: StudyRow): string {
  return directions.length === 1 ? `${directions[0]} ${metric ?? "value"}` : directions.join(", ");
}

/** The best value; of several objectives how many trials are on the front. */
function bestOf({ history, front }: StudyRow): HTMLElement[] {
  const best = history.at(-1);
  const [value, note] = front
    ? [format.integer(front), "on the front"]
    : [best ? format.value(best[1]) : "–", best ? `trial ${best[0]}` : ""];
  return [h("div.hn-strong", {}, value), h("div.hn-caption", {}, note)];
}

function allCounts(study: StudyRow): Counts {
  return Object.fromEntries(SHOWN.map((status) => [status, study.counts[status] ?? 0])) as Counts;
}

/** The best value so far over the trials, on a scale of its own. */
function sparkline({ history, directions }: StudyRow, trials: number): SVGElement {
  const element = svg("svg", {
    class: "hn-sparkline",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    width: WIDTH,
    height: HEIGHT,
    role: "img",
    "aria-label": history.length
      ? `best so far: from ${format.value(history[0][1])} to ${format.value(history.at(-1)![1])}`
      : "no value yet",
  });
  const base = HEIGHT / 2;
  if (!history.length || directions.length > 1) {
    element.append(svg("path", { d: `M2 ${base}H${WIDTH - 4}`, class: "hn-sparkline-none" }));
    return element;
  }
  const values = history.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const last = Math.max(1, trials - 1, history.at(-1)![0]);
  const x = (number: number) => 2 + (number / last) * (WIDTH - 6);
  const y = (value: number) =>
    high > low ? 4 + ((high - value) / (high - low)) * (HEIGHT - 8) : base;
  let path = `M${x(history[0][0])} ${y(values[0])}`;
  for (const [number, value] of history.slice(1)) path += `H${x(number)}V${y(value)}`;
  path += `H${x(last)}`;
  element.append(
    svg("path", { d: path, class: "hn-sparkline-line" }),
    svg("circle", { cx: x(last), cy: y(values.at(-1)!), r: 2.5, class: "hn-sparkline-end" }),
  );
  return element;
}
