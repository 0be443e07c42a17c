/** AG Grid over the rows of a study: a row's data is its place in the study, from 1 on. */
import type {
  CellKeyDownEvent,
  ColDef,
  createGrid,
  createTheme,
  FullWidthCellKeyDownEvent,
  GridApi,
  IRowNode,
} from "ag-grid-community";
import { h } from "../dom.ts";
import type { TrialFilter } from "../filter/trial_filter.ts";
import { shownStatus } from "../filter/trial_names.ts";
import type { Source } from "../source.ts";
import type { Change } from "../study.ts";
import { decimalsOf, type Column } from "./columns.ts";
import { TrialOrder, type SortBy } from "./sorting.ts";
import { HEADER_HEIGHT, ROW_HEIGHT, themeOf } from "./theme.ts";

export interface TableEngine {
  createGrid: typeof createGrid;
  createTheme: typeof createTheme;
}

/** What the table does with keys and clicks that the grid does not know. */
export interface Deeds {
  open(number: number): void;
  toFilter(): void;
  clear(): void;
  sorted(): void;
}

const FRESH_MS = 1200;
const MANY_ROWS = 5000;

export class TrialGrid {
  readonly el = h("div.hn-grid");
  private readonly api: GridApi<number>;
  private readonly source: Source;
  private readonly deeds: Deeds;
  /** Until when the tint of a trial that is new fades. */
  private readonly fresh = new Map<number, number>();
  private best: number | null = null;
  private length = 0;
  private columns: Column[] = [];
  private readonly order: TrialOrder;
  /** By what trials are in order, null where they are to be sorted anew. */
  private ordered: string | null = null;
  /** What cells of all trials are written by. */
  private writtenBy = "";
  private readonly decimals: () => number;

  constructor(engine: TableEngine, source: Source, filter: TrialFilter, deeds: Deeds) {
    this.source = source;
    this.deeds = deeds;
    const { study } = source;
    this.decimals = decimalsOf(study);
    this.order = new TrialOrder(study);
    this.api = engine.createGrid<number>(this.el, {
      theme: themeOf(engine.createTheme),
      columnDefs: [],
      defaultColDef: { resizable: true, suppressMovable: true, sortingOrder: ["asc", "desc"] },
      rowData: [],
      getRowId: ({ data }) => String(study.number.at(data - 1)),
      rowHeight: ROW_HEIGHT,
      headerHeight: HEADER_HEIGHT,
      rowSelection: {
        mode: "multiRow",
        checkboxes: false,
        headerCheckbox: false,
        enableClickSelection: true,
      },
      rowClassRules: {
        "hn-row-best": ({ data }) => study.best === data! - 1,
        "hn-row-running": ({ data }) => shownStatus(study, data! - 1) === "running",
      },
      icons: { sortAscending: () => arrow("↑"), sortDescending: () => arrow("↓") },
      animateRows: false,
      postSortRows: ({ nodes }) => this.arrange(nodes),
      suppressScrollOnNewData: true,
      suppressMultiRangeSelection: true,
      suppressOverlays: ["noRows", "noMatchingRows"],
      suppressContextMenu: true,
      maintainColumnOrder: false,
      ensureDomOrder: true,
      isExternalFilterPresent: () => filter.active,
      doesExternalFilterPass: ({ data }) => filter.passes(data! - 1),
      processRowPostCreate: ({ node, eRow }) => this.mark(node, eRow),
      onCellMouseOver: ({ node }) => source.hover(Number(node.id)),
      onCellMouseOut: () => source.hover(null),
      onSortChanged: () => deeds.sorted(),
      onSelectionChanged: () => this.passSelection(),
      onRowDoubleClicked: ({ node }) => deeds.open(Number(node.id)),
      onCellKeyDown: (event) => this.onKey(event),
    });
    this.api.setGridAriaProperty("label", "Trials");
  }

