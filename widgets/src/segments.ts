/** A row of buttons of which one is pressed. */
import { h } from "./dom.ts";

export interface Segments<T extends string> {
  element: HTMLElement;
  /** Show another choice as the pressed one. */
  set(value: T): void;
  /** Show but these choices, and the pressed one. */
  offer(options: ReadonlySet<T>): void;
}

/**
 * Make one: `segments("Scale", { linear: "Linear", log: "Log" }, "linear", (scale) => ...)`.
 * `chosen` is called when a person presses another one.
 */
export function segments<T extends string>(
  label: string,
  options: Record<T, string>,
  value: T,
  chosen: (value: T) => void,
): Segments<T> {
  const buttons = new Map<T, HTMLButtonElement>();
  const element = h("div.hn-segments", { role: "group", "aria-label": label });
  const set = (pressed: T) => {
    for (const [option, button] of buttons) {
      button.setAttribute("aria-pressed", String(option === pressed));
    }
  };
  for (const [option, text] of Object.entries(options) as [T, string][]) {
    const button = h("button.hn-segment", { type: "button" }, text);
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-pressed") === "true") return;
      set(option);
      chosen(option);
    });
    buttons.set(option, button);
    element.append(button);
  }
  set(value);
  const offer = (offered: ReadonlySet<T>) => {
    for (const [option, button] of buttons)
      button.hidden = !offered.has(option) && button.getAttribute("aria-pressed") !== "true";
  };
  return { element, set, offer };
}
