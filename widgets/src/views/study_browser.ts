/** All studies of some storages: find, compare, open, rename, archive, delete. */
import { BrowserActions } from "../browser/actions.ts";
import { chosen, type Choice } from "../browser/choosing.ts";
import { ComparePanel } from "../browser/compare_panel.ts";
import { Heads } from "../browser/heads.ts";
import { studyRow } from "../browser/row.ts";
import { keyOf, type BrowserSource, type StudyRow } from "../browser/source.ts";
import { h } from "../dom.ts";
import { glass } from "../marks.ts";
import * as format from "../format.ts";
import { liveness, type Liveness } from "../notices.ts";

const TICK_MS = 5000;
export function studyBrowser(el: HTMLElement, source: BrowserSource): () => void {
  const browser = new Browser(source);
  el.append(browser.element);
  browser.draw();
  const ticking = setInterval(() => browser.tick(), TICK_MS);
  const off = [
    source.changed.on(() => browser.draw()),
    browser.health.stop,
    browser.compare.follow(),
  ];
  return () => {
    off.forEach((stop) => stop());
    clearInterval(ticking);
  };
}

class Browser {
  readonly element: HTMLElement;
  readonly health: Liveness;
  private readonly source: BrowserSource;
  private readonly choice: Choice = {
    text: "",
    segment: "all",
    sort: "activity",
    descending: true,
  };
  private readonly selected = new Set<string>();
  private readonly actions: BrowserActions;
  readonly compare: ComparePanel;
  private readonly summary = h("div.hn-muted");
  private readonly filter = h("input.hn-input", {
    type: "search",
    placeholder: "Filter by name",
    "aria-label": "Filter by name",
  });
  private readonly heads = new Heads(this.choice, () => this.draw());
  private readonly table: HTMLTableElement;
  private readonly rows = new Map<string, { known: string; element: HTMLElement }>();
  private shown: StudyRow[] = [];
  private comparing: string[] = [];
  /** The row that the arrow keys move from. */
  private current: string | null = null;
  /** Whether something is being pressed: where it is replaced meanwhile, there is no click. */
  private pressed = false;

