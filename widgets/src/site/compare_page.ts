/** The page that compares some studies. */
import { ComparePanel } from "../browser/compare_panel.ts";
import { keyOf } from "../browser/source.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { STATUS_WORDS, studyMark } from "../marks.ts";
import { liveness } from "../notices.ts";
import type { StudyRow } from "../browser/source.ts";
import { bar, setTitle } from "./frame.ts";
import { followStudies } from "./browser_page.ts";
import type { Page } from "./page.ts";

export function comparePage(page: Page): void {
  const wanted = page.addresses.compared();
  setTitle(wanted.map(({ name }) => name).join(" and "));
  followStudies(page, (source, feed) => {
    const panel = new ComparePanel(source, null);
    const names = h("ul.hn-compare-studies");
    const missing = h("p.hn-muted");
    const part = h(
      "div.hn-part.hn-compare-page",
      {},
      h("h2.hn-title", {}, "Compare studies"),
      liveness(source).element,
      names,
      missing,
      panel.element,
    );
    page.main.replaceChildren(
      bar(
        [
          { text: "Studies", address: page.addresses.browser },
          { text: "Compare", address: null },
        ],
        [feed],
      ),
      h("div.hn-page", {}, part),
    );
    const draw = () => {
      const known = new Map(source.studies.map((study) => [keyOf(study), study]));
      const found = wanted.flatMap((key) => known.get(keyOf(key)) ?? []);
      const gone = wanted.filter((key) => !known.has(keyOf(key)));
      names.replaceChildren(...found.map((study) => line(study, page.addresses.study(study))));
      missing.textContent = said(
        gone.map(({ name }) => name),
        found.length,
      );
      void panel.show(found);
    };
    draw();
    panel.follow();
    source.changed.on(draw);
  });
}

function line(study: StudyRow, address: string): HTMLElement {
  const best = study.history.at(-1);
  return h(
    "li",
    {},
    h("a", { href: address }, study.name),
    h("span.hn-state-word", {}, studyMark(study.status), STATUS_WORDS[study.status].toLowerCase()),
    h("span.hn-muted", {}, `${format.integer(study.finished)} finished`),
    best ? h("span.hn-muted", {}, `best ${format.value(best[1])} in trial ${best[0]}`) : null,
  );
}

function said(gone: string[], found: number): string {
  const not = gone.length
    ? `There is no study ${gone.map((name) => `“${name}”`).join(", ")}. `
    : "";
  return found < 2 ? `${not}Choose two studies or more in the list of all studies.` : not;
}
