/** The page of all studies. */
import { BrowserSource, type Completed, type StudyKey } from "../browser/source.ts";
import { h } from "../dom.ts";
import { CODE, Study } from "../study.ts";
import { studyBrowser } from "../views/study_browser.ts";
import { decode, messagesOf } from "../wire.ts";
import type { Addresses } from "./boot.ts";
import { Feed } from "./feed.ts";
import { bar, setTitle } from "./frame.ts";
import { LateModel } from "./late_model.ts";
import { bytesOf, type Page } from "./page.ts";

export function browserPage(page: Page): void {
  setTitle("Studies");
  followStudies(page, (source, feed) => {
    const list = h("div.hn-part.hn-study_browser");
    page.main.replaceChildren(
      bar([{ text: "Studies", address: page.addresses.browser }], [feed]),
      h("div.hn-page", {}, list),
    );
    studyBrowser(list, source);
  });
}

/** Follow the list of all studies, and draw the page when it is there. */
export function followStudies(page: Page, draw: (source: BrowserSource, feed: Feed) => void): void {
  const { boot, addresses } = page;
  const late = new LateModel(
    { places: boot.places, studies: [], trouble: "" },
    {
      own: ["places", "studies", "trouble"],
      answers: {
        completed: ({ storage, study }) =>
          completed(addresses, { storage: storage as string, name: study as string }),
      },
      takes: (content) => content.type === "listening",
    },
  );
  let isDrawn = false;
  const feed = new Feed(addresses.studies, async (response) => {
    const { studies, places, trouble } = await response.json();
    late.set("places", (boot.places = places));
    late.set("trouble", Object.values(trouble).join(" "));
    late.set("studies", studies);
    if (isDrawn) return;
    isDrawn = true;
    stop();
    draw(source, feed);
    page.isDrawn();
  });
  const source = new BrowserSource(late, page.kernel, { feed, readOnly: boot.readOnly }, addresses);
  const stop = page.showHealth(source);
  feed.start();
  page.ask("browse", {}, late);
}

/** The values of a study's completed trials in the order in which they ended. */
async function completed(addresses: Addresses, key: StudyKey): Promise<Completed> {
  const study = new Study();
  for (const message of messagesOf(await bytesOf(addresses.of(key, "changes"))))
    study.apply(decode(message));
  const rows = [...study.status.values.keys()].filter(
    (row) => study.status.at(row) === CODE.completed && study.feasible.at(row),
  );
  rows.sort((a, b) => study.completed.at(a) - study.completed.at(b) || a - b);
  const first = study.started.values.reduce(
    (first, time) => (time > 0 && time < first ? time : first),
    Infinity,
  );
  return {
    values: rows.map((row) => study.value.at(row)),
    hours: rows.map((row) =>
      Number.isFinite(first) ? (study.completed.at(row) - first) / 3600 : 0,
    ),
  };
}
