/** The button that says how many columns are shown, and lets one choose. */
import { h } from "../dom.ts";
import type { Column } from "./columns.ts";

export interface ColumnsMenu {
  el: HTMLElement;
  draw(columns: Column[], shown: ReadonlySet<string>): void;
  close(): void;
}

/** Make the menu; `choose` is given the ids to show, null for those that fit. */
export function columnsMenu(choose: (ids: string[] | null) => void): ColumnsMenu {
  const button = h("button.hn-button", {
    type: "button",
    "aria-haspopup": "true",
    "aria-expanded": "false",
  });
  const menu = h("div.hn-columns-menu", { role: "group", "aria-label": "Columns", hidden: true });
  const el = h("div.hn-columns", {}, button, menu);
  const open = (isOpen: boolean) => {
    menu.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.addEventListener("click", () => open(menu.hidden !== false));
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    open(false);
    button.focus();
    event.stopPropagation();
  });
  el.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !el.contains(event.relatedTarget)) open(false);
  });
  const outside = (event: Event) => {
    if (!el.contains(event.target as Node)) open(false);
  };
  document.addEventListener("pointerdown", outside);
  const draw = (columns: Column[], shown: ReadonlySet<string>) => {
    button.textContent = `Columns: ${shown.size} of ${columns.length}`;
    const boxes = columns.map((column) => {
      const box = h("input", { type: "checkbox", checked: shown.has(column.id) });
      // The number names the row.
      box.disabled = column.id === "number";
      box.addEventListener("change", () =>
        choose(columns.filter((_, i) => boxes[i].checked).map(({ id }) => id)),
      );
      return box;
    });
    const automatic = h("button.hn-link", { type: "button" }, "As many as fit");
    automatic.addEventListener("click", () => choose(null));
    const focused = [...menu.querySelectorAll("input")].indexOf(
      document.activeElement as HTMLInputElement,
    );
    menu.replaceChildren(
      ...columns.map((column, i) => h("label", {}, boxes[i], h("span", {}, column.title))),
      automatic,
    );
    boxes[focused]?.focus();
  };
  return { el, draw, close: () => document.removeEventListener("pointerdown", outside) };
}
