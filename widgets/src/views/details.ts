/** One trial in full: how it stands, its parameters, its run, what it wrote, what can be done. */
import { Actions } from "../details/actions.ts";
import { curvePlot } from "../details/curve.ts";
import { failureSection } from "../details/failure.ts";
import { happened } from "../details/happened.ts";
import { Note } from "../details/note.ts";
import {
  artifactsSection,
  logSection,
  queuedSection,
  runFacts,
  section,
  seriesSection,
} from "../details/sections.ts";
import { standing, topRows } from "../details/standing.ts";
import { strips } from "../details/strips.ts";
import type { TrialDetails } from "../details/trial.ts";
import { h } from "../dom.ts";
import { shownStatus } from "../filter/trial_names.ts";
import { mark } from "../marks.ts";
import type { Source } from "../source.ts";
import type { Change, Study } from "../study.ts";
import { shareDone } from "../table/cells.ts";

/** Where the details can go from a trial. */
export interface Around {
  /** The trial some rows further down the table, or null. */
  neighbour(number: number, offset: number): number | null;
  /** Go back to the trial's row. */
  leave(number: number): void;
}

export class DetailsPanel {
  readonly el = h("section.hn-panel.hn-details", {
    "aria-label": "Trial details",
    "data-testid": "trial-details",
  });
  private readonly title = h("h3.hn-details-title", { tabindex: "-1" });
  private readonly up = arrowButton("↑", "Trial above");
  private readonly down = arrowButton("↓", "Trial below");
  private readonly why = h("p.hn-caption.hn-details-why");
  private readonly shut = arrowButton("×", "Close the details");
  private readonly summary = h("p.hn-summary");
  private readonly what = h("p.hn-muted");
  private readonly own = h("div.hn-parts");
  private readonly told = h("div.hn-parts", { "aria-live": "off" });
  private readonly actions: Actions;
  private readonly note: Note;
  private readonly content: HTMLElement;
  private readonly source: Source;
  private readonly around: Around;
  private number: number | null = null;
  private details: TrialDetails | null = null;
  private asking = false;
  private again = false;

