/** What a study is, how it stands, and the figures that answer most questions. */
import {
  finishedCount,
  formerBest,
  metricName,
  notStarted,
  pace,
  runningWorkers,
  savedByPruning,
  studyStatus,
  twoBest,
} from "../derived.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { GaveUpNotice } from "../gave_up.ts";
import { mark, STATUS_WORDS, studyMark } from "../marks.ts";
import { Orders } from "../orders.ts";
import { liveness } from "../notices.ts";
import type { Source } from "../source.ts";
import { stateBar, stateCounts } from "../state_bar.ts";
import type { Study } from "../study.ts";
import type { ViewContext } from "../view.ts";

/** Ages and the time left move on by themselves. */
const TICK_MS = 5000;

export function header({ el, source, study, model }: ViewContext): () => void {
  const orders = new Orders(source);
  const state = h("div.hn-header-state", { role: "status" });
  const busy = liveness(source);
  const gaveUp = new GaveUpNotice(source);
  const top = h("div.hn-header-top");
  const strip = h("div.hn-panel.hn-strip");
  el.append(top, busy.element, gaveUp.element, strip);
  const title = h("div");
  const draw = () => {
    if (!source.ready) return;
    title.replaceChildren(...about(source));
    state.replaceChildren(...studyState(study));
    orders.update();
    gaveUp.update();
    const now = Date.now() / 1000;
    strip.replaceChildren(
      figures(study, now),
      stateBar(study.counts(), notStarted(study)),
      counts(study),
    );
  };
  const enqueue = h("button.hn-button.hn-button-primary", { type: "button" }, "Enqueue…");
  enqueue.addEventListener("click", () => source.fillEnqueue(null));
  const buttons = model.get("controls") ? [orders.pause, orders.stop, enqueue] : [];
  const allow = () => buttons.forEach((button) => (button.hidden = source.readOnly));
  allow();
  top.append(
    h("div.hn-header-title", {}, title, busy.passing),
    h(
      "div.hn-header-side",
      {},
      h("div.hn-header-orders", {}, state, ...buttons),
      orders.said.element,
    ),
  );
  draw();
  const off = [busy.stop, source.changed.on(draw), source.readOnlyChanged.on(allow)];
  const ticking = setInterval(draw, TICK_MS);
  return () => {
    off.forEach((stop) => stop());
    clearInterval(ticking);
  };
}

/** Samplers whose names are abbreviations. */
const SAMPLERS: Record<string, string> = { tpe: "TPE", cmaes: "CMA-ES" };

function about(source: Source): HTMLElement[] {
  const { state } = source.study;
  const parts = [
    h("span", {}, `${state.direction} `, h("b", {}, metricName(source.study))),
    h("span", {}, "storage ", h("b", { title: source.storage }, shortStorage(source.storage))),
    state.sampler || state.pruner
      ? h(
          "span",
          {},
          [
            state.sampler && `${SAMPLERS[state.sampler] ?? state.sampler} sampler`,
            state.pruner && `${state.pruner} pruner`,
          ]
            .filter(Boolean)
            .join(", "),
        )
      : null,
  ].filter((part) => part !== null);
  return [h("h2.hn-title", {}, state.name), h("div.hn-header-about.hn-dotted", {}, ...parts)];
}

/** A file's name without its folders; of a server all that is known. */
function shortStorage(storage: string): string {
  return storage.startsWith("sqlite:") ? storage.replace(/^.*[\\/]/, "") : storage;
}

/** How a study stands: mark, word, workers. */
export function studyState(study: Study): HTMLElement[] {
  const kind = studyStatus(study);
  const workers = runningWorkers(study);
  return [
    h("span.hn-state-word", {}, studyMark(kind), h("span.hn-strong", {}, STATUS_WORDS[kind])),
    ...(workers ? [h("span.hn-muted", {}, format.plural(workers, "worker"))] : []),
  ];
}

function figures(study: Study, now: number): HTMLElement {
  const finished = finishedCount(study);
  const { perHour, busy, left } = pace(study, now);
  const saved = savedByPruning(study);
  const isKnown = saved.pruned > 0 && !Number.isNaN(saved.seconds);
  const goal = study.state.goal;
  return h(
    "div.hn-strip-figures",
    {},
    best(study, now),
    figure(
      "Finished",
      [format.integer(finished), goal === null ? null : `of ${format.integer(goal)}`],
      Number.isFinite(left) && left > 0
        ? `about ${format.roughly(left)} left, until ${format.timeOfDay(new Date((now + left) * 1000))}`
        : "",
    ),
    figure(
      "Pace",
      Number.isNaN(perHour) ? ["–", null] : format.pace(perHour),
      Number.isNaN(busy) ? "" : `workers busy ${format.percent(busy)}`,
    ),
    figure(
      "Saved by pruning",
      isKnown ? [format.duration(saved.seconds), "of worker time"] : ["–", null],
      isKnown ? `${format.percent(saved.share)} less compute` : "",
    ),
  );
}

function figure(title: string, [value, unit]: [string, string | null], note: string): HTMLElement {
  return h(
    "div.hn-figure",
    {},
    h("div.hn-caption", {}, title),
    h("div.hn-figure-value", {}, value, unit === null ? null : h("small", {}, unit)),
    h("div.hn-muted", {}, note),
  );
}

function best(study: Study, now: number): HTMLElement {
  const row = study.best;
  const title = h("div.hn-caption", {}, `Best ${metricName(study)}`);
  if (row === null) {
    return h(
      "div.hn-figure",
      {},
      title,
      h("div.hn-figure-value", {}, "–"),
      h("div.hn-muted", {}, "no completed trial"),
    );
  }
  const decimals = format.decimalsFor(...twoBest(study));
  const former = formerBest(study);
  const note = [`trial ${study.number.at(row)}`, format.age(study.completed.at(row), now)].join(
    ", ",
  );
  return h(
    "div.hn-figure",
    {},
    title,
    h(
      "div.hn-figure-value.hn-figure-best",
      {},
      mark("best"),
      format.value(study.value.at(row), decimals),
    ),
    h(
      "div.hn-muted",
      {},
      Number.isNaN(former) ? note : `${note}; was ${format.value(former, decimals)}`,
    ),
  );
}

function counts(study: Study): HTMLElement {
  const counts = study.counts();
  const shown = stateCounts(counts, { words: true });
  const rest = Math.max(0, notStarted(study) - counts.queued);
  return h(
    "div.hn-strip-counts",
    { "data-testid": "trial-count", "data-trials": study.length },
    ...(shown.length ? shown : [h("span.hn-muted", {}, "no trials")]),
    rest ? h("span.hn-push.hn-muted", {}, `${format.integer(rest)} not started`) : null,
  );
}