  /** Set the columns, and which of them are shown. */
  setColumns(columns: Column[], shown: ReadonlySet<string>): void {
    this.columns = columns;
    this.api.setGridOption(
      "columnDefs",
      columns.map((column) => this.definition(column, !shown.has(column.id))),
    );
  }

  show(shown: ReadonlySet<string>): void {
    const state = this.columns.map(({ id }) => ({ colId: id, hide: !shown.has(id) }));
    this.api.applyColumnState({ state });
  }

  /** Draw what is new or other than before; what one looks at stays where it is. */
  update({ reset, rows }: Change): void {
    const { study } = this.source;
    const added: number[] = [];
    const best = study.best;
    for (let row = this.length; row < study.length; row++) added.push(row + 1);
    const isFirst = this.length === 0;
    if (reset || rows.length > MANY_ROWS || isFirst) {
      this.ordered = null;
      this.api.setGridOption(
        "rowData",
        Array.from({ length: study.length }, (_, row) => row + 1),
      );
      // The grid takes a row that it had before for unchanged.
      if (!isFirst) this.api.refreshCells({ force: true });
      this.showSelection();
    } else {
      const until = performance.now() + FRESH_MS;
      for (const place of added) this.fresh.set(study.number.at(place - 1), until);
      const changed = new Set(rows);
      if (best !== this.best)
        for (const row of [best, this.best]) if (row !== null) changed.add(row);
      if (this.ordered !== null) this.order.update([...changed]);
      this.anchored(() =>
        this.api.applyTransaction({
          add: added,
          update: [...changed].filter((row) => row < this.length).map((row) => row + 1),
        }),
      );
      const nodes = [...changed].map((row) => this.api.getRowNode(String(study.number.at(row))));
      this.api.refreshCells({ rowNodes: nodes.filter((node) => !!node), force: true });
    }
    const writtenBy = `${this.decimals()} ${study.lastStepOfAll}`;
    if (!isFirst && writtenBy !== this.writtenBy) this.api.refreshCells({ force: true });
    this.writtenBy = writtenBy;
    this.best = best;
    this.length = study.length;
  }

  /** Show the trials that the filter lets through. */
  filterChanged(): void {
    this.api.onFilterChanged();
  }

  /** Draw the times of trials that run anew. */
  refreshTimes(): void {
    const rowNodes = this.api
      .getRenderedNodes()
      .filter((node) => this.source.study.statusAt(node.data! - 1) === "running");
    if (rowNodes.length) this.api.refreshCells({ rowNodes, columns: ["time"], force: true });
  }

  /** Select what is selected elsewhere. */
  showSelection(): void {
    const { selected } = this.source;
    if (sameMembers(this.selectedNumbers(), selected)) return;
    this.api.deselectAll();
    const nodes = selected.map((number) => this.api.getRowNode(String(number)));
    this.api.setNodesSelected({ nodes: nodes.filter((node) => !!node), newValue: true });
    const last = nodes.at(-1);
    if (typeof last?.rowIndex === "number") this.api.ensureIndexVisible(last.rowIndex);
  }

  /** Light the trial under the pointer. */
  light(number: number | null): void {
    for (const row of this.el.querySelectorAll(".hn-row-lit")) row.classList.remove("hn-row-lit");
    if (number === null) return;
    this.el.querySelector(`.ag-row[data-trial="${number}"]`)?.classList.add("hn-row-lit");
  }

  get isNewestFirst(): boolean {
    const [first, ...others] = this.sorting();
    return first?.column.id === "number" && first.descending && !others.length;
  }

  /** Bring a trial into view and let the keys start from it. */
  focus(number: number): void {
    const node = this.api.getRowNode(String(number));
    if (node?.rowIndex === null || node?.rowIndex === undefined) return;
    this.api.ensureIndexVisible(node.rowIndex);
    this.api.setFocusedCell(node.rowIndex, "number");
  }

  /** The trial that stands some rows under another one, or null. */
  neighbour(number: number, offset: number): number | null {
    const index = this.api.getRowNode(String(number))?.rowIndex;
    if (index === null || index === undefined) return null;
    const node = this.api.getDisplayedRowAtIndex(index + offset);
    return node ? Number(node.id) : null;
  }

