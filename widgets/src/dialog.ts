/** Questions that stand before the page until they are answered. */
import { h } from "./dom.ts";

export interface Choice<T> {
  value: T;
  label: string;
  kind?: "primary" | "danger" | "plain";
}

export interface Question<T> {
  title: string;
  text: string;
  /** The safe one first: it has the focus. */
  choices: Choice<T>[];
}

/** Ask; null where the question was put away. */
export function ask<T>({ title, text, choices }: Question<T>): Promise<T | null> {
  return new Promise((resolve) => {
    let answer: T | null = null;
    const buttons = choices.map(({ value, label, kind }) => {
      const button = h(
        `button.hn-button${kind ? `.hn-button-${kind}` : ""}`,
        { type: "button" },
        label,
      );
      button.addEventListener("click", () => {
        answer = value;
        dialog.close();
      });
      return button;
    });
    const body = h("div.hn-dialog-body", {}, h("p.hn-muted", {}, text), ...buttons);
    const dialog = openDialog(title, body, () => resolve(answer));
    dialog.classList.add("hn-question");
    buttons[0].focus();
  });
}

/** Show something before the page, until it is closed or Escape is pressed. */
export function openDialog(title: string, body: HTMLElement, closed: () => void) {
  const heading = h("h2.hn-dialog-title", { id: `hn-dialog-${nextId++}` }, title);
  const dialog = h("dialog.hn-dialog", { "aria-labelledby": heading.id }, heading, body);
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

let nextId = 0;
