/** What one can do with a trial. */
import { copyText } from "../clipboard.ts";
import { ask } from "../dialog.ts";
import { h } from "../dom.ts";
import { secondsOf } from "../filter/trial_names.ts";
import * as format from "../format.ts";
import { mark } from "../marks.ts";
import { takerOf } from "../orders.ts";
import { Said } from "../said.ts";
import type { Source } from "../source.ts";
import { fieldsOf, paramsOf } from "../space.ts";
import type { TrialDetails } from "./trial.ts";

export class Actions {
  readonly el: HTMLElement;
  private readonly again = h("button.hn-button", { type: "button" }, "Enqueue again");
  private readonly change = h("button.hn-button", { type: "button" }, "Enqueue with changes…");
  private readonly stop = h("button.hn-button", { type: "button" }, "Stop…");
  private readonly copy = h("button.hn-button", { type: "button" }, "Copy");
  private readonly copyTraceback = h("button.hn-button", { type: "button" }, "Copy traceback");
  private readonly said = new Said();
  private readonly source: Source;
  private number = -1;
  private details: TrialDetails | null = null;

  constructor(source: Source) {
    this.source = source;
    this.el = h(
      "div.hn-deeds",
      {},
      h("div.hn-deeds-row", {}, this.again, this.change, this.stop, this.copy, this.copyTraceback),
      this.said.element,
    );
    this.copy.title = "Python code that runs the objective with these parameters";
    this.again.addEventListener("click", () => void this.enqueue());
    this.change.addEventListener("click", () => this.fill());
    this.stop.addEventListener("click", () => void this.askToStop());
    this.copy.addEventListener("click", () => void this.put(this.details!.code, "Python code"));
    this.copyTraceback.addEventListener(
      "click",
      () => void this.put(this.details!.failure!.traceback, "The traceback"),
    );
  }

  show(number: number, row: number, details: TrialDetails | null): void {
    if (number !== this.number) this.said.say("");
    this.number = number;
    this.details = details;
    const status = this.source.study.statusAt(row);
    const { readOnly } = this.source;
    this.stop.hidden = readOnly || status !== "running" || Boolean(details?.stopping);
    this.again.hidden = this.change.hidden = readOnly || status === "queued";
    this.copy.disabled = !details;
    this.copyTraceback.hidden = !details?.failure?.traceback;
  }

  private async enqueue(): Promise<void> {
    const { number } = this;
    await this.give(this.again, async () => {
      const queued = await this.source.call<{ number: number | null }>("enqueue_again", { number });
      const name = queued.number === null ? "It" : `Trial ${queued.number}`;
      this.said.say(`${name} is queued. ${takerOf(this.source.study)}`, mark("queued"));
    });
  }

  /** Put the trial's parameters into the form for configurations. */
  private fill(): void {
    const { study } = this.source;
    const params = paramsOf(study, fieldsOf(study), study.row(this.number)!);
    this.source.fillEnqueue(params, `filled from trial ${this.number}`);
  }

  private async askToStop(): Promise<void> {
    const { number } = this;
    const { study } = this.source;
    const row = study.row(number)!;
    const ran = format.duration(secondsOf(study, row, Date.now() / 1000));
    const step = study.lastStep.at(row);
    const far =
      step < 0 ? "It has reported nothing yet." : `It is at step ${format.integer(step)}.`;
    const answer = await ask({
      title: `Stop trial ${number}?`,
      text:
        `${far} It has run for ${ran}. It ends at its next report, counts as pruned and is not ` +
        "tried again; its reports are kept.",
      choices: [
        { value: "keep", label: "Keep running", kind: "primary" },
        { value: "stop", label: `Stop trial ${number}`, kind: "danger" },
      ],
    });
    if (answer !== "stop") return;
    await this.give(this.stop, async () => {
      await this.source.call("stop_trial", { number });
      this.said.say(`Trial ${number} ends at its next report and counts as pruned.`);
    });
  }

  private async put(text: string, what: string): Promise<void> {
    try {
      await copyText(text);
      this.said.say(`${what} is on the clipboard.`);
    } catch (error) {
      this.said.fail(error);
    }
  }

  /** Carry something out; its button rests until it is done. */
  private async give(button: HTMLButtonElement, deed: () => Promise<void>): Promise<void> {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await deed();
    } catch (error) {
      this.said.fail(error);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }
}
