/** What a study is, how it stands, and the figures that answer most questions. */
import {
  finishedCount,
  formerBest,
  metricName,
  pace,
  runningWorkers,
  savedByPruning,
  studyStatus,
  twoBest,
} from "../derived.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { mark, studyMark, WORDS } from "../marks.ts";
import type { Source } from "../source.ts";
import type { Status, Study } from "../study.ts";
import type { ViewContext } from "../view.ts";

const SHOWN: Status[] = [
  "completed",
  "pruned",
  "diverged",
  "failed",
  "interrupted",
  "infeasible",
  "running",
  "queued",
];
/** Ages and the time left move on by themselves. */
const TICK_MS = 5000;
const STATUS_WORDS = {
  running: "Running",
  paused: "Paused",
  finished: "Finished",
  stopped: "Stopped",
  empty: "No trials yet",
};

export function header({ el, source, study }: ViewContext): () => void {
  const top = h("div.hn-header-top");
  const strip = h("div.hn-panel.hn-strip");
  el.append(top, strip);
  const draw = () => {
    if (!source.ready) return;
    top.replaceChildren(about(source), status(study));
    const now = Date.now() / 1000;
    strip.replaceChildren(figures(study, now), bar(study), counts(study));
  };
  draw();
  const stop = source.changed.on(draw);
  const ticking = setInterval(draw, TICK_MS);
  return () => {
    stop();
    clearInterval(ticking);
  };
}

function about(source: Source): HTMLElement {
  const { state } = source.study;
  const parts = [
    h("span", {}, `${state.direction} `, h("b", {}, metricName(source.study))),
    h("span", {}, "storage ", h("b", {}, source.storage)),
    state.sampler || state.pruner
      ? h(
          "span",
          {},
          [state.sampler && `${state.sampler} sampler`, state.pruner && `${state.pruner} pruner`]
            .filter(Boolean)
            .join(", "),
        )
      : null,
  ].filter((part) => part !== null);
  const line = h("div.hn-header-about");
  parts.forEach((part, i) =>
    line.append(...(i ? [h("span", { "aria-hidden": "true" }, "·")] : []), part),
  );
  return h("div", {}, h("h2.hn-title", {}, state.name), line);
}

function status(study: Study): HTMLElement {
  const kind = studyStatus(study);
  const workers = runningWorkers(study);
  return h(
    "div.hn-header-state",
    { role: "status" },
    studyMark(kind),
    h("span.hn-strong", {}, STATUS_WORDS[kind]),
    workers ? h("span.hn-muted", {}, format.plural(workers, "worker")) : null,
  );
}

function figures(study: Study, now: number): HTMLElement {
  const finished = finishedCount(study);
  const { perHour, busy, left } = pace(study, now);
  const saved = savedByPruning(study);
  const goal = study.state.goal;
  return h(
    "div.hn-strip-figures",
    {},
    best(study, now),
    figure(
      "Finished",
      [format.integer(finished), goal === null ? null : `of ${format.integer(goal)}`],
      Number.isFinite(left) && left > 0
        ? `about ${format.duration(left)} left, until ${format.timeOfDay(new Date((now + left) * 1000))}`
        : "",
    ),
    figure(
      "Pace",
      Number.isNaN(perHour)
        ? ["–", null]
        : [perHour < 10 ? perHour.toFixed(1) : format.integer(perHour), "trials per hour"],
      Number.isNaN(busy) ? "" : `workers busy ${Math.round(busy * 100)} %`,
    ),
    figure(
      "Saved by pruning",
      saved === null ? ["–", null] : [format.duration(saved.seconds), "of worker time"],
      saved === null ? "" : `${Math.round(saved.share * 100)} % less compute`,
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

function bar(study: Study): HTMLElement {
  const counts = study.counts();
  const segments = SHOWN.filter((status) => status !== "queued" && counts[status] > 0);
  const rest = Math.max(0, (study.state.goal ?? 0) - finishedCount(study) - counts.running);
  const element = h("div.hn-strip-bar", {
    role: "img",
    "aria-label":
      segments.map((status) => `${counts[status]} ${WORDS[status]}`).join(", ") || "no trials",
  });
  for (const status of segments) {
    const segment = h("span", { "data-status": status });
    segment.style.flexGrow = String(counts[status]);
    element.append(segment);
  }
  const hollow = h("span", { "data-status": "rest" });
  hollow.style.flexGrow = String(segments.length ? rest : 1);
  element.append(hollow);
  return element;
}

function counts(study: Study): HTMLElement {
  const counts = study.counts();
  const finished = finishedCount(study);
  const rest = Math.max(0, (study.state.goal ?? 0) - finished - counts.running - counts.queued);
  const shown = SHOWN.filter((status) => counts[status] > 0);
  return h(
    "div.hn-strip-counts",
    { "data-testid": "trial-count", "data-trials": study.length },
    ...(shown.length ? [] : [h("span.hn-muted", {}, "no trials")]),
    ...shown.map((status) =>
      h(
        "span",
        {},
        mark(status),
        h("b.hn-strong", {}, format.integer(counts[status])),
        WORDS[status],
      ),
    ),
    rest ? h("span.hn-push.hn-muted", {}, `${format.integer(rest)} not started`) : null,
  );
}
