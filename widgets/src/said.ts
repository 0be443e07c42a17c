/** A line beside a control that says what it did, or why it could not. */
import { h } from "./dom.ts";
import { mark } from "./marks.ts";

export class Said {
  readonly element = h("div.hn-said", { role: "status" });
  private shown = "";

  say(text: string, icon: Node | null = null): void {
    this.show(`+${text}`, text ? [...(icon ? [icon] : []), h("span", {}, text)] : []);
  }

  /** Say why something did not work. */
  fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.show(`-${text}`, [mark("failed"), h("span", {}, text)]);
  }

  /** Unchanged text stays as it is, so that a screen reader says it once. */
  private show(key: string, children: Node[]): void {
    if (key === this.shown) return;
    this.shown = key;
    this.element.classList.toggle("hn-said-bad", key.startsWith("-"));
    this.element.replaceChildren(...children);
  }
}