  constructor(source: BrowserSource) {
    this.source = source;
    this.health = liveness(source);
    this.actions = new BrowserActions(source, {
      compare: () => this.startComparing(),
      gone: (key) => this.selected.delete(key),
      draw: () => this.draw(),
      rowOf: (key) => this.rows.get(key)?.element ?? null,
    });
    this.compare = new ComparePanel(source, () => {
      this.comparing = [];
      this.draw();
      this.rows.get(this.current ?? "")?.element.focus();
    });
    this.table = h(
      "table.hn-studies",
      { role: "grid", "aria-label": "Studies", "aria-multiselectable": "true" },
      h("thead", { role: "rowgroup" }, this.heads.row),
    );
    this.element = h(
      "div.hn-browser-parts",
      { "data-testid": "study-browser" },
      h(
        "div.hn-browser-title",
        {},
        h("h2.hn-title", {}, "Studies"),
        this.summary,
        this.health.passing,
      ),
      this.health.element,
      h(
        "section.hn-panel.hn-browser-panel",
        { "aria-label": "Studies" },
        h(
          "div.hn-browser-tools",
          {},
          h("div.hn-search.hn-browser-search", {}, glass(), this.filter),
          this.heads.segments,
          h("span.hn-push.hn-controls-row", {}, this.actions.element),
        ),
        this.actions.said.element,
        this.table,
        h(
          "div.hn-caption.hn-browser-foot",
          {},
          h("span.hn-study-spark", {}, "Line: best value over the trials, each on its own scale"),
          h("span", {}, "↑ ↓ move · Space select · Enter open · C compare · / filter"),
        ),
      ),
      this.compare.element,
    );
    this.filter.addEventListener("input", () => {
      this.choice.text = this.filter.value;
      this.draw();
    });
    this.element.addEventListener("pointerdown", ({ button }) => button || this.press());
    this.table.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  private press(): void {
    const release = () => {
      document.removeEventListener("pointerup", release, true);
      document.removeEventListener("pointercancel", release, true);
      // The click comes after the release.
      setTimeout(() => {
        this.pressed = false;
        this.draw();
      });
    };
    this.pressed = true;
    document.addEventListener("pointerup", release, true);
    document.addEventListener("pointercancel", release, true);
  }

  draw(): void {
    if (this.pressed) return;
    const { studies } = this.source;
    const there = new Set(studies.map(keyOf));
    // A name that is being changed stays where it is.
    if (this.actions.renaming !== null) return;
    for (const key of this.selected) if (!there.has(key)) this.selected.delete(key);
    for (const key of this.rows.keys()) if (!there.has(key)) this.rows.delete(key);
    this.shown = this.grouped(chosen(studies, this.choice));
    this.drawHead(studies);
    this.drawRows();
    this.actions.update(studies.filter((study) => this.selected.has(keyOf(study))));
    void this.compare.show(
      this.comparing.flatMap((key) => studies.find((study) => keyOf(study) === key) ?? []),
    );
  }

  /** Ages move on by themselves. */
  tick(): void {
    const now = Date.now() / 1000;
    for (const cell of this.table.querySelectorAll<HTMLElement>("[data-time]"))
      cell.textContent = format.age(Number(cell.dataset.time), now);
  }

  private grouped(studies: StudyRow[]): StudyRow[] {
    return this.source.places.flatMap(({ alias }) => studies.filter((s) => s.storage === alias));
  }

  private drawHead(studies: StudyRow[]): void {
    const { places } = this.source;
    const listed = studies.filter(({ archived }) => !archived);
    const running = listed.filter(({ status }) => status === "running").length;
    const workers = listed.reduce((sum, study) => sum + study.workers, 0);
    this.summary.textContent = [
      `${format.plural(listed.length, "study", "studies")} in ${format.plural(places.length, "storage")}`,
      running ? `${format.integer(running)} running on ${format.plural(workers, "worker")}` : "",
    ]
      .filter(Boolean)
      .join(" · ");
    this.heads.draw(studies);
  }

  private drawRows(): void {
    const now = Date.now() / 1000;
    const focused = document.activeElement?.closest<HTMLElement>(".hn-study-row")?.dataset.key;
    const bodies: HTMLElement[] = [];
    for (const { alias, address } of this.source.places) {
      const own = this.shown.filter((study) => study.storage === alias);
      if (!own.length) continue;
      const about = alias === address ? null : h("span.hn-caption", {}, address);
      const place = h("th", { role: "gridcell" }, h("b", {}, alias), " ", about);
      const rows = own.map((study) => this.row(study, now));
      bodies.push(
        h("tbody", { role: "rowgroup" }, h("tr.hn-study-place", { role: "row" }, place), ...rows),
      );
    }
    if (!bodies.length) {
      const none = h("td.hn-muted", { role: "gridcell" }, this.whyNone());
      bodies.push(h("tbody", { role: "rowgroup" }, h("tr", { role: "row" }, none)));
    }
    this.table.replaceChildren(this.table.tHead!, ...bodies);
    const keys = this.shown.map(keyOf);
    if (this.current === null || !keys.includes(this.current)) this.current = keys[0] ?? null;
    for (const key of keys) this.rows.get(key)!.element.tabIndex = key === this.current ? 0 : -1;
    if (focused) this.rows.get(focused)?.element.focus();
  }

  private row(study: StudyRow, now: number): HTMLElement {
    const key = keyOf(study);
    const selected = this.selected.has(key);
    const known = JSON.stringify([study, selected]);
    const before = this.rows.get(key);
    if (before && (before.known === known || this.actions.renaming === key)) return before.element;
    const element = studyRow(study, selected, now, this.source.pages?.study(study) ?? null);
    this.rows.set(key, { known, element });
    return element;
  }

  private whyNone(): string {
    const { places, pages, trouble, studies } = this.source;
    if (trouble && !studies.length) return "No study can be read.";
    if (!places.length)
      return `No studies yet. One with storage="sqlite:///hpo.db" in this folder ${
        pages ? "appears here" : "is here when the cell runs again"
      }.`;
    if (!studies.length)
      return "No studies yet. hpo.optimize with this storage makes one; it appears here.";
    const which = this.choice.segment === "all" ? "" : `${this.choice.segment} `;
    return this.choice.text
      ? `No ${which}study has “${this.choice.text}” in its name.`
      : `No ${which}study.`;
  }

  private clicked(event: Event): void {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>(".hn-study-row");
    if (!row || target.closest(".hn-study-rename")) return;
    this.current = row.dataset.key!;
    if (target.closest("a.hn-study-name")) return;
    if (target.closest(".hn-study-name")) this.open(row.dataset.key!);
    else this.toggle(row.dataset.key!);
  }

  private toggle(key: string): void {
    if (!this.selected.delete(key)) this.selected.add(key);
    this.draw();
  }

  private open(key: string): void {
    const study = this.shown.find((each) => keyOf(each) === key);
    if (!study) return;
    const { pages } = this.source;
    if (pages) location.assign(pages.study(study));
    else void this.actions.open(study);
  }

  private startComparing(): void {
    this.comparing = [...this.selected];
    this.draw();
    this.compare.element.scrollIntoView({ block: "nearest" });
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "Escape" && target === this.filter) {
        this.filter.value = this.choice.text = "";
        this.draw();
      }
      return;
    }
    const keys = this.shown.map(keyOf);
    const onRow = target.classList.contains("hn-study-row");
    if (onRow) this.current = target.dataset.key!;
    const at = keys.indexOf(this.current ?? "");
    const move: Record<string, number> = {
      ArrowDown: Math.min(keys.length - 1, at + 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: keys.length - 1,
    };
    if (event.key === "/") this.filter.focus();
    else if (event.key === "c" || event.key === "C") {
      if (this.selected.size > 1) this.startComparing();
    } else if (event.key === "Escape") {
      this.selected.clear();
      this.draw();
    } else if (onRow && event.key in move && keys.length) {
      this.rows.get(this.current ?? "")?.element.setAttribute("tabindex", "-1");
      this.current = keys[move[event.key]];
      const row = this.rows.get(this.current)!.element;
      row.tabIndex = 0;
      row.focus();
    } else if (onRow && event.key === " ") this.toggle(this.current!);
    else if (onRow && event.key === "Enter") this.open(this.current!);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
