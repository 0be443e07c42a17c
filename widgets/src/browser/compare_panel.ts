/** Two or more studies compared: best so far, how values are spread, and a sentence. */
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { Said } from "../said.ts";
import { segments } from "../segments.ts";
import { bestSoFar, sentence, type Compared } from "./comparing.ts";
import type { BrowserSource, Completed, StudyRow } from "./source.ts";
import { stepPlot, type StepLine } from "./step_plot.ts";

/** Values above this share of all do not stretch the axis. */
const SHOWN_SHARE = 0.9;
const SIDE_BY_SIDE = 800;
const GAP = 16;

type Over = "trials" | "time";

export class ComparePanel {
  readonly element: HTMLElement;
  private readonly source: BrowserSource;
  private readonly title = h("h3.hn-heading");
  private readonly about = h("span.hn-caption");
  private readonly body = h("div.hn-compare-body");
  private readonly link = h("a.hn-button", { hidden: true }, "Open as a page");
  private readonly said = new Said();
  private over: Over = "trials";
  private studies: StudyRow[] = [];
  private compared: Compared[] = [];
  private read = "";

  /** `closed` is called by its button, which it has only with that. */
  constructor(source: BrowserSource, closed: (() => void) | null) {
    this.source = source;
    const close = h("button.hn-button.hn-button-plain", { type: "button" }, "Close");
    if (closed) close.addEventListener("click", closed);
    const over = segments("Over", { trials: "Trials", time: "Time" }, this.over, (value) => {
      this.over = value;
      this.draw();
    });
    this.element = h(
      "section.hn-panel.hn-compare",
      { "aria-label": "Comparison", hidden: true },
      h(
        "div.hn-panel-head",
        {},
        this.title,
        this.about,
        h("span.hn-push.hn-controls-row", {}, over.element, closed && this.link, closed && close),
      ),
      this.body,
      this.said.element,
    );
  }

  /** Follow the width, until the function that is returned is called. */
  follow(): () => void {
    let width = 0;
    const observer = new ResizeObserver(() => {
      if (this.body.clientWidth === width) return;
      width = this.body.clientWidth;
      this.draw();
    });
    observer.observe(this.element);
    return () => observer.disconnect();
  }

  /** Show studies; those that are shown already are read again where they have new trials. */
  async show(studies: StudyRow[]): Promise<void> {
    this.element.hidden = studies.length < 2;
    if (this.element.hidden) {
      this.studies = [];
      this.read = "";
      return;
    }
    const read = JSON.stringify(studies.map((s) => [s.storage, s.name, s.counts.completed]));
    if (read === this.read) return;
    this.read = read;
    this.studies = studies;
    const problem = whyNot(studies);
    this.title.textContent = `Comparing ${studies.length} studies`;
    this.link.hidden = !this.source.pages;
    this.link.href = this.source.pages?.compare(studies) ?? "";
    this.about.textContent = problem ? "" : likeness(studies);
    if (problem) {
      this.body.replaceChildren();
      this.compared = [];
      this.said.fail(new Error(problem));
      return;
    }
    try {
      const found = await Promise.all(
        studies.map(({ storage, name }) =>
          this.source.call<Completed>("completed", { storage, study: name }),
        ),
      );
      if (this.read !== read) return; // others were asked for meanwhile
      this.compared = found.map((completed, i) => ({ name: studies[i].name, ...completed }));
      this.draw();
    } catch (error) {
      this.said.fail(error);
    }
  }

  private draw(): void {
    if (!this.compared.length || this.element.hidden) return;
    const minimizes = this.studies[0].directions[0] === "minimize";
    const metric = this.studies[0].metric ?? "value";
    const all = this.compared.flatMap(({ values }) => values).sort((a, b) => a - b);
    this.said.say(sentence(this.compared, minimizes));
    if (!all.length) {
      this.body.replaceChildren();
      return;
    }
    const keep = Math.max(0, Math.ceil(all.length * SHOWN_SHARE) - 1);
    const [low, high] = minimizes
      ? [all[0], all[keep]]
      : [all[all.length - 1 - keep], all[all.length - 1]];
    const [left, right] = this.widths();
    this.body.replaceChildren(
      this.histories(minimizes, metric, low, high, left),
      this.spread(metric, low, high, right),
    );
  }

  /** Of the two plots: side by side where there is room. */
  private widths(): [number, number] {
    const width = Math.max(280, this.body.clientWidth);
    return width < SIDE_BY_SIDE
      ? [width, width]
      : [((width - GAP) * 7) / 12, ((width - GAP) * 5) / 12];
  }

  private histories(
    minimizes: boolean,
    metric: string,
    low: number,
    high: number,
    width: number,
  ): SVGElement {
    const byTime = this.over === "time";
    const lines: StepLine[] = this.compared.map(({ name, values, hours }) => ({
      name,
      named: true,
      points: bestSoFar(values, minimizes).map((value, i) => [byTime ? hours[i] : i + 1, value]),
    }));
    const last = Math.max(...lines.flatMap(({ points }) => points.map(([x]) => x)), 1e-3);
    const x = byTime
      ? { low: 0, high: last, title: "hours", text: hours }
      : { low: 1, high: Math.max(2, last), title: "completed trials", text: whole };
    const margin = (high - low) * 0.06 || Math.abs(high) * 0.01 || 1;
    const y = {
      low: low - margin,
      high: high + margin,
      title: `best ${metric} so far`,
      text: short,
    };
    return stepPlot(lines, x, y, `Best so far. ${sentence(this.compared, minimizes)}`, width);
  }

  private spread(metric: string, low: number, high: number, width: number): SVGElement {
    const lines: StepLine[] = this.compared.map(({ name, values }) => {
      const sorted = [...values].sort((a, b) => a - b);
      const points = sorted
        .map((value, i): [number, number] => [value, ((i + 1) / sorted.length) * 100])
        .filter(([value]) => value >= low && value <= high);
      const before = sorted.filter((value) => value < low).length;
      const first: [number, number] = [low, (before / Math.max(1, sorted.length)) * 100];
      const end: [number, number] = [high, points.at(-1)?.[1] ?? first[1]];
      return { name, named: false, points: sorted.length ? [first, ...points, end] : [] };
    });
    return stepPlot(
      lines,
      { low, high: high > low ? high : low + 1, title: metric, text: short },
      { low: 0, high: 100, title: "share of completed trials at or below", text: percent },
      `Share of completed trials at or below each ${metric}.`,
      width,
    );
  }
}

function whyNot(studies: StudyRow[]): string | null {
  const several = studies.find(({ directions }) => directions.length > 1);
  if (several) return `${several.name} has several objectives and cannot be compared.`;
  const other = studies.find(({ directions }) => directions[0] !== studies[0].directions[0]);
  if (!other) return null;
  return (
    `${studies[0].name} is to ${studies[0].directions[0]} and ${other.name} to ` +
    `${other.directions[0]}: choose studies of one direction.`
  );
}

function likeness(studies: StudyRow[]): string {
  const metrics = new Set(studies.map(({ metric }) => metric));
  return metrics.size === 1 ? "same direction, same metric" : "same direction, other metrics";
}

const whole = (value: number) => (Number.isInteger(value) ? format.integer(value) : "");
const hours = (value: number) => String(value);
const percent = (value: number) => `${value} %`;
const short = (value: number) =>
  Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(1).replace("e+", "e")
    : String(value).replace("-", "−");
