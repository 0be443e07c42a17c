/** The link to the kernel's StudySource: keeps the page's study up to date and passes calls on. */
import { ordered, type Fanova, type Scores } from "./importance.ts";
import type { Kernel, LoadEngine, Model } from "./page.ts";
import type { Params } from "./space.ts";
import { Study, type Change } from "./study.ts";
import { decode } from "./wire.ts";

/** At most this often are views told of changes. */
const NOTIFY_MS = 250;
/** After this long without an answer, the kernel is said to be busy. */
const BUSY_MS = 1500;

type Listener<T> = (event: T) => void;

class Event<T> {
  private readonly listeners = new Set<Listener<T>>();

  on(listener: Listener<T>): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: T): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}

/** Takes a configuration, and says where it is from; false where it is out of sight. */
export type EnqueueTaker = (params: Params | null, what: string) => boolean;

interface Call {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class Source {
  readonly study = new Study();
  /** Trials that are new or changed. Views draw what is known already before they listen. */
  readonly changed = new Event<Change>();
  /** Numbers of the selected trials, in the order in which they were selected. */
  selected: number[] = [];
  readonly selectionChanged = new Event<number[]>();
  /** The trial under the pointer, in any widget. */
  hovered: number | null = null;
  readonly hoverChanged = new Event<number | null>();
  /** PED-ANOVA's scores of the parameters, null before the first. */
  importance: Scores | null = null;
  /** The scores of fANOVA or how far they are, null where nobody asked. */
  fanova: Fanova | null = null;
  readonly importanceChanged = new Event<void>();
  /** Why the storage cannot be read; empty where it can. */
  trouble = "";
  /** Whether a call has waited for the kernel for long: a cell keeps it busy. */
  busy = false;
  /** When something arrived from the kernel last. */
  lastNews = new Date();
  readonly healthChanged = new Event<void>();
  readonly load: LoadEngine;
  private readonly forms: EnqueueTaker[] = [];
  private readonly model: Model;
  private readonly kernel: Kernel | null;
  private readonly calls = new Map<string, Call>();
  private pending: Change | null = null;
  private timer: number | null = null;
  private notified = 0;
  private asking = false;
  private watchers = 0;

  constructor(model: Model, load: LoadEngine, kernel: Kernel | null) {
    this.model = model;
    this.load = load;
    this.kernel = kernel;
    kernel?.connectionStatusChanged.connect(() => this.healthChanged.emit());
    model.on("msg:custom", (content, buffers) => this.receive(content, buffers));
    model.on("change:changes", () => this.takeChanges());
    model.on("change:snapshot", () => this.takeSnapshot());
    model.on("change:selected", () => this.takeSelection());
    model.on("change:trouble", () => this.takeTrouble());
    model.on("change:importance change:fanova", () => this.takeImportance());
    this.takeSnapshot();
    this.takeChanges();
    this.takeImportance();
    this.selected = model.get("selected");
    this.trouble = model.get("trouble");
    this.asking = this.study.revision < 0;
    model.send({ type: "listening", revision: this.study.revision });
  }

  /** What to call the storage. */
  get storage(): string {
    return this.model.get("storage");
  }

  /** Whether the page has its connection to the kernel. */
  get connected(): boolean {
    return this.kernel?.connectionStatus !== "disconnected";
  }

  /** Try to get the connection back, and what was missed meanwhile. */
  async reconnect(): Promise<void> {
    await this.kernel?.reconnect();
    this.model.send({ type: "listening", revision: this.study.revision });
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

  /** Ask the kernel for an action of `highnoon_widgets.actions`; rejects with its message. */
  call<T = unknown>(action: string, args: Record<string, unknown> = {}): Promise<T> {
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const waiting = setTimeout(() => this.setBusy(true), BUSY_MS);
    return new Promise<T>((resolve, reject) => {
      this.calls.set(id, { resolve: resolve as Call["resolve"], reject });
      this.model.send({ type: "call", id, action, arguments: args });
    }).finally(() => {
      clearTimeout(waiting);
      this.setBusy(false);
    });
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

  private takeTrouble(): void {
    this.trouble = this.model.get("trouble");
    this.healthChanged.emit();
  }

  private setBusy(busy: boolean): void {
    if (busy === this.busy) return;
    this.busy = busy;
    this.healthChanged.emit();
  }

  private takeSnapshot(): void {
    const snapshot: DataView | null = this.model.get("snapshot");
    if (snapshot?.byteLength) this.take(snapshot);
  }

  private takeChanges(): void {
    for (const message of this.model.get("changes") as DataView[]) this.take(message);
  }

  private receive(content: { type: string } & Record<string, unknown>, buffers: DataView[]): void {
    if (content.type === "study") {
      this.asking = false;
      this.take(buffers[0]);
    } else if (content.type === "answer") {
      const call = this.calls.get(content.id as string);
      this.calls.delete(content.id as string);
      if (typeof content.error === "string") call?.reject(new Error(content.error));
      else call?.resolve(content.result ?? buffers[0] ?? null);
    }
  }

  private take(bytes: DataView): void {
    const message = decode(bytes);
    // A snapshot that is older than what is known was overtaken.
    if (message.base === -1 && this.ready && message.revision < this.study.revision) return;
    const change = this.study.apply(message);
    this.lastNews = new Date();
    if (change === null) this.ask();
    else if (change.reset || change.rows.length || message.study) this.notify(change);
  }

  /** Ask for the whole study, since changes are missing. */
  private ask(): void {
    if (this.asking) return;
    this.asking = true;
    this.model.send({ type: "listening", revision: this.study.revision });
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
