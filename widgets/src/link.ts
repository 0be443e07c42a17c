/** The link to a model of the kernel that follows a storage: calls, and whether all is well. */
import { Event } from "./event.ts";
import type { Kernel, Model, Refusal } from "./page.ts";
import type { Feed } from "./site/feed.ts";

/** After this long without an answer, the kernel is said to be busy. */
const BUSY_MS = 1500;
/** A page that a server draws is given one when it is drawn, a moment later. */
const LATE_MS = 5000;

interface Call {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** What a page that a server draws has beside the kernel. */
export interface Served {
  /** Brings the data. */
  feed: Feed;
  /** Whether nothing may be changed. */
  readOnly: boolean;
}

export type Content = { type: string } & Record<string, unknown>;

export abstract class KernelLink {
  /** Why the storage cannot be read; empty where it can. */
  trouble: string;
  /** Whether a call has waited for the kernel for long: a cell keeps it busy. */
  get busy(): boolean {
    return this.slow > 0;
  }
  /** When something arrived from the kernel last. */
  lastNews = new Date();
  readonly healthChanged = new Event<void>();
  readonly readOnlyChanged = new Event<void>();
  /** Null where all comes from the kernel. */
  readonly served: Served | null;
  protected readonly model: Model;
  private readonly kernel: Kernel | null;
  private wasReadOnly: boolean;
  /** How many calls have waited for long. */
  private slow = 0;
  private readonly calls = new Map<string, Call>();

  constructor(model: Model, kernel: Kernel | null, served: Served | null = null) {
    this.model = model;
    this.served = served;
    served?.feed.changed.on(() => this.healthChanged.emit());
    this.kernel = kernel;
    this.trouble = model.get("trouble");
    this.wasReadOnly = this.readOnly;
    kernel?.connectionStatusChanged.connect(() => this.kernelChanged());
    model.on("msg:custom", (content, buffers) => this.takeMessage(content, buffers));
    model.on("change:trouble", () => {
      this.trouble = model.get("trouble");
      this.healthChanged.emit();
    });
  }

  /** Whether the page has its connection to the kernel. */
  get connected(): boolean {
    return this.kernel?.connectionStatus !== "disconnected";
  }

  /** Whether the kernel is awaited. */
  get late(): boolean {
    return this.kernel?.connectionStatus === "connecting" && !this.refusal;
  }

  /** Why the page has no kernel; null where it has one or waits for one. */
  get refusal(): Refusal | null {
    return this.kernel?.refusal ?? null;
  }

  /** Whether there are no controls that change something, now at least. */
  get readOnly(): boolean {
    return Boolean(this.served?.readOnly || this.refusal);
  }

  /** Try to get the connection back, and what was missed meanwhile. */
  async reconnect(): Promise<void> {
    await this.kernel?.reconnect();
    this.listen();
  }

  /** Ask the kernel for an action; rejects with its message. */
  call<T = unknown>(action: string, args: Record<string, unknown> = {}): Promise<T> {
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    let slow: 0 | 1 = 0;
    const become = () => this.countSlow((slow = 1));
    const waiting = setTimeout(become, this.late ? LATE_MS : BUSY_MS);
    return new Promise<T>((resolve, reject) => {
      this.calls.set(id, { resolve: resolve as Call["resolve"], reject });
      this.model.send({ type: "call", id, action, arguments: args });
    }).finally(() => {
      clearTimeout(waiting);
      if (slow) this.countSlow(-1);
    });
  }

  /** Whether trials run. */
  abstract get running(): boolean;

  /** Tell the kernel that the page listens from now on, and what it has. */
  protected abstract listen(): void;

  /** Take a message that answers no call. */
  protected receive(_content: Content, _buffers: DataView[]): void {}

  private takeMessage(content: Content, buffers: DataView[]): void {
    if (content.type !== "answer") {
      this.receive(content, buffers);
      return;
    }
    const call = this.calls.get(content.id as string);
    this.calls.delete(content.id as string);
    if (typeof content.error === "string") call?.reject(new Error(content.error));
    else call?.resolve(content.result ?? buffers[0] ?? null);
  }

  private kernelChanged(): void {
    this.healthChanged.emit();
    if (this.readOnly === this.wasReadOnly) return;
    this.wasReadOnly = this.readOnly;
    this.readOnlyChanged.emit();
  }

  private countSlow(more: 1 | -1): void {
    this.slow += more;
    this.healthChanged.emit();
  }
}