  constructor(source: Source, around: Around) {
    this.source = source;
    this.around = around;
    this.actions = new Actions(source);
    this.note = new Note(source);
    this.shut.addEventListener("click", () => this.close());
    this.up.addEventListener("click", () => this.move(-1));
    this.down.addEventListener("click", () => this.move(1));
    source.readOnlyChanged.on(() => {
      this.draw();
      void this.ask();
    });
    this.content = h(
      "div.hn-details-content",
      {},
      h("div.hn-panel-head", {}, this.title, h("span.hn-push"), this.up, this.down, this.shut),
      this.why,
      this.summary,
      this.what,
      this.actions.el,
      this.own,
      this.told,
      this.note.el,
    );
    this.el.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.number === null) return;
      this.around.leave(this.number);
      event.stopPropagation();
    });
  }

  /** Show the trial that is selected; where none is, one that stands for the study if there is room. */
  show(selected: number | null): void {
    this.el.classList.toggle("hn-details-open", selected !== null);
    if (selected !== null) this.open(selected, "");
    else if (this.el.offsetParent === null) this.open(null, "");
    else if (!this.note.focused) this.open(...standIn(this.source.study));
  }

  private open(number: number | null, why: string): void {
    this.why.textContent = why;
    this.why.hidden = !why;
    this.shut.hidden = Boolean(why);
    if (number === this.number) return;
    this.number = number;
    this.details = null;
    this.told.replaceChildren(h("span.hn-caption", {}, "reading…"));
    if (number === null) {
      this.el.replaceChildren();
      return;
    }
    if (!this.content.isConnected) this.el.replaceChildren(this.content);
    this.el.scrollTop = 0;
    this.draw();
    void this.ask();
  }

  /** Follow the study. */
  changed(change: Change): void {
    const { study } = this.source;
    if (this.number === null) return;
    const row = study.row(this.number);
    const concerned = change.reset || change.rows.includes(row ?? -1);
    if (concerned || change.rows.length) this.draw();
    if (concerned) void this.ask();
  }

  focus(): void {
    if (this.number === null) return;
    this.title.focus({ preventScroll: true });
    this.el.scrollIntoView({ block: "nearest" });
  }

  private get row(): number | undefined {
    return this.number === null ? undefined : this.source.study.row(this.number);
  }

  private draw(): void {
    const { row } = this;
    const { study } = this.source;
    if (row === undefined || this.number === null) return;
    const isBest = study.best === row;
    this.title.replaceChildren(
      `Trial ${this.number}`,
      mark(isBest ? "best" : shownStatus(study, row), shareDone(study, row)),
      h("span.hn-details-state", {}, isBest ? "best" : shownStatus(study, row)),
    );
    this.up.disabled = this.around.neighbour(this.number, -1) === null;
    this.down.disabled = this.around.neighbour(this.number, 1) === null;
    const [value, rest] = standing(study, row);
    const best = topRows(study);
    this.summary.replaceChildren(
      ...(value ? [h("b.hn-strong", {}, value), " "] : []),
      rest.join(" · "),
    );
    this.what.replaceChildren(happened(study, row, this.details), ...this.related(row));
    this.actions.show(this.number, row, this.details);
    const curve = curvePlot(study, row);
    const parameters = section(
      "Parameters",
      "",
      strips(study, row, best, this.source.parameterOrder),
    );
    if (best.length > 1) parameters.firstElementChild!.append(...key(best.length));
    const hasDrawn = study.statusAt(row) !== "queued";
    this.own.replaceChildren(...(curve ? [curve] : []), ...(hasDrawn ? [parameters] : []));
  }

  /** Links to the trial that this one repeats, and to the one that repeats it. */
  private related(row: number): (Node | string)[] {
    const others = [this.source.study.retryOf.at(row), this.details?.retried_by ?? -1];
    return others
      .filter((number) => this.source.study.row(number) !== undefined)
      .flatMap((number) => {
        const link = h("button.hn-link", { type: "button" }, `Show trial ${number}`);
        link.addEventListener("click", () => this.source.select([number]));
        return [" ", link];
      });
  }

  /** Ask the kernel for the rest. */
  private async ask(): Promise<void> {
    const { number } = this;
    if (number === null) return;
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    try {
      const details = await this.source.call<TrialDetails>("details", { number });
      if (number === this.number) this.take(details);
    } catch (error) {
      if (number === this.number)
        this.told.replaceChildren(mark("failed"), h("span", {}, (error as Error).message));
    } finally {
      this.asking = false;
      if (this.again || number !== this.number) {
        this.again = false;
        void this.ask();
      }
    }
  }

  private take(details: TrialDetails): void {
    this.details = details;
    const { row } = this;
    if (row === undefined) return;
    this.draw();
    const parts = [
      queuedSection(details.queued),
      failureSection(details.failure),
      runFacts(this.source.study, row, details),
      seriesSection(details.series),
      artifactsSection(details.artifacts),
      logSection(details.log),
    ];
    this.told.replaceChildren(...parts.filter((part) => part !== null));
    this.note.show(details.number, details.note);
  }

  private move(offset: number): void {
    const next = this.number === null ? null : this.around.neighbour(this.number, offset);
    if (next !== null) this.source.select([next]);
  }

  private close(): void {
    const { number } = this;
    this.source.select(this.source.selected.filter((other) => other !== number));
    if (number !== null) this.around.leave(number);
  }
}

/** The trial to show where none is selected, and why it is that one. */
function standIn(study: Study): [number | null, string] {
  if (study.best !== null)
    return [study.number.at(study.best), "The best trial, as none is selected."];
  if (!study.length) return [null, ""];
  const newest = study.number.values.reduce((last, number) => Math.max(last, number), 0);
  return [newest, "The newest trial, as none is selected and none completed yet."];
}

/** What the marks on the strips are. */
function key(count: number): HTMLElement[] {
  return [
    h("span.hn-strip-key", {}, "this trial"),
    h("span.hn-strip-key.hn-strip-key-best", {}, `the ${count} best`),
  ];
}

function arrowButton(text: string, label: string): HTMLButtonElement {
  return h(
    "button.hn-button.hn-button-plain",
    { type: "button", "aria-label": label, title: label },
    text,
  );
}
