/** The parts of Jupyter's widget manager that are used here, as types. */

export interface Model {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  get(name: string): any;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  on(event: string, callback: (...args: any[]) => void): void;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  off(event: string, callback: (...args: any[]) => void): void;
}

/** What Jupyter's connection to a kernel tells, as far as it is used. */
export interface Kernel {
  connectionStatus: "connected" | "connecting" | "disconnected";
  connectionStatusChanged: { connect(slot: () => void): void };
  reconnect(): Promise<void>;
  /** Tells the kernels of a server apart. */
  id?: string;
  /** Why the page has none; null or missing where it has one or waits for one. */
  refusal?: Refusal | null;
}

export interface Refusal {
  reason: string;
  /** When it is tried again; null where it is not. */
  retryAt: Date | null;
  tryNow(): void;
}

export interface WidgetManager {
  get_model(id: string): Promise<Model>;
  /** JupyterLab and Voilà have it. */
  kernel?: Kernel | null;
}

/** The model of a widget that draws something. */
export interface WidgetModel extends Model {
  widget_manager: WidgetManager;
}

/** The model of `highnoon_widgets.engines.Engines`. */
export interface EnginesModel extends Model {
  get(name: "hashes"): Record<string, string>;
  get(name: "bundles"): Record<string, DataView<ArrayBuffer> | undefined>;
}

/** Loads a heavy engine, once for a page. */
export type LoadEngine = (name: "plots" | "table") => Promise<unknown>;

/** What `core.js` exports. */
export interface Core {
  render(
    model: WidgetModel,
    el: HTMLElement,
    load: (name: string) => Promise<unknown>,
  ): Promise<() => void>;
}

declare global {
  /** Bundles that the page has, by the hashes of their files; `page` where a server drew it. */
  // eslint-disable-next-line no-var
  var highnoon: Record<string, Promise<unknown>> | undefined;
}
