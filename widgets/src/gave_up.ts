/** The notice of a study whose last run ended itself. */
import { gaveUp, lastTrouble, studyStatus } from "./derived.ts";
import { h } from "./dom.ts";
import { notice } from "./notice.ts";
import type { Source } from "./source.ts";
import type { Study } from "./study.ts";

/** A place for it, which is empty where no run gave up; `update` follows the study. */
export class GaveUpNotice {
  readonly element = h("div.hn-notices", { role: "status" });
  private readonly source: Source;
  private known = "";

  constructor(source: Source) {
    this.source = source;
  }

  update(): void {
    const words = gaveUpWords(this.source.study);
    const trial = words && lastTrouble(this.source.study);
    const known = JSON.stringify([words, trial]);
    if (known === this.known) return;
    this.known = known;
    this.element.replaceChildren();
    if (words === null) return;
    const buttons = trial === null ? [] : [this.button(trial)];
    this.element.append(notice("bad", words.what, words.more, ...buttons));
  }

  private button(trial: number): HTMLElement {
    const button = h("button.hn-button.hn-push", { type: "button" }, `Show trial ${trial}`);
    button.addEventListener("click", () => this.source.show(trial));
    return button;
  }
}

/** `Stopped after 5 failures in a row.`, and what they were; null where no run gave up. */
export function gaveUpWords(study: Study): { what: string; more: string } | null {
  const why = gaveUp(study);
  if (why === null || studyStatus(study) !== "stopped") return null;
  const [what, kinds = ""] = why.split(/: (.*)/s);
  const all = kinds.replace(/^all /, "All of them: ");
  const more = [all && `${all}.`, study.best === null ? "No value yet." : ""];
  return { what: `Stopped ${what}.`, more: more.filter(Boolean).join(" ") };
}
