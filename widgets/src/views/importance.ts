/** Which parameters matter: median scores with their intervals, and what they rest on. */
import { pace } from "../derived.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { MIN_TRIALS, scale, shown, type Fanova, type Scores } from "../importance.ts";
import { nameElement } from "../names.ts";
import type { Source } from "../source.ts";
import type { Study } from "../study.ts";
import type { ViewContext } from "../view.ts";
import { whileVisible } from "../visible.ts";

export function importance({ el, source, model }: ViewContext): () => void {
  const body = h("div.hn-importance-body");
  const foot = h("div.hn-importance-foot");
  const head = h("div.hn-panel-head", {}, h("h3.hn-heading", {}, "Importance"));
  el.append(
    h(
      "section.hn-panel",
      { "data-testid": "importance", "aria-label": "Importance of parameters" },
      head,
      body,
      foot,
    ),
  );
  const chart = new Chart(source, body, foot, () => {
    model.set("evaluator", chart.evaluator);
    model.save_changes();
  });
  chart.evaluator = model.get("evaluator");
  const take = () => {
    chart.evaluator = model.get("evaluator");
    chart.draw();
  };
  model.on("change:evaluator", take);
  chart.draw();
  const stops = [
    source.changed.on(() => chart.draw()),
    source.importanceChanged.on(() => chart.draw()),
    source.healthChanged.on(() => chart.draw()),
    whileVisible(el, () => source.watchImportance()),
    () => model.off("change:evaluator", take),
  ];
  return () => stops.forEach((stop) => stop());
}

class Chart {
  evaluator: "ped-anova" | "fanova" = "ped-anova";
  private error = "";
  private asking = false;
  private drawn = "";
  private readonly source: Source;
  private readonly body: HTMLElement;
  private readonly foot: HTMLElement;
  private readonly chosen: () => void;

  constructor(source: Source, body: HTMLElement, foot: HTMLElement, chosen: () => void) {
    this.source = source;
    this.body = body;
    this.foot = foot;
    this.chosen = chosen;
  }

