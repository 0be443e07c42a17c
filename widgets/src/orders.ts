/** Orders to a study: buttons that set flags in the storage, and words for what was ordered. */
import { isLast, runningWorkers, studyStatus } from "./derived.ts";
import { ask } from "./dialog.ts";
import { h } from "./dom.ts";
import * as format from "./format.ts";
import { Said } from "./said.ts";
import type { Source } from "./source.ts";
import type { Study } from "./study.ts";
import type { Order, StudyState } from "./wire.ts";

/** Pause or Resume, Stop…, and a line that says what they did; `update` follows the study. */
export class Orders {
  readonly pause = h("button.hn-button", { type: "button" }, "Pause");
  readonly stop = h("button.hn-button", { type: "button" }, "Stop…");
  readonly said = new Said();
  private readonly source: Source;
  private giving = false;
  /** What was done that leaves no trace in the study, or failed; null where the study tells. */
  private news: { text: string } | { error: unknown } | null = null;
  /** The study's orders when there was news; another one is newer. */
  private before: Pick<StudyState, "paused" | "stop"> = { paused: null, stop: null };

  constructor(source: Source) {
    this.source = source;
    this.pause.addEventListener("click", () => void this.pauseOrResume());
    this.stop.addEventListener("click", () => void this.askToStop());
  }

  update(): void {
    const { study } = this.source;
    const { paused, goal } = study.state;
    const isAtRest = !paused && study.counts().running === 0;
    this.pause.textContent = paused ? "Resume" : "Pause";
    this.pause.title = isAtRest ? "Runs start no trial until it is resumed." : "";
    // Who stops a study ends the runs that are going on, and none that starts later.
    this.stop.disabled = isAtRest && goal !== null && studyStatus(study) === "finished";
    this.stop.title = this.stop.disabled ? "All trials are done; no run is left to stop." : "";
    if (this.news && isNewer(study.state, this.before)) this.news = null;
    if (this.news === null) this.said.say(ordered(study, new Date()));
    else if ("error" in this.news) this.said.fail(this.news.error);
    else this.said.say(this.news.text);
  }

  /** Stop one running trial. */
  stopTrial(number: number): Promise<void> {
    return this.give(async () => {
      await this.source.call("stop_trial", { number });
      return `Trial ${number} ends at its next report and counts as pruned.`;
    });
  }

  private pauseOrResume(): Promise<void> {
    return this.give(async () => {
      if (!this.source.study.state.paused) {
        await this.source.call("pause");
        return null;
      }
      const order = await this.source.call<Order>("resume");
      return `Resumed ${signed(order, new Date())}. Trials start again.`;
    });
  }

  private async askToStop(): Promise<void> {
    const now = await ask(stopping(this.source.study));
    if (now === null || now === "keep") return;
    await this.give(async () => {
      await this.source.call("stop", { now: now === "now" });
      return null;
    });
  }

  /** Carry an order out; buttons rest until it is answered. */
  private async give(order: () => Promise<string | null>): Promise<void> {
    if (this.giving) return;
    this.giving = true;
    const buttons = [this.pause, this.stop];
    buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
    try {
      const text = await order();
      this.news = text === null ? null : { text };
    } catch (error) {
      this.news = { error };
    } finally {
      this.before = this.source.study.state;
      this.giving = false;
      buttons.forEach((button) => button.removeAttribute("aria-disabled"));
    }
    this.update();
  }
}

function isNewer(now: StudyState, before: Pick<StudyState, "paused" | "stop">): boolean {
  const isOther = (order: Order | null, former: Order | null) =>
    order !== null && order.at !== former?.at;
  return isOther(now.paused, before.paused) || isOther(now.stop, before.stop);
}

/** What a study is under orders to do, empty where nothing. */
export function ordered(study: Study, now: Date): string {
  const running = study.counts().running;
  const { paused, stop } = study.state;
  if (paused) {
    const then = running ? "Running trials finish." : "No trial starts until it is resumed.";
    return `Paused ${signed(paused, now)}. ${isForeign(study) ? FOREIGN : then}`;
  }
  if (stop && isLast(study, stop)) {
    const given = `Stopped ${signed(stop, now)}.`;
    if (!running) return given;
    const then = stop.now ? "are given back at their next report" : "finish";
    return `${given} Running trials ${then}.`;
  }
  return "";
}

/** `by ana@lab at 15:42`, with the date where it was on another day. */
export function signed(order: Order, now: Date): string {
  return `by ${order.by} at ${format.moment(new Date(order.at), now)}`;
}

const FOREIGN = "Runs of stock Optuna go on; those of HighNoon start no trial.";

/** Whether no run of HighNoon made the study: stock Optuna knows nothing of orders. */
function isForeign({ state }: Study): boolean {
  return state.sampler === null;
}

/** Who takes a queued trial. */
export function takerOf(study: Study): string {
  if (study.state.paused) return "It waits until the study is resumed.";
  return study.counts().running
    ? "The next free worker takes it."
    : "The next run of the study takes it.";
}

/** The question before a study is stopped. */
export function stopping(study: Study) {
  const running = study.counts().running;
  const workers = runningWorkers(study);
  const title = `Stop ${study.state.name}?`;
  const keep = { value: "keep" as const, label: "Keep running", kind: "plain" as const };
  if (!running) {
    const waits = studyStatus(study) === "paused" ? "It is paused. " : "";
    return {
      title,
      text: `No trial is running. ${waits}Runs that are going on end; it can be run again later.`,
      choices: [
        { value: "after" as const, label: "Stop its runs", kind: "primary" as const },
        { ...keep, label: "Cancel" },
      ],
    };
  }
  const are = running === 1 ? "is" : "are";
  const trials = format.plural(running, "trial");
  return {
    title,
    text:
      `${trials} ${are} running on ${format.plural(workers, "worker")}. No new trial starts ` +
      `either way. ${isForeign(study) ? "Runs of stock Optuna go on." : "A later run of the study goes on from here."}`,
    choices: [
      {
        value: "after" as const,
        label: running === 1 ? "Stop after the running trial" : "Stop after the running trials",
        kind: "primary" as const,
      },
      { value: "now" as const, label: `Stop now, give up ${trials}`, kind: "danger" as const },
      keep,
    ],
  };
}
