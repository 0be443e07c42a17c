/** Stands for a model of the kernel that is not there yet. */
import type { Content } from "../link.ts";
import type { Kernel, Model, Refusal } from "../page.ts";

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Callback = (...args: any[]) => void;
/** Answers a call in the page, in place of the kernel: JSON or bytes. */
export type Answer = (args: Record<string, unknown>) => Promise<unknown>;

export interface LateOptions {
  /** Traits that the page sets; the kernel's are not looked at. */
  own?: string[];
  /** Calls that need no kernel. */
  answers?: Record<string, Answer>;
  /** Takes messages that are for nobody in the kernel; false leaves them to it. */
  takes?: (content: Content) => boolean;
}

/**
 * A model with values of its own until `attach` gives it the kernel's, and again after `lose`.
 *
 * What was set and sent meanwhile reaches the kernel's model in its order; listeners hear of it
 * from then on. Without a kernel, it is a model of the page alone.
 */
export class LateModel implements Model {
  private readonly state: Record<string, unknown>;
  private readonly own: Set<string>;
  private readonly answers: Record<string, Answer>;
  private readonly takes: (content: Content) => boolean;
  private readonly listeners = new Map<string, Set<Callback>>();
  private readonly touched = new Set<string>();
  private waiting: Parameters<Model["send"]>[] = [];
  private real: Model | null = null;
  private refusal = "";
  /** The calls that the kernel has not answered. */
  private readonly called = new Map<unknown, Content>();

  constructor(
    state: Record<string, unknown>,
    { own = [], answers = {}, takes = () => false }: LateOptions = {},
  ) {
    this.state = { ...state };
    this.own = new Set(own);
    this.answers = answers;
    this.takes = takes;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  get(name: string): any {
    return this.real && !this.own.has(name) ? this.real.get(name) : this.state[name];
  }

  set(name: string, value: unknown): void {
    if (this.get(name) === value) return;
    this.state[name] = value;
    this.touched.add(name);
    if (this.real && !this.own.has(name)) this.real.set(name, value);
    else this.emit(`change:${name}`);
  }

  save_changes(): void {
    this.real?.save_changes();
  }

  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void {
    const message = content as Content;
    if (this.takes(message)) return;
    if (message.type === "call") {
      const answer = this.answers[message.action as string];
      if (answer) return void this.answer(message, answer);
      if (this.refusal) return void this.answer(message, () => Promise.reject(this.refusal));
    }
    if (this.real) {
      if (message.type === "call") this.called.set(message.id, message);
      this.real.send(content, callbacks, buffers);
    } else if (!this.refusal) this.waiting.push([content, callbacks, buffers]);
  }

  on(event: string, callback: Callback): void {
    for (const name of event.split(" ")) {
      const listeners = this.listeners.get(name) ?? new Set();
      this.listeners.set(name, listeners.add(callback));
      if (this.isForwarded(name)) this.real?.on(name, callback);
    }
  }

  off(event: string, callback: Callback): void {
    for (const name of event.split(" ")) {
      this.listeners.get(name)?.delete(callback);
      this.real?.off(name, callback);
    }
  }

  /** Give it the kernel's model; another one takes the place of the first. */
  attach(model: Model): void {
    this.lose();
    const before = { ...this.state };
    this.real = model;
    model.on("msg:custom", this.heard);
    for (const name of this.touched) if (!this.own.has(name)) model.set(name, this.state[name]);
    if (this.touched.size) model.save_changes();
    for (const [event, callbacks] of this.listeners)
      if (this.isForwarded(event)) for (const callback of callbacks) model.on(event, callback);
    for (const name of Object.keys(before))
      if (!this.own.has(name) && before[name] !== model.get(name)) this.emit(`change:${name}`);
    const waiting = this.waiting;
    this.waiting = [];
    for (const message of waiting) this.send(...message);
  }

  /** The kernel is gone: what it knew stays, and what it has not answered it never will. */
  lose(): void {
    const { real } = this;
    if (!real) return;
    for (const [event, callbacks] of this.listeners)
      for (const callback of callbacks) real.off(event, callback);
    real.off("msg:custom", this.heard);
    for (const name of Object.keys(this.state))
      if (!this.own.has(name)) this.state[name] = real.get(name);
    this.real = null;
    const called = [...this.called.values()];
    this.called.clear();
    for (const call of called) void this.answer(call, () => Promise.reject(LOST));
  }

  /** There is a kernel, and what is sent waits for its model. */
  expect(): void {
    this.refusal = "";
  }

  /** There is no kernel now: calls, those that wait too, are answered with the reason. */
  refuse(reason: string): void {
    this.refusal = reason;
    const waiting = this.waiting;
    this.waiting = [];
    for (const message of waiting) this.send(...message);
  }

  private readonly heard = ({ type, id }: Content): void => {
    if (type === "answer") this.called.delete(id);
  };

  private isForwarded(event: string): boolean {
    return !this.own.has(event.replace(/^change:/, ""));
  }

  private async answer({ id, arguments: args }: Content, answer: Answer): Promise<void> {
    const message: Content = { type: "answer", id };
    const buffers: DataView[] = [];
    try {
      const result = await answer((args ?? {}) as Record<string, unknown>);
      if (result instanceof ArrayBuffer) buffers.push(new DataView(result));
      else message.result = result;
    } catch (error) {
      message.error = error instanceof Error ? error.message : String(error);
    }
    this.emit("msg:custom", message, buffers);
  }

  private emit(event: string, ...args: unknown[]): void {
    for (const callback of [...(this.listeners.get(event) ?? [])]) callback(...args);
  }
}

const LOST = "The kernel ended before it had answered.";

/** A kernel that is connecting until `attach` gives the real one, or `refuse` says why it does not. */
export class LateKernel implements Kernel {
  refusal: Refusal | null = null;
  private real: Kernel | null = null;
  private readonly slots = new Set<() => void>();
  readonly connectionStatusChanged = {
    connect: (slot: () => void) => {
      this.slots.add(slot);
    },
  };

  get connectionStatus(): Kernel["connectionStatus"] {
    return this.real?.connectionStatus ?? "connecting";
  }

  attach(kernel: Kernel): void {
    this.real = kernel;
    this.refusal = null;
    kernel.connectionStatusChanged.connect(() => this.real === kernel && this.changed());
    this.changed();
  }

  /** It is gone: another one is awaited. */
  lose(): void {
    this.real = null;
    this.changed();
  }

  refuse(refusal: Refusal): void {
    this.refusal = refusal;
    this.changed();
  }

  async reconnect(): Promise<void> {
    await this.real?.reconnect();
  }

  private changed(): void {
    for (const slot of this.slots) slot();
  }
}