  /** Go to the trials: to the one that was left, else to the first. */
  enter(): void {
    const cell = this.api.getFocusedCell();
    this.api.setFocusedCell(cell?.rowIndex ?? 0, cell?.column ?? "number");
  }

  destroy(): void {
    this.api.destroy();
  }

  private definition(column: Column, hide: boolean): ColDef<number> {
    const { text, draw, isMuted } = column;
    const right = column.align === "right";
    return {
      colId: column.id,
      headerName: column.header,
      hide,
      ...(right ? { headerClass: "ag-right-aligned-header", cellClass: "hn-right" } : {}),
      flex: column.width,
      minWidth: column.width,
      sortable: column.sortable ?? true,
      ...(column.id === "number" ? { initialSort: "desc" as const } : {}),
      comparator: () => 0,
      ...(text ? { valueFormatter: ({ data }) => text(data! - 1) } : {}),
      ...(draw ? { cellRenderer: ({ data }: { data: number }) => draw(data - 1) } : {}),
      ...(isMuted ? { cellClassRules: { "hn-muted": ({ data }) => isMuted(data! - 1) } } : {}),
    };
  }

  /** By which columns trials are sorted. */
  private sorting(): SortBy[] {
    const sorted = this.columns.flatMap((column) => {
      const state = this.api.getColumn(column.id);
      const sort = state?.getSort();
      return sort
        ? [{ column, descending: sort === "desc", index: state!.getSortIndex() ?? 0 }]
        : [];
    });
    return sorted.sort((a, b) => a.index - b.index);
  }

  /** Put what is shown in order: the grid's own sorting looks up each value at each comparison. */
  private arrange(nodes: IRowNode<number>[]): void {
    const by = this.sorting();
    const ordered = by.map(({ column, descending }) => `${column.id} ${descending}`).join("\n");
    if (ordered !== this.ordered) this.order.sort(by);
    this.ordered = ordered;
    this.order.arrange(nodes, ({ data }) => data! - 1);
  }

  private mark(node: IRowNode<number>, eRow: HTMLElement): void {
    const number = Number(node.id);
    eRow.dataset.trial = String(number);
    const until = this.fresh.get(number);
    if (until === undefined) return;
    this.fresh.delete(number);
    if (performance.now() > until) return;
    eRow.classList.add("hn-fresh");
    setTimeout(() => eRow.classList.remove("hn-fresh"), FRESH_MS);
  }

  /** Keep the row at the top where it is, unless the newest are looked at. */
  private anchored(change: () => void): void {
    const viewport = this.el.querySelector(".ag-grid-viewport");
    const first = this.api.getDisplayedRowAtIndex(this.api.getFirstDisplayedRowIndex());
    const before = first?.rowIndex;
    change();
    const after = first?.rowIndex;
    if (!viewport || !viewport.scrollTop || typeof before !== "number") return;
    if (typeof after === "number") viewport.scrollTop += (after - before) * ROW_HEIGHT;
  }

  private selectedNumbers(): number[] {
    return this.api.getSelectedNodes().map(({ id }) => Number(id));
  }

  private passSelection(): void {
    const numbers = this.selectedNumbers();
    if (!sameMembers(numbers, this.source.selected)) this.source.select(numbers);
  }

  private onKey({
    event,
    node,
  }: CellKeyDownEvent<number> | FullWidthCellKeyDownEvent<number>): void {
    if (!(event instanceof KeyboardEvent) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") this.deeds.open(Number(node.id));
    else if (event.key === "/") this.deeds.toFilter();
    else if (event.key === "Escape") this.deeds.clear();
    else return;
    event.preventDefault();
  }
}

function arrow(text: string): HTMLElement {
  return h("span.hn-sort", {}, text);
}

function sameMembers(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  const members = new Set(a);
  return b.every((number) => members.has(number));
}
