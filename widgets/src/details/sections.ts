/** The parts of a trial's details that only the kernel knows. */
import { h, svg } from "../dom.ts";
import * as format from "../format.ts";
import { nameElement } from "../names.ts";
import { secondsOf } from "../filter/trial_names.ts";
import type { Study } from "../study.ts";
import { cleaned, LINES } from "./log.ts";
import type { Series, TrialDetails } from "./trial.ts";

export function section(title: string, note: string, ...children: (Node | null)[]): HTMLElement {
  return h(
    "section",
    {},
    h("div.hn-caption", {}, h("b.hn-section", {}, title), note ? ` ${note}` : null),
    ...children,
  );
}

/** Who ran it, when and with what. */
export function runFacts(study: Study, row: number, details: TrialDetails): HTMLElement {
  const { run } = details;
  const now = Date.now() / 1000;
  const facts: [string, string | null | undefined][] = [
    ["Worker", run.worker ?? study.workers[study.worker.at(row)]],
    ["Time", known(secondsOf(study, row, now), format.duration)],
    ["Started", known(study.started.at(row), (time) => format.age(time, now))],
    ["Ended", known(study.completed.at(row), (time) => format.age(time, now))],
    ["Memory", details.peak_memory === null ? null : `${format.bytes(details.peak_memory)} peak`],
    ["Seed", run.seed === undefined || run.seed === null ? null : String(run.seed)],
    ["Commit", run.commit ? commit(run.commit) : null],
    ...Object.entries(details.attributes),
  ];
  const versions = Object.entries(run.versions ?? {}).map((pair) => pair.join(" "));
  return section(
    "Run",
    "",
    factList(facts.filter((fact): fact is [string, string] => Boolean(fact[1]))),
    versions.length
      ? h(
          "div.hn-caption.hn-versions.hn-dotted",
          {},
          ...versions.map((version) => h("span", {}, version)),
        )
      : null,
  );
}

/** The parameters that a queued trial is to get; the sampler draws the others when it starts. */
export function queuedSection(queued: TrialDetails["queued"]): HTMLElement | null {
  const params = Object.entries(queued);
  if (!params.length) return null;
  return section("Parameters", "as queued; others are drawn when it starts", factList(params));
}

/** Files that were uploaded for a trial; where they are kept, a storage does not know. */
export function artifactsSection(artifacts: TrialDetails["artifacts"]): HTMLElement | null {
  if (!artifacts.length) return null;
  const files = artifacts.map(({ name, type }): [string, string] => [name, type]);
  return section("Artifacts", "", factList(files));
}

function factList(facts: [string, string][]): HTMLElement {
  return h(
    "dl.hn-facts",
    {},
    ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

function known(value: number, text: (value: number) => string): string | null {
  return Number.isNaN(value) ? null : text(value);
}

/** Ten digits; a `+` behind them says that files differed from it. */
function commit(text: string): string {
  return text.endsWith("+") ? `${text.slice(0, 10)}, changed` : text.slice(0, 10);
}

/** All that was reported beside the value: a line, and the last number. */
export function seriesSection(series: Series[]): HTMLElement | null {
  if (!series.length) return null;
  return section(
    "Series",
    "",
    h(
      "div.hn-strips",
      {},
      ...series.flatMap((one) => [
        nameElement(one.name),
        seriesLine(one),
        h("span.hn-strip-value", {}, format.number(lastOf(one), { digits: 4 })),
      ]),
    ),
  );
}

function lastOf({ values }: Series): number {
  return values.findLast((value) => value !== null) ?? NaN;
}

function seriesLine({ name, steps, values }: Series): SVGElement {
  const points = steps.flatMap((step, i) => (values[i] === null ? [] : [[step, values[i]]]));
  const xs = points.map(([step]) => step);
  const ys = points.map(([, value]) => value);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const x = (step: number) => (right > left ? ((step - left) / (right - left)) * 120 : 60);
  const y = (value: number) => (high > low ? 14 - ((value - low) / (high - low)) * 12 : 8);
  return svg(
    "svg",
    {
      class: "hn-series",
      viewBox: "0 0 120 16",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${name}: from ${format.number(ys[0] ?? NaN)} to ${format.number(ys.at(-1) ?? NaN)} over ${format.plural(points.length, "report")}`,
    },
    svg("polyline", {
      points: points
        .map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`)
        .join(" "),
    }),
  );
}

/** The end of what the trial wrote; all of what is kept on demand. */
export function logSection(log: string | null): HTMLElement | null {
  const lines = log === null ? [] : cleaned(log);
  if (!lines.length) return null;
  const code = h("pre.hn-code.hn-log", { tabindex: "0", role: "region", "aria-label": "Log" });
  const note = h("span");
  const all = h("button.hn-link", { type: "button" });
  const draw = (isWhole: boolean) => {
    const shown = isWhole ? lines : lines.slice(-LINES);
    code.textContent = shown.join("\n");
    code.scrollTop = code.scrollHeight;
    note.textContent =
      shown.length < lines.length
        ? ` last ${shown.length} of ${format.plural(lines.length, "line")} `
        : ` ${format.plural(lines.length, "line")} `;
    all.textContent = isWhole ? "Show the end" : "Show all";
    all.onclick = () => draw(!isWhole);
  };
  draw(false);
  return h(
    "section",
    {},
    h("div.hn-caption", {}, h("b.hn-section", {}, "Log"), note, lines.length > LINES ? all : null),
    code,
  );
}
