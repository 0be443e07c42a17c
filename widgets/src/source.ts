/** The link to the kernel's StudySource: keeps the page's study up to date and passes calls on. */
import { Event } from "./event.ts";
import { ordered, type Fanova, type Scores } from "./importance.ts";
import { KernelLink, type Content, type Served } from "./link.ts";
import type { Kernel, LoadEngine, Model } from "./page.ts";
import type { Params } from "./space.ts";
import { Study, type Change } from "./study.ts";
import { decode } from "./wire.ts";

/** At most this often are views told of changes. */
const NOTIFY_MS = 250;

/** Takes a configuration, and says where it is from; false where it is out of sight. */
export type EnqueueTaker = (params: Params | null, what: string) => boolean;

export class Source extends KernelLink {
  readonly study = new Study();
  /** Trials that are new or changed. Views draw what is known already before they listen. */
  readonly changed = new Event<Change>();
  /** Numbers of the selected trials, in the order in which they were selected. */
  selected: number[] = [];
  readonly selectionChanged = new Event<number[]>();
  /** The trial under the pointer, in any widget. */
  hovered: number | null = null;
  /** A trial is to be brought into sight, with its details. */
  readonly shown = new Event<number>();
  readonly hoverChanged = new Event<number | null>();
  /** PED-ANOVA's scores of the parameters, null before the first. */
  importance: Scores | null = null;
  /** The scores of fANOVA or how far they are, null where nobody asked. */
  fanova: Fanova | null = null;
  readonly importanceChanged = new Event<void>();
  readonly load: LoadEngine;
  private readonly forms: EnqueueTaker[] = [];
  private pending: Change | null = null;
  private timer: number | null = null;
  private notified = 0;
  private asking = false;
  private watchers = 0;

  constructor(model: Model, load: LoadEngine, kernel: Kernel | null, served: Served | null = null) {
    super(model, kernel, served);
    this.load = load;
    model.on("change:changes", () => this.takeChanges());
    model.on("change:snapshot", () => this.takeSnapshot());
    model.on("change:selected", () => this.takeSelection());
    model.on("change:importance change:fanova", () => this.takeImportance());
    this.takeSnapshot();
    this.takeChanges();
    this.takeImportance();
    this.selected = model.get("selected");
    this.asking = this.study.revision < 0;
    this.listen();
  }

  /** What to call the storage. */
  get storage(): string {
    return this.model.get("storage");
  }

  get running(): boolean {
    return this.study.counts().running > 0;
  }

  /** Whether the study arrived. */
  get ready(): boolean {
    return this.study.revision >= 0;
  }

  /** The study's parameters, the most important first; those without a score after the others. */
  get parameterOrder(): string[] {
    return ordered([...this.study.parameters.keys()], this.importance);
  }

  /** Say that scores are on the screen, until the function that is returned is called. */
  watchImportance(): () => void {
    if (this.watchers++ === 0) this.model.send({ type: "watching importance", watched: true });
    return () => {
      if (--this.watchers === 0) this.model.send({ type: "watching importance", watched: false });
    };
  }

  /** Offer a form for configurations, which `fillEnqueue` fills; the latest that takes one has it. */
  offerForm(form: EnqueueTaker): () => void {
    this.forms.push(form);
    return () => void this.forms.splice(this.forms.indexOf(form), 1);
  }

  /**
   * Show a configuration in a form, to be changed and queued.
   *
   * `what` says where it is from: `filled from trial 22`. Null leaves the form as it is. A form is
   * in sight, or opens.
   */
  fillEnqueue(params: Params | null, what = ""): void {
    [...this.forms].reverse().some((form) => form(params, what));
  }

  /** Select trials in all widgets; `add` keeps those that are selected and takes out again. */
  select(numbers: number[], { add = false } = {}): void {
    const before = this.selected;
    this.selected = add
      ? [
          ...before.filter((n) => !numbers.includes(n)),
          ...numbers.filter((n) => !before.includes(n)),
        ]
      : [...new Set(numbers)];
    this.model.set("selected", this.selected);
    this.model.save_changes();
    this.selectionChanged.emit(this.selected);
  }

  /** Select a trial, and bring its details into sight. */
  show(number: number): void {
    this.select([number]);
    this.shown.emit(number);
  }

  hover(number: number | null): void {
    if (number === this.hovered) return;
    this.hovered = number;
    this.hoverChanged.emit(number);
  }

  private takeSelection(): void {
    const selected: number[] = this.model.get("selected");
    if (selected.join() === this.selected.join()) return;
    this.selected = selected;
    this.selectionChanged.emit(selected);
  }

  private takeImportance(): void {
    const [scores, fanova] = [this.model.get("importance"), this.model.get("fanova")];
    this.importance = scores && Object.keys(scores).length ? scores : null;
    this.fanova = fanova && Object.keys(fanova).length ? fanova : null;
    this.importanceChanged.emit();
  }

  private takeSnapshot(): void {
    const snapshot: DataView | null = this.model.get("snapshot");
    if (snapshot?.byteLength) this.take(snapshot);
  }

  private takeChanges(): void {
    for (const message of this.model.get("changes") as DataView[]) this.take(message);
  }

  protected override receive(content: Content, buffers: DataView[]): void {
    if (content.type !== "study") return;
    this.take(buffers[0]);
  }

  protected override listen(): void {
    this.model.send({ type: "listening", revision: this.study.revision });
  }

  /** Take a message about the study. */
  take(bytes: DataView): void {
    const message = decode(bytes);
    // A snapshot of the kernel that is older than what is known was overtaken.
    if (message.base === -1 && this.ready && !this.served && message.revision < this.study.revision)
      return;
    const change = this.study.apply(message);
    this.lastNews = new Date();
    if (change === null) return this.ask();
    this.asking = false;
    if (change.reset || change.rows.length || message.study) this.notify(change);
  }

  /** Ask for the whole study, since changes are missing. */
  private ask(): void {
    if (this.asking) return;
    this.asking = true;
    this.listen();
  }

  private notify(change: Change): void {
    const pending = this.pending;
    this.pending = {
      reset: change.reset || (pending?.reset ?? false),
      rows:
        pending && !change.reset ? [...new Set([...pending.rows, ...change.rows])] : change.rows,
    };
    if (this.timer !== null) return;
    const wait = Math.max(0, this.notified + NOTIFY_MS - performance.now());
    this.timer = window.setTimeout(() => {
      const due = this.pending!;
      this.timer = this.pending = null;
      this.notified = performance.now();
      this.changed.emit(due);
    }, wait);
  }
}
