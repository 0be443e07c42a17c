/** A button that opens a short menu. */
import { h } from "./dom.ts";

export interface MenuItem {
  label: string;
  act(): void;
}

/** Make the ⋯ button; `items` is asked whenever the menu opens. */
export function menuButton(label: string, items: () => MenuItem[]): HTMLElement {
  const button = h(
    "button.hn-button.hn-button-plain.hn-menu-button",
    { type: "button", "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false" },
    "⋯",
  );
  const holder = h("div.hn-menu-holder", {}, button);
  let menu: HTMLElement | null = null;

  const close = () => {
    menu?.remove();
    menu = null;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", closeOutside, true);
  };
  const closeOutside = (event: Event) => {
    if (!holder.contains(event.target as Node)) close();
  };
  const open = () => {
    const entries = items().map((item) => {
      const entry = h(
        "button.hn-menu-item",
        { type: "button", role: "menuitem", tabindex: -1 },
        item.label,
      );
      entry.addEventListener("click", () => {
        close();
        button.focus();
        item.act();
      });
      return entry;
    });
    menu = h("div.hn-menu", { role: "menu", "aria-label": label }, ...entries);
    holder.append(menu);
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", closeOutside, true);
    entries[0]?.focus();
  };
  button.addEventListener("click", () => (menu ? close() : open()));
  holder.addEventListener("keydown", (event) => {
    if (!menu) return;
    const entries = [...menu.children] as HTMLElement[];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) entries.at(to % entries.length)?.focus();
    else if (event.key === "Escape") {
      close();
      button.focus();
    } else if (event.key === "Tab") close();
    if (to !== undefined || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  return holder;
}
