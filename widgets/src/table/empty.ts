/** What stands where the trials will be. */
import { copyText } from "../clipboard.ts";
import { h } from "../dom.ts";
import type { Source } from "../source.ts";

const EXAMPLE = "hpo.optimize(objective, search_space, n_trials=50)";
const WIDTHS = [32, 80, 56, 56, 72, 64, 64];

/** Grey bars at the size of the rows. */
export function loadingTable(rows: number): HTMLElement {
  const row = () =>
    h(
      "div.hn-loading-row",
      {},
      ...WIDTHS.map((width) => {
        const bar = h("span");
        bar.style.width = `${width}px`;
        return bar;
      }),
    );
  return h("div.hn-loading", { "aria-busy": "true" }, ...Array.from({ length: rows }, row));
}

/** What to do where there are no trials. */
export function emptyTable(source: Source): HTMLElement {
  const copy = h("button.hn-button.hn-button-primary", { type: "button" }, "Copy");
  copy.addEventListener("click", () => {
    void copyText(EXAMPLE).then(
      () => (copy.textContent = "Copied"),
      () => (copy.textContent = "Not copied"),
    );
  });
  return h(
    "div.hn-empty",
    {},
    h("b.hn-empty-title", {}, "No trials yet"),
    h(
      "p.hn-muted",
      {},
      `The study exists in ${source.storage}. Start a worker, or run this in a cell; ` +
        "rows appear here as trials start.",
    ),
    h("pre.hn-code", {}, EXAMPLE),
    copy,
  );
}
