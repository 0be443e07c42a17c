/** The search space narrowed to some trials, as a cell of Python that forks the study with it. */
import { copyText } from "../clipboard.ts";
import { topRows } from "../details/standing.ts";
import { openDialog } from "../dialog.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import type { Source } from "../source.ts";
import { narrowParameters, narrowSentence } from "./best.ts";

interface ForkCode {
  name: string;
  code: string;
  trials: number[];
  changed: string[];
  dropped: string[];
}

/** The sentence below the plots, and the button that shows the code. */
export class ForkBar {
  readonly element = h("div.hn-fork");
  private readonly sentence = h("p.hn-caption.hn-fork-sentence");
  private readonly button = h(
    "button.hn-button",
    { type: "button" },
    "Fork with the narrowed space…",
  );
  private readonly source: Source;

  constructor(source: Source) {
    this.source = source;
    this.element.append(this.sentence, this.button);
    this.button.addEventListener("click", () => void this.open());
    this.draw();
  }

  /** The trials that the space is narrowed to: those selected, else the best. */
  private get chosen(): { who: string; rows: number[]; numbers: number[] | null } {
    const { study, selected } = this.source;
    const rows = selected
      .map((number) => study.row(number))
      .filter((row) => row !== undefined) as number[];
    if (rows.length >= 2) return { who: "selected", rows, numbers: [...selected] };
    return { who: "best", rows: topRows(study), numbers: null };
  }

  draw(): void {
    const { study, ready, parameterOrder } = this.source;
    const { who, rows } = this.chosen;
    const possible = ready && rows.length >= 2 && study.parameters.size > 0;
    this.button.hidden = !possible;
    const spans = narrowParameters(study, parameterOrder, rows);
    this.button.disabled = !spans.narrower.length;
    this.sentence.textContent = possible
      ? narrowSentence(who, rows.length, spans)
      : "From the second completed trial on this says where the best lie, and forks the study.";
  }

  private async open(): Promise<void> {
    const { study } = this.source;
    const { who, numbers, rows } = this.chosen;
    const said = h("p.hn-muted", { role: "status" }, "asking the kernel");
    const name = h("input.hn-input", { type: "text", "aria-label": "Name of the new study" });
    const code = h("pre.hn-code.hn-fork-code", { tabindex: 0, "aria-label": "Python" });
    const copy = h("button.hn-button.hn-button-primary", { type: "button" }, "Copy");
    const close = h("button.hn-button", { type: "button" }, "Close");
    const dialog = openDialog(
      `Fork ${study.state.name}`,
      h(
        "div.hn-dialog-body",
        {},
        h(
          "p.hn-muted",
          {},
          `A new study with the space narrowed to the ${rows.length} ${who} trials, and the trials that lie inside. Run this in a cell.`,
        ),
        h("label.hn-fork-name", {}, "Name of the new study", name),
        code,
        said,
        h("div.hn-fork-buttons", {}, copy, close),
      ),
      () => {},
    );
    dialog.classList.add("hn-fork-dialog");
    let asked = 0;
    const ask = async () => {
      const own = ++asked;
      copy.disabled = true;
      try {
        const found = await this.source.call<ForkCode>("fork_code", {
          trials: numbers,
          ...(name.value.trim() ? { name: name.value.trim() } : {}),
        });
        if (own !== asked) return;
        if (!name.value.trim()) name.value = found.name;
        code.textContent = found.code;
        said.textContent = summary(found);
        copy.disabled = false;
      } catch (error) {
        if (own !== asked) return;
        code.textContent = "";
        said.textContent = (error as Error).message;
      }
    };
    const busy = this.source.healthChanged.on(() => {
      if (this.source.busy && copy.disabled)
        said.textContent = "A cell keeps the kernel busy; the code comes when it ends.";
    });
    dialog.addEventListener("close", busy);
    name.addEventListener("change", () => void ask());
    close.addEventListener("click", () => dialog.close());
    copy.addEventListener("click", () => {
      copyText(code.textContent ?? "").then(
        () => (said.textContent = "The code is on the clipboard."),
        (error: Error) => {
          said.textContent = error.message;
          getSelection()?.selectAllChildren(code);
        },
      );
    });
    await ask();
    copy.focus();
  }
}

function summary({ changed, dropped, trials }: ForkCode): string {
  const narrower = changed.length
    ? `${format.plural(changed.length, "parameter")} narrower: ${changed.join(", ")}.`
    : "No parameter became narrower.";
  const gone = dropped.length ? ` Never drawn any more: ${dropped.join(", ")}.` : "";
  return `From ${format.plural(trials.length, "trial")}. ${narrower}${gone}`;
}
