/** A page that the server drew: its data comes by HTTP, its actions go to a kernel that comes late. */
import { h } from "../dom.ts";
import { KernelLink } from "../link.ts";
import { liveness } from "../notices.ts";
import type { Kernel, LoadEngine, Model, Refusal, WidgetManager, WidgetModel } from "../page.ts";
import type { Addresses, Boot } from "./boot.ts";
import { sentenceOf } from "./feed.ts";
import { LateKernel, type LateModel } from "./late_model.ts";

interface Wanted {
  action: string;
  args: Record<string, unknown>;
  late: LateModel;
}

export class Page {
  readonly boot: Boot;
  readonly addresses: Addresses;
  readonly main: HTMLElement;
  readonly kernel = new LateKernel();
  /** Ends when the page is drawn. */
  readonly drawn: Promise<void>;
  /** Note that it is. */
  readonly isDrawn: () => void;
  /** What is given a model of each kernel. */
  private readonly wanted: Wanted[] = [];
  private link: PageLink | null = null;
  private manager: WidgetManager | null = null;

  constructor(boot: Boot, addresses: Addresses, main: HTMLElement) {
    this.boot = boot;
    this.addresses = addresses;
    this.main = main;
    let isDrawn = () => {};
    this.drawn = new Promise((resolve) => (isDrawn = resolve));
    this.isDrawn = isDrawn;
  }

  readonly load: LoadEngine = (name) => import(this.boot.static[`${name}.js`]);

  /** There is no kernel now. */
  refuse(refusal: Refusal): void {
    this.kernel.refuse(refusal);
    for (const { late } of this.wanted) late.refuse(refusal.reason);
  }

  /** Have the kernel open something, and give its model to one that stands for it. */
  ask(action: string, args: Record<string, unknown>, late: LateModel): void {
    const wanted = { action, args, late };
    this.wanted.push(wanted);
    if (this.kernel.refusal) late.refuse(this.kernel.refusal.reason);
    else if (this.link) void this.give(wanted);
  }

  /** Say what is not well above what the server drew, until the function that is returned is called. */
  showHealth(source: KernelLink): () => void {
    const { element, stop } = liveness(source);
    const trouble = this.main.querySelector(".hn-paint-trouble > .hn-part");
    if (trouble) {
      // What the server said stays until there is an answer.
      const off = source.served!.feed.changed.on(() => {
        off();
        trouble.replaceChildren(element);
      });
    } else this.main.prepend(h("div.hn-part", {}, element));
    return stop;
  }

  /** Take what the kernel's `Page` shows, which names the model to ask; return the kernel. */
  async take(model: WidgetModel): Promise<Kernel> {
    this.manager = model.widget_manager;
    const kernel = this.manager.kernel!;
    this.link = new PageLink(await this.manager.get_model(model.get("_actions")), kernel);
    for (const wanted of this.wanted) {
      wanted.late.expect();
      void this.give(wanted);
    }
    this.kernel.attach(kernel);
    return kernel;
  }

  /** The kernel is gone. */
  lose(): void {
    this.link = null;
    for (const { late } of this.wanted) late.lose();
    this.kernel.lose();
  }

  private async give({ action, args, late }: Wanted): Promise<void> {
    try {
      const id = await this.link!.call<string>(action, args);
      late.attach(await this.manager!.get_model(id));
    } catch (error) {
      late.refuse((error as Error).message);
    }
  }
}

/** The link to the kernel's `Page`. */
class PageLink extends KernelLink {
  constructor(model: Model, kernel: WidgetManager["kernel"] | null) {
    super(model, kernel ?? null);
  }

  get running(): boolean {
    return false;
  }

  protected override listen(): void {}
}

/** What an address of the server holds; its sentence where it has none. */
export async function bytesOf(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(await sentenceOf(response));
  return response.arrayBuffer();
}
