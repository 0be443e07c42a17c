/** What a part of a study gets to draw itself. */
import type { Model } from "./page.ts";
import type { Source } from "./source.ts";
import type { Study } from "./study.ts";

export interface ViewContext {
  el: HTMLElement;
  source: Source;
  study: Study;
  /** The widget's own model, for its options. */
  model: Model;
}

/** Draws, follows changes, and returns what takes it away again. */
export type View = (context: ViewContext) => (() => void) | void;
