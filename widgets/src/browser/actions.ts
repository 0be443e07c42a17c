/** What is done to the studies that are selected in a list: buttons, questions, and what came of it. */
import { ask } from "../dialog.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { Said } from "../said.ts";
import { keyOf, type BrowserSource, type StudyRow } from "./source.ts";

interface List {
  /** Compare what is selected. */
  compare(): void;
  /** A study is no more, or has another name. */
  gone(key: string): void;
  rowOf(key: string): HTMLElement | null;
  /** Draw what was left undrawn while a name was being changed. */
  draw(): void;
}

export class BrowserActions {
  readonly element = h("span.hn-controls-row");
  readonly said = new Said();
  /** The study whose name is being changed. */
  renaming: string | null = null;
  private readonly source: BrowserSource;
  private readonly list: List;
  private readonly count = h("span.hn-muted");
  private readonly compare = button("Compare");
  private readonly rename = button("Rename");
  private readonly archive = button("Archive");
  private readonly remove = button("Delete…");
  private selected: StudyRow[] = [];

  constructor(source: BrowserSource, list: List) {
    this.source = source;
    this.list = list;
    this.compare.addEventListener("click", () => list.compare());
    this.rename.addEventListener("click", () => this.startRenaming(this.selected[0]));
    this.archive.addEventListener("click", () => void this.archiveSelected());
    this.remove.addEventListener("click", () => void this.deleteSelected());
    const changing = [this.rename, this.archive, this.remove];
    this.element.append(this.count, this.compare, ...changing);
    const allow = () => changing.forEach((button) => (button.hidden = source.readOnly));
    allow();
    source.readOnlyChanged.on(allow);
  }

  update(selected: StudyRow[]): void {
    this.selected = selected;
    this.count.textContent = selected.length ? `${format.integer(selected.length)} selected` : "";
    this.compare.disabled = selected.length < 2;
    this.rename.disabled = selected.length !== 1;
    this.archive.disabled = this.remove.disabled = !selected.length;
    this.archive.textContent =
      selected.length && selected.every(({ archived }) => archived) ? "Unarchive" : "Archive";
  }

  open(study: StudyRow): Promise<void> {
    return this.doing(`Opening ${study.name}…`, async () => {
      await this.source.call("open", { storage: study.storage, study: study.name });
      return `${study.name} is open.`;
    });
  }

  private async archiveSelected(): Promise<void> {
    const studies = this.selected;
    const archived = !studies.every((study) => study.archived);
    await this.doing("", async () => {
      for (const { storage, name } of studies)
        await this.source.call("archive", { storage, study: name, archived });
      return archived
        ? `${named(studies)} archived. Nothing else changed; see Archived.`
        : `${named(studies)} back in the list.`;
    });
  }

  private async deleteSelected(): Promise<void> {
    const studies = this.selected;
    const trials = sum(studies.map((study) => sum(Object.values(study.counts))));
    const running = sum(studies.map(({ counts }) => counts.running ?? 0));
    const what = studies.length === 1 ? studies[0].name : `${studies.length} studies`;
    const with_ = format.plural(trials, "trial");
    const runs = running
      ? ` ${format.plural(running, "trial")} of ${studies.length === 1 ? "it" : "them"} ` +
        `${running === 1 ? "is" : "are"} running; their runs end with an error.`
      : "";
    const answer = await ask({
      title: `Delete ${what}?`,
      text: `${with_} and all that ${trials === 1 ? "it" : "they"} reported would be gone for good.${runs} To leave ${
        studies.length === 1 ? "it" : "them"
      } out of the list, archive ${studies.length === 1 ? "it" : "them"} instead.`,
      choices: [
        { value: "keep" as const, label: studies.length === 1 ? "Keep it" : "Keep them" },
        { value: "delete" as const, label: `Delete ${what} with ${with_}`, kind: "danger" },
      ],
    });
    if (answer !== "delete") return;
    await this.doing("", async () => {
      for (const study of studies) {
        await this.source.call("delete", { storage: study.storage, study: study.name });
        this.list.gone(keyOf(study));
      }
      return `${named(studies)} deleted.`;
    });
  }

  /** Change a name where it stands: Enter keeps the new one, Escape the old. */
  private startRenaming(study: StudyRow): void {
    const key = keyOf(study);
    const place = this.list.rowOf(key)?.querySelector<HTMLElement>(".hn-study-name");
    if (!place || this.renaming) return;
    this.renaming = key;
    const input = h("input.hn-input.hn-study-rename", {
      type: "text",
      value: study.name,
      "aria-label": `New name of ${study.name}`,
    });
    const said = new Said();
    const field = h("div.hn-study-rename", {}, input, said.element);
    const end = () => {
      if (!field.isConnected || this.renaming === null) return;
      this.renaming = null;
      const hadFocus = field.contains(document.activeElement);
      field.replaceWith(place);
      this.list.draw();
      if (hadFocus) this.list.rowOf(key)?.focus();
    };
    const rename = async () => {
      const name = input.value;
      input.readOnly = true;
      try {
        if (name !== study.name) await this.giveName(study, name);
        end();
      } catch (error) {
        // Who left the field has no place to read it at.
        (field.isConnected ? said : this.said).fail(error);
        input.setAttribute("aria-invalid", "true");
      }
      input.readOnly = false;
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") end();
      if (event.key === "Enter" && !input.readOnly) void rename();
      if (event.key === "Escape" || event.key === "Enter") event.preventDefault();
      event.stopPropagation();
    });
    input.addEventListener("blur", end);
    place.replaceWith(field);
    input.focus();
    input.select();
  }

  private async giveName(study: StudyRow, name: string): Promise<void> {
    await this.source.call("rename", { storage: study.storage, study: study.name, name });
    this.list.gone(keyOf(study));
    this.said.say(`${study.name} is now ${name}.`);
  }

  private async doing(meanwhile: string, action: () => Promise<string>): Promise<void> {
    if (meanwhile) this.said.say(meanwhile);
    try {
      this.said.say(await action());
    } catch (error) {
      this.said.fail(error);
    }
  }
}

function button(text: string): HTMLButtonElement {
  return h("button.hn-button", { type: "button", disabled: true }, text);
}

function named(studies: StudyRow[]): string {
  return studies.length === 1 ? `${studies[0].name} is` : `${studies.length} studies are`;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
