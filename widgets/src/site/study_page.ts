/** The page of one study: all parts at once, one below the other where there is little room. */
import { h } from "../dom.ts";
import { enqueueDialog } from "../enqueue.ts";
import { Source } from "../source.ts";
import type { View } from "../view.ts";
import { controlPanel } from "../views/control_panel.ts";
import { curves } from "../views/curves.ts";
import { edf } from "../views/edf.ts";
import { enqueuePanel } from "../views/enqueue_panel.ts";
import { exportPanel } from "../views/export_panel.ts";
import { header } from "../views/header.ts";
import { history } from "../views/history.ts";
import { importance } from "../views/importance.ts";
import { parameters } from "../views/parameters.ts";
import { timeline } from "../views/timeline.ts";
import { trials } from "../views/trials.ts";
import { messagesOf } from "../wire.ts";
import { anchors, type Section } from "./anchors.ts";
import { Feed } from "./feed.ts";
import { bar, setTitle } from "./frame.ts";
import { LateModel } from "./late_model.ts";
import { bytesOf, type Page } from "./page.ts";
import { absence } from "./troubles.ts";

/** Rows of the table: fewest where there is little room or no more trials. */
const ROWS = { least: 13, most: 30 };
const ROOMY = 840;

interface Part {
  name: string;
  view: View;
  section: Section;
  /** The options of its widget, which a page has too. */
  options?: Record<string, unknown>;
  /** Whether it is there to change something. */
  changes?: boolean;
}

const PARTS: Part[] = [
  { name: "header", view: header, section: "Overview", options: { controls: true } },
  {
    name: "history",
    view: history,
    section: "Overview",
    options: { axis: "trial", scale: "linear" },
  },
  { name: "curves", view: curves, section: "Overview", options: { axis: "step" } },
  {
    name: "parameters",
    view: parameters,
    section: "Parameters",
    options: { kind: "slice", x: "", y: "" },
  },
  {
    name: "importance",
    view: importance,
    section: "Parameters",
    options: { evaluator: "ped-anova" },
  },
  { name: "trials", view: trials, section: "Trials", options: { filter: "", columns: null } },
  { name: "timeline", view: timeline, section: "Workers", options: { by: "worker" } },
  { name: "control_panel", view: controlPanel, section: "Workers", changes: true },
  { name: "export_panel", view: exportPanel, section: "Export" },
  { name: "enqueue_panel", view: enqueuePanel, section: "Enqueue", changes: true },
  { name: "edf", view: edf, section: "Distribution", options: { scale: "linear" } },
];

/** Follow a study, and draw it into the page when it has arrived. */
export function studyPage(page: Page): void {
  const { boot, addresses, main } = page;
  const key = { storage: boot.alias ?? "", name: boot.study! };
  const bytes = (what: string) => async () => bytesOf(addresses.of(key, what));
  const late = new LateModel(
    {
      storage: addresses.place?.address ?? key.storage,
      snapshot: null,
      changes: [],
      selected: [],
      importance: {},
      fanova: {},
      trouble: "",
    },
    {
      own: ["snapshot", "changes", "trouble", "storage"],
      answers: {
        best_file: async ({ kind }) => bytesOf(`${addresses.of(key, "best")}?format=${kind}`),
        trials_csv: bytes("trials.csv"),
      },
      takes: (content) => {
        if (content.type !== "listening") return false;
        // A message does not follow on what is known.
        if (source?.ready) feed.restart();
        return true;
      },
    },
  );
  let source: Source | null = null;
  let isDrawn = false;
  const show = () => {
    if (isDrawn) return;
    isDrawn = true;
    stop();
    main.removeEventListener("click", early);
    draw(page, source!, feed);
    void plots.then(page.isDrawn);
  };
  // A row that the server drew is selected when the table takes its place.
  const early = ({ target }: MouseEvent) => {
    const row = (target as Element).closest<HTMLElement>("[data-trial]");
    if (row) source!.select([Number(row.dataset.trial)]);
  };
  main.addEventListener("click", early);
  let isGone = false;
  const feed = new Feed(addresses.of(key, "changes"), async (response) => {
    // It came, or came back: only a page that is loaded again has all of it.
    if (isGone || boot.missing) return location.reload();
    for (const message of messagesOf(await response.arrayBuffer())) source!.take(message);
    await table;
    show();
  });
  feed.changed.on(() => {
    if (feed.trouble?.kind !== "gone" || isGone) return;
    isGone = isDrawn = true;
    stop();
    main.replaceChildren(wayTo(page, feed), absence(feed.trouble.text, addresses));
  });
  source = new Source(late, page.load, page.kernel, { feed, readOnly: boot.readOnly });
  source.changed.on(() => {
    const { name } = source!.study.state;
    // All addresses of the page hold the name.
    if (source!.ready && name !== key.name) location.replace(addresses.study({ ...key, name }));
  });
  // What the server drew stays until the table can take its place.
  const table = page.load("table").catch(() => {});
  const plots = page.load("plots").catch(() => {});
  const isPainted = main.childElementCount > 0;
  const stop = page.showHealth(source);
  if (!isPainted) show();
  setTitle(key.name);
  feed.start();
  page.ask("open", { alias: boot.alias ?? null, study: key.name }, late);
}

function wayTo({ addresses, boot }: Page, feed: Feed): HTMLElement {
  const way = [
    { text: "Studies", address: addresses.browser },
    { text: boot.study!, address: null },
  ];
  return bar(way, [feed]);
}

function draw(page: Page, source: Source, feed: Feed): void {
  const { main } = page;
  const { readOnly } = page.boot;
  const parts = PARTS.filter(({ changes }) => !changes || !readOnly);
  const places = parts.map(({ name, section }) =>
    h(`div.hn-part.hn-${name}`, { "data-section": section }),
  );
  const grid = h("div.hn-page-parts", {}, ...places);
  const allow = () =>
    parts.forEach(({ changes }, i) => (places[i].hidden = Boolean(changes && source.readOnly)));
  allow();
  source.readOnlyChanged.on(allow);
  places[0].after(anchors(source, grid));
  main.replaceChildren(wayTo(page, feed), h("div.hn-page", {}, grid));
  if (!readOnly)
    source.offerForm((params, what) => {
      enqueueDialog(source, params, what);
      return true;
    });
  const most = grid.clientWidth < ROOMY ? ROWS.least : ROWS.most;
  const rows = source.ready ? Math.min(most, Math.max(ROWS.least, source.study.length)) : most;
  parts.forEach(({ view, options }, i) => {
    view({
      el: places[i],
      source,
      study: source.study,
      model: new LateModel({ rows, ...options }),
    });
  });
}
