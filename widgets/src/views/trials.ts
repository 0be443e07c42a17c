/** Every trial, live: filtered, sorted, selected; one of them in detail. */
import { h } from "../dom.ts";
import { TrialFilter } from "../filter/trial_filter.ts";
import * as format from "../format.ts";
import type { Change } from "../study.ts";
import { columnsOf, decimalsOf, fitting, type Column } from "../table/columns.ts";
import { columnsMenu } from "../table/columns_menu.ts";
import { emptyTable, loadingTable } from "../table/empty.ts";
import { filterLine } from "../table/filter_line.ts";
import { TrialGrid, type TableEngine } from "../table/grid.ts";
import { HEADER_HEIGHT, ROW_HEIGHT } from "../table/theme.ts";
import { myTurn, nextTask } from "../turns.ts";
import type { ViewContext } from "../view.ts";
import { DetailsPanel } from "./details.ts";

const TICK_MS = 1000;
const KEYS = "↑ ↓ move · Space select · Enter details · / filter";

export function trials({ el, source, study, model }: ViewContext): () => void {
  const rows: number = model.get("rows");
  const filter = new TrialFilter(study);
  let grid: TrialGrid | null = null;
  let columns: Column[] = [];
  let described = "";
  const decimals = decimalsOf(study);
  let order: string[] = [];
  let isByImportance = false;

  const caption = h("span.hn-caption");
  const menu = columnsMenu((ids) => {
    model.set("columns", ids);
    model.save_changes();
    showColumns();
  });
  const line = filterLine(study, filter, model.get("filter"), filterChanged, () => grid?.enter());
  const body = h("div.hn-table-body");
  body.style.height = `${HEADER_HEIGHT + rows * ROW_HEIGHT + 2}px`;
  const found = h("span", { role: "status" });
  const panel = h(
    "section.hn-panel.hn-table",
    { "aria-label": "Trials", "data-testid": "trial-table" },
    h(
      "div.hn-panel-head",
      {},
      h("h3.hn-heading", {}, "Trials"),
      caption,
      h("span.hn-push"),
      menu.el,
    ),
    line.el,
    body,
    h(
      "div.hn-table-foot.hn-caption",
      {},
      found,
      h("span.hn-push.hn-keys", { "aria-hidden": "true" }, KEYS),
    ),
  );
  const details = new DetailsPanel(source, {
    neighbour: (number, offset) => grid?.neighbour(number, offset) ?? null,
    leave: (number) => grid?.focus(number),
  });
  el.append(h("div.hn-trials-parts", {}, panel, details.el));
  body.append(loadingTable(rows));

  function filterChanged(text: string): void {
    if (text !== model.get("filter")) {
      model.set("filter", text);
      model.save_changes();
    }
    grid?.filterChanged();
    drawCounts();
  }

  function shownColumns(): Set<string> {
    const chosen: string[] | null = model.get("columns");
    if (chosen === null) return new Set(fitting(columns, body.clientWidth));
    return new Set(
      columns.map(({ id }) => id).filter((id) => id === "number" || chosen.includes(id)),
    );
  }

  function showColumns(): void {
    const shown = shownColumns();
    grid?.show(shown);
    menu.draw(columns, shown);
  }

  /** Parameters by importance, as it was known first: columns do not wander about later. */
  function parameterOrder(): string[] {
    const now = source.parameterOrder;
    if (!isByImportance) order = now;
    isByImportance ||= source.importance !== null;
    const known = order.filter((name) => study.parameters.has(name));
    return [...known, ...now.filter((name) => !known.includes(name))];
  }

  /** Make the columns anew where the study has other parameters than before. */
  function describe(): void {
    const parameters = parameterOrder();
    const description = JSON.stringify([
      parameters,
      [...study.parameters.values()].map(({ values: _, ...rest }) => rest),
      study.state.metric,
      study.workers.length > 0,
      decimals(),
    ]);
    if (description === described) return;
    described = description;
    columns = columnsOf(study, parameters);
    const shown = shownColumns();
    grid?.setColumns(columns, shown);
    menu.draw(columns, shown);
  }

  function drawCounts(): void {
    const newest = study.length > 1 && (grid?.isNewestFirst ?? true) ? ", newest first" : "";
    caption.textContent = source.ready ? format.integer(study.length) + newest : "reading";
    panel.classList.toggle("hn-table-empty", source.ready && study.length === 0);
    const parts = [];
    if (source.selected.length) parts.push(`${format.integer(source.selected.length)} selected`);
    if (filter.active)
      parts.push(`${format.integer(filter.count)} of ${format.plural(study.length, "trial")}`);
    found.textContent = parts.join("\u2003");
  }

  function draw(change: Change): void {
    if (change.reset) filter.refresh();
    else filter.update(change.rows);
    if (!study.length) {
      grid?.destroy();
      grid = null;
      body.replaceChildren(emptyTable(source));
    } else if (grid) {
      describe();
      grid.update(change);
    } else {
      void open();
    }
    line.draw();
    drawCounts();
    showDetails();
    details.changed(change);
  }

  function showDetails(): void {
    details.show(source.selected.at(-1) ?? null);
  }

  let opening = false;
  async function open(): Promise<void> {
    if (opening) return;
    opening = true;
    const engine = (await source.load("table")) as TableEngine;
    await myTurn();
    opening = false;
    if (gone || grid || !study.length) return;
    grid = new TrialGrid(engine, source, filter, {
      open: (number) => {
        source.select([number]);
        details.focus();
      },
      toFilter: () => line.input.focus(),
      clear: () => source.select([]),
      sorted: drawCounts,
    });
    body.replaceChildren(grid.el);
    described = "";
    describe();
    await nextTask();
    grid?.update({ reset: true, rows: [] });
  }

  let gone = false;
  const all = () => ({ reset: true, rows: Array.from({ length: study.length }, (_, row) => row) });
  filter.setText(model.get("filter"));
  if (source.ready) draw(all());
  drawCounts();
  const selection = () => {
    grid?.showSelection();
    showDetails();
    drawCounts();
  };
  selection();
  const takeFilter = () => {
    const text: string = model.get("filter");
    if (text === line.input.value) return;
    line.input.value = text;
    filter.setText(text);
    line.draw();
    filterChanged(text);
  };
  model.on("change:filter", takeFilter);
  model.on("change:columns", showColumns);
  const resized = new ResizeObserver(() => {
    if (columns.length && model.get("columns") === null) showColumns();
    showDetails();
  });
  resized.observe(body);
  const ticking = setInterval(() => grid?.refreshTimes(), TICK_MS);
  const stops = [
    source.changed.on(draw),
    source.selectionChanged.on(selection),
    // What hides them makes room for them first.
    source.shown.on(() => requestAnimationFrame(() => details.focus())),
    source.hoverChanged.on((number) => grid?.light(number)),
    source.importanceChanged.on(() => grid && describe()),
  ];
  return () => {
    gone = true;
    for (const stop of stops) stop();
    clearInterval(ticking);
    resized.disconnect();
    menu.close();
    model.off("change:filter", takeFilter);
    model.off("change:columns", showColumns);
    grid?.destroy();
  };
}
