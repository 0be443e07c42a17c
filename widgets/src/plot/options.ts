/** An option of a plot that is a trait of its widget and a row of segments in its heading. */
import { segments } from "../segments.ts";
import type { ViewContext } from "../view.ts";

export interface PlotOption<T extends string> {
  element: HTMLElement;
  readonly value: T;
  /** Show but these choices, and the chosen one. */
  offer(options: ReadonlySet<T>): void;
  close(): void;
}

/** `changed` is called when a person or Python chooses another value. */
export function plotOption<T extends string>(
  { model }: ViewContext,
  trait: string,
  label: string,
  choices: Record<T, string>,
  changed: () => void,
): PlotOption<T> {
  const control = segments<T>(label, choices, model.get(trait), (value) => {
    model.set(trait, value);
    model.save_changes();
  });
  const follow = () => {
    control.set(model.get(trait));
    changed();
  };
  model.on(`change:${trait}`, follow);
  return {
    element: control.element,
    offer: control.offer,
    get value() {
      return model.get(trait) as T;
    },
    close: () => model.off(`change:${trait}`, follow),
  };
}
