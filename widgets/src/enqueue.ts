/** Queueing a configuration: a form, what it is filled from, and what became of it. */
import { openDialog } from "./dialog.ts";
import { h } from "./dom.ts";
import { EnqueueForm } from "./enqueue_form.ts";
import * as format from "./format.ts";
import { mark } from "./marks.ts";
import { takerOf } from "./orders.ts";
import { Said } from "./said.ts";
import type { Source } from "./source.ts";
import { constraintsOf, fieldsOf, paramsOf, type Field, type Params } from "./space.ts";

type From = "best" | "selected" | "empty";
const FROM: [From, string][] = [
  ["best", "Best"],
  ["selected", "Selected"],
  ["empty", "Empty"],
];

/** A form with its buttons; `update` follows the study and the selection. */
export class Enqueue {
  readonly body = h("div.hn-enqueue");
  readonly from = h("div.hn-segments", { role: "group", "aria-label": "Fill from" });
  readonly filledFrom = h("span.hn-caption");
  private readonly source: Source;
  private readonly said = new Said();
  private readonly submit = h(
    "button.hn-button.hn-button-primary",
    { type: "submit" },
    "Enqueue trial",
  );
  private form: EnqueueForm | null = null;
  private fields: Field[] = [];
  private known = "";
  private sending = false;

  constructor(source: Source) {
    this.source = source;
    for (const [from, word] of FROM) {
      const button = h("button.hn-segment", { type: "button", "data-from": from }, word);
      button.addEventListener("click", () => {
        this.fillFrom(from);
      });
      this.from.append(button);
    }
  }

  update(): void {
    const { study, selected } = this.source;
    const fields = fieldsOf(study);
    const known = JSON.stringify(fields);
    if (known !== this.known || this.form === null) {
      this.known = known;
      this.fields = fields;
      this.build();
    }
    this.enable("best", study.best !== null);
    this.enable(
      "selected",
      selected.some((number) => study.row(number) !== undefined),
    );
  }

  /** Fill the form with a configuration that `what` names. */
  fill(params: Params | null, what: string, from: From | null = null): void {
    this.form?.fill(params);
    this.filledFrom.textContent = what;
    for (const button of this.from.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.from === from));
    this.said.say("");
  }

  focus(): void {
    this.form?.focus();
  }

  private enable(from: From, possible: boolean): void {
    this.from.querySelector<HTMLButtonElement>(`[data-from=${from}]`)!.disabled = !possible;
  }

  private build(): void {
    if (!this.fields.length) {
      this.form = null;
      this.from.hidden = true;
      this.body.replaceChildren(
        h(
          "p.hn-muted.hn-enqueue-none",
          {},
          "The study has no search space yet. It gets one from its first run.",
        ),
      );
      return;
    }
    this.from.hidden = false;
    this.form = new EnqueueForm(this.fields, () => this.said.say(""));
    const rules = constraintsOf(this.source.study);
    const element = h(
      "form.hn-enqueue-form",
      { novalidate: true },
      this.form.element,
      rules.length ? h("p.hn-caption", {}, `Every trial keeps ${rules.join(" and ")}.`) : null,
      h("div.hn-enqueue-send", {}, this.submit, this.said.element),
    );
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    this.body.replaceChildren(element);
    this.fillFrom(this.source.study.best === null ? "empty" : "best");
  }

  private fillFrom(from: From): void {
    const { study, selected } = this.source;
    const row = from === "best" ? study.best : study.row(selected[selected.length - 1]);
    if (from === "empty" || row === null || row === undefined) {
      this.fill(null, "what is left empty is drawn", "empty");
      return;
    }
    this.fill(paramsOf(study, this.fields, row), `filled from trial ${study.number.at(row)}`, from);
  }

  private async send(): Promise<void> {
    if (this.sending || !this.form || this.form.showProblem()) return;
    this.sending = true;
    this.submit.setAttribute("aria-disabled", "true");
    try {
      const number = await this.source.call<number>("enqueue", { params: this.form.params() });
      const said = `Trial ${format.integer(number)} is queued. ${takerOf(this.source.study)}`;
      this.said.say(said, mark("queued"));
    } catch (error) {
      this.said.fail(error);
    } finally {
      this.sending = false;
      this.submit.removeAttribute("aria-disabled");
    }
  }
}

/** Ask for a configuration before the page, where no panel for it is in sight. */
export function enqueueDialog(source: Source, params: Params | null, what: string): void {
  const enqueue = new Enqueue(source);
  const close = h("button.hn-button", { type: "button" }, "Close");
  const body = h(
    "div.hn-dialog-body.hn-part",
    {},
    h("div.hn-panel-head", {}, enqueue.filledFrom, h("span.hn-push", {}, enqueue.from)),
    enqueue.body,
    h("div", {}, close),
  );
  const follow = () => enqueue.update();
  follow();
  if (params !== null) enqueue.fill(params, what);
  const off = [source.changed.on(follow), source.selectionChanged.on(follow)];
  const dialog = openDialog(`Enqueue a trial of ${source.study.state.name}`, body, () =>
    off.forEach((stop) => stop()),
  );
  dialog.classList.add("hn-dialog-wide");
  close.addEventListener("click", () => dialog.close());
  enqueue.focus();
}