  draw(): void {
    const { source } = this;
    if (!source.ready) {
      this.body.replaceChildren(h("p.hn-muted", {}, "reading the study"), bones(4));
      return;
    }
    const { study } = source;
    const completed = study.counts().completed;
    const what = shown(completed, this.scores);
    // Trials come several times a second; what did not change keeps its focus and selection.
    const key = JSON.stringify([
      what.kind === "scores" ? [what.scores, study.parameters.size] : [what, left(study)],
      source.fanova,
      this.evaluator,
      this.error,
      this.asking && source.busy,
      what.kind === "waiting" && source.parameterOrder,
    ]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.body.replaceChildren(...this.main(what, study));
    this.keepFocus(() => this.foot.replaceChildren(...this.actions(what.kind === "scores")));
  }

  private get scores(): Scores | null {
    const { fanova, importance } = this.source;
    return this.evaluator === "fanova" && fanova?.state === "done" ? fanova : importance;
  }

  private main(what: ReturnType<typeof shown>, study: Study): Node[] {
    switch (what.kind) {
      case "few":
        return few(what.completed, study);
      case "waiting":
        return this.source.refusal
          ? [h("p.hn-muted", {}, "Scores need a kernel, and this page has none.")]
          : [h("p.hn-muted", {}, "computing the scores"), bones(study.parameters.size)];
      case "none":
        return [h("p.hn-muted", {}, what.reason)];
      case "scores":
        return [bars(what.scores), h("p.hn-caption", {}, what.scores.rests_on)];
    }
  }

  private actions(possible: boolean): Node[] {
    const { source } = this;
    if (!possible) return [];
    const { fanova } = source;
    const progress = this.asking || fanova?.state === "computing" ? words(fanova) : "";
    const busy = this.asking && source.busy ? " A cell keeps the kernel busy; it waits." : "";
    const error = this.error || (fanova?.state === "failed" ? fanova.error : "");
    const nodes: Node[] = [];
    if (progress) nodes.push(h("span.hn-muted", { role: "status" }, progress + busy));
    else if (this.evaluator === "fanova" && fanova?.state === "done") {
      nodes.push(this.button("Show PED-ANOVA", () => this.show("ped-anova")));
      if (fanova.n_trials < source.study.counts().completed)
        nodes.push(this.button("Compute fANOVA again", () => this.compute()));
    } else {
      nodes.push(this.button("Compute fANOVA", () => this.compute()));
      if (fanova?.state === "done")
        nodes.unshift(this.button("Show fANOVA", () => this.show("fanova")));
    }
    if (error && !progress) nodes.push(h("p.hn-error", { role: "alert" }, error));
    return nodes;
  }

  private button(text: string, action: () => void): HTMLElement {
    const button = h("button.hn-button", { type: "button" }, text);
    button.addEventListener("click", action);
    return button;
  }

  private show(evaluator: "ped-anova" | "fanova"): void {
    this.evaluator = evaluator;
    this.chosen();
    this.draw();
  }

  private compute(): void {
    this.error = "";
    this.asking = true;
    this.show("fanova");
    this.source
      .call("compute_fanova")
      .catch((error: Error) => (this.error = error.message))
      .finally(() => {
        this.asking = false;
        this.draw();
      });
  }

  /** Whoever pressed a button that another one replaces can go on from there. */
  private keepFocus(change: () => void): void {
    const had = this.foot.contains(document.activeElement);
    change();
    if (had) this.foot.querySelector("button")?.focus({ preventScroll: true });
  }
}

function words(fanova: Fanova | null): string {
  const done = fanova?.state === "computing" ? fanova.done : 0;
  return done && fanova?.state === "computing"
    ? `Computing fANOVA, ${done} of ${fanova.of} resamples.`
    : "Computing fANOVA.";
}

function bars(scores: Scores): HTMLElement {
  const at = scale(scores);
  const percent = (score: number) => `${(100 * at(score)).toFixed(2)}%`;
  const list = h("ul.hn-scores", { "aria-label": sentence(scores) });
  scores.names.forEach((name, i) => {
    const [median, low, high] = [scores.median[i], scores.low[i], scores.high[i]];
    const bar = h("span.hn-scores-bar");
    bar.style.width = percent(median);
    const line = h("span.hn-scores-line");
    line.style.left = percent(low);
    line.style.width = `${(100 * (at(high) - at(low))).toFixed(2)}%`;
    const interval = `80 % of resamples ${low.toFixed(2)} to ${high.toFixed(2)}`;
    list.append(
      h(
        "li.hn-scores-row",
        { title: `${name}: median ${median.toFixed(3)}, ${interval}` },
        nameElement(name),
        h("span.hn-scores-track", { "aria-hidden": "true" }, bar, line),
        h("span.hn-scores-score", {}, median.toFixed(2)),
        h("span.hn-visually-hidden", {}, interval),
      ),
    );
  });
  return list;
}

function sentence(scores: Scores): string {
  return `Importance of ${format.plural(scores.names.length, "parameter")} by ${scores.evaluator}, the most important first.`;
}

/** Grey bars where scores will be. */
function bones(count: number): HTMLElement {
  const list = h("div.hn-scores", { "aria-hidden": "true" });
  for (let i = 0; i < Math.max(1, count); i++)
    list.append(h("div.hn-scores-row.hn-scores-bone", {}, h("span"), h("span"), h("span")));
  return list;
}

function few(completed: number, study: Study): Node[] {
  const segments = h("div.hn-importance-segments", { "aria-hidden": "true" });
  for (let i = 0; i < MIN_TRIALS; i++) segments.append(h("span", { "data-done": i < completed }));
  const wait = left(study);
  return [
    h("p.hn-importance-count", {}, `${completed} of ${MIN_TRIALS} completed trials`),
    segments,
    h(
      "p.hn-muted",
      {},
      `Importance is shown from ${MIN_TRIALS} completed trials on. With fewer, the order of the parameters would be chance. Pruned trials do not count.`,
    ),
    ...(wait ? [h("p.hn-muted", {}, `At the present pace: about ${wait}.`)] : []),
  ];
}

/** Time until enough trials completed, going by those that did; empty where none runs. */
function left(study: Study): string {
  const counts = study.counts();
  if (!counts.running || !counts.completed || counts.completed >= MIN_TRIALS) return "";
  const { perHour } = pace(study, Date.now() / 1000);
  const finished = counts.completed + counts.pruned + counts.diverged + counts.failed;
  const share = counts.completed / finished;
  const seconds = ((MIN_TRIALS - counts.completed) / (perHour * share)) * 3600;
  return Number.isFinite(seconds) ? about(seconds) : "";
}

function about(seconds: number): string {
  return format.duration(seconds < 60 ? 5 * Math.ceil(seconds / 5) : 60 * Math.ceil(seconds / 60));
}
