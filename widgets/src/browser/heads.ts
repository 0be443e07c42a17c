/** The heads of the list's columns, which sort it, and what it is narrowed to. */
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { segmentCounts, type Choice, type Segment, type SortKey } from "./choosing.ts";
import type { StudyRow } from "./source.ts";

const COLUMNS: { key: SortKey | null; title: string; style: string }[] = [
  { key: "name", title: "Study", style: "about" },
  { key: "status", title: "State", style: "status" },
  { key: null, title: "Best so far", style: "spark" },
  { key: "value", title: "Best value", style: "number" },
  { key: null, title: "Trials by state", style: "states" },
  { key: "finished", title: "Finished", style: "number.hn-study-done" },
  { key: "workers", title: "Workers", style: "number.hn-study-workers" },
  { key: "activity", title: "Last activity", style: "activity" },
];
const SEGMENTS: [Segment, string][] = [
  ["all", "All"],
  ["running", "Running"],
  ["finished", "Finished"],
  ["archived", "Archived"],
];

/** Writes into a choice what is pressed, and says so. */
export class Heads {
  readonly segments = h("div.hn-segments", { role: "group", "aria-label": "Show" });
  readonly row = h("tr.hn-study-heads", { role: "row" });
  private readonly choice: Choice;
  private readonly changed: () => void;

  constructor(choice: Choice, changed: () => void) {
    this.choice = choice;
    this.changed = changed;
  }

  draw(studies: StudyRow[]): void {
    const counts = segmentCounts(studies);
    keepingFocus(this.segments, () =>
      this.segments.replaceChildren(
        ...SEGMENTS.map(([segment, word]) => {
          const pressed = this.choice.segment === segment;
          const button = h(
            "button.hn-segment",
            { type: "button", "data-focus": segment, "aria-pressed": String(pressed) },
            `${word} ${format.integer(counts[segment])}`,
          );
          button.addEventListener("click", () => {
            this.choice.segment = segment;
            this.changed();
          });
          return button;
        }),
      ),
    );
    keepingFocus(this.row, () =>
      this.row.replaceChildren(
        h(
          "th.hn-study-check",
          { role: "columnheader" },
          h("span.hn-visually-hidden", {}, "Selected"),
        ),
        ...COLUMNS.map((column) => this.headCell(column)),
      ),
    );
  }

  private headCell({ key, title, style }: (typeof COLUMNS)[number]): HTMLElement {
    const cell = (attributes: Record<string, string>, child: Node | string) => {
      const element = h("th", { role: "columnheader", ...attributes }, child);
      element.className = `hn-study-${style.replace(".", " ")}`;
      return element;
    };
    if (key === null) return cell({}, title);
    const sorted = this.choice.sort === key;
    const { descending } = this.choice;
    const button = h(
      "button.hn-study-sort",
      { type: "button", "data-focus": key },
      sorted ? `${title} ${descending ? "↓" : "↑"}` : title,
    );
    button.addEventListener("click", () => {
      this.choice.descending = sorted ? !descending : key !== "name" && key !== "status";
      this.choice.sort = key;
      this.changed();
    });
    const order = sorted ? (descending ? "descending" : "ascending") : "none";
    return cell({ "aria-sort": order }, button);
  }
}

/** Redraw elements of which one, known by its `data-focus`, may have the focus. */
function keepingFocus(parent: HTMLElement, draw: () => void): void {
  const focused = parent.contains(document.activeElement)
    ? (document.activeElement as HTMLElement).dataset.focus
    : undefined;
  draw();
  if (focused) parent.querySelector<HTMLElement>(`[data-focus="${focused}"]`)?.focus();
}
