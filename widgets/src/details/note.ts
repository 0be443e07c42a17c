/** What a person writes about a trial. */
import { h } from "../dom.ts";
import { Said } from "../said.ts";
import type { Source } from "../source.ts";

const LONGEST = 10_000;

export class Note {
  readonly el: HTMLElement;
  private readonly area = h("textarea.hn-input.hn-note", {
    rows: 1,
    maxlength: LONGEST,
    placeholder: "Add a note…",
    "aria-label": "Note",
  });
  private readonly said = new Said();
  private readonly source: Source;
  private number: number | null = null;
  private saved = "";

  constructor(source: Source) {
    this.source = source;
    this.el = h(
      "section",
      {},
      h("div.hn-caption", {}, h("b.hn-section", {}, "Note")),
      this.area,
      this.said.element,
    );
    this.el.hidden = this.area.readOnly = source.readOnly;
    this.area.addEventListener("change", () => void this.save());
    this.area.addEventListener("input", () => this.fit());
    this.area.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.area.blur();
    });
  }

  /** Whether a person writes in it. */
  get focused(): boolean {
    return document.activeElement === this.area;
  }

  /** Show a trial's note, unless it is being written. */
  show(number: number, text: string): void {
    const isOther = number !== this.number;
    this.number = number;
    if (!isOther && this.area.value !== this.saved) return;
    this.saved = this.area.value = text;
    this.area.readOnly = this.source.readOnly;
    this.el.hidden = this.area.readOnly && !text;
    if (isOther) this.said.say("");
    this.fit();
  }

  private async save(): Promise<void> {
    const { number, area } = this;
    const text = area.value;
    if (number === null || text === this.saved) return;
    try {
      await this.source.call("set_note", { number, text });
      if (number !== this.number) return;
      this.saved = text;
      this.said.say(text.trim() ? "Kept with the study." : "Taken away.");
    } catch (error) {
      this.said.fail(error);
    }
  }

  private fit(): void {
    this.area.rows = Math.min(8, this.area.value.split("\n").length);
  }
}
