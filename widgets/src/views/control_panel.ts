/** Orders to a study, how far it is, and what it was told. */
import { finishedCount, notStarted, pace } from "../derived.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { GaveUpNotice } from "../gave_up.ts";
import { liveness } from "../notices.ts";
import { Orders } from "../orders.ts";
import { stateBar } from "../state_bar.ts";
import { CODE, type Study } from "../study.ts";
import type { ViewContext } from "../view.ts";
import { studyState } from "./header.ts";

/** The time left moves on by itself. */
const TICK_MS = 5000;

export function controlPanel({ el, source, study }: ViewContext): () => void {
  const orders = new Orders(source);
  const busy = liveness(source);
  const gaveUp = new GaveUpNotice(source);
  const state = h("div.hn-header-state", { role: "status" });
  const progress = h("div.hn-controls-progress");
  const trial = new TrialChoice();
  trial.button.addEventListener("click", () => {
    if (trial.number !== null) void orders.stopTrial(trial.number);
  });
  const panel = h(
    "section.hn-panel.hn-controls",
    { "data-testid": "control-panel", "aria-label": "Controls" },
    h(
      "div.hn-panel-head",
      {},
      h("h3.hn-heading", {}, "Controls"),
      busy.passing,
      h("div.hn-push.hn-controls-row", {}, state, orders.pause, orders.stop),
    ),
    busy.element,
    gaveUp.element,
    progress,
    trial.element,
    orders.said.element,
  );
  el.append(panel);
  const draw = () => {
    if (!source.ready) return;
    state.replaceChildren(...studyState(study));
    progress.replaceChildren(
      h("div.hn-controls-line", {}, ...progressWords(study, Date.now() / 1000)),
      stateBar(study.counts(), notStarted(study)),
    );
    trial.update(study, source.selected);
    orders.update();
    gaveUp.update();
  };
  draw();
  const off = [source.changed.on(draw), source.selectionChanged.on(draw), busy.stop];
  const ticking = setInterval(draw, TICK_MS);
  return () => {
    off.forEach((stop) => stop());
    clearInterval(ticking);
  };
}

/** How many trials finished, and how long the others take. */
function progressWords(study: Study, now: number): HTMLElement[] {
  const finished = finishedCount(study);
  const { goal } = study.state;
  const { left } = pace(study, now);
  const of = goal === null ? "" : ` of ${format.integer(goal)}`;
  const until = format.timeOfDay(new Date((now + left) * 1000));
  return [
    h("span", {}, h("b.hn-strong", {}, format.integer(finished)), `${of} finished`),
    h(
      "span.hn-muted",
      {},
      Number.isFinite(left) && left > 0 ? `about ${format.roughly(left)} left, until ${until}` : "",
    ),
  ];
}

/** The choice of a running trial to stop. */
class TrialChoice {
  readonly select = h("select.hn-input", { "aria-label": "Running trial" });
  readonly button = h("button.hn-button", { type: "button" }, "Stop trial");
  readonly element = h("div.hn-controls-row");
  private known = "";

  get number(): number | null {
    return this.select.value ? Number(this.select.value) : null;
  }

  /** Offer the trials that run; a selected one comes first to hand. */
  update(study: Study, selected: readonly number[]): void {
    const running: number[] = [];
    for (let row = 0; row < study.length; row++)
      if (study.status.at(row) === CODE.running) running.push(row);
    const options = running.map((row) => [study.number.at(row), described(study, row)] as const);
    const known = JSON.stringify([options.map(([number]) => number), selected]);
    if (known === this.known) {
      options.forEach(([, text], i) => (this.select.options[i].textContent = text));
      return;
    }
    this.known = known;
    const wanted = selected.find((number) => options.some(([n]) => n === number)) ?? this.number;
    this.select.replaceChildren(
      ...options.map(([number, text]) =>
        h("option", { value: number, selected: number === wanted }, text),
      ),
    );
    this.element.replaceChildren(
      ...(options.length
        ? [this.select, this.button]
        : [h("span.hn-muted.hn-controls-row", {}, "No trial is running.")]),
    );
  }
}

function described(study: Study, row: number): string {
  const worker = study.workers[study.worker.at(row)];
  const step = study.lastStep.at(row);
  return [
    `Trial ${study.number.at(row)}`,
    worker ? ` on ${worker}` : "",
    step >= 0 ? `, step ${step}, ${format.value(study.lastReport.at(row))}` : "",
  ].join("");
}
