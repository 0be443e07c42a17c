/** The pages of the WebUI: takes over what the server drew, and follows it by HTTP. */
import { keepKeys } from "../keys.ts";
import type { Core } from "../page.ts";
import { Addresses, readBoot, type Boot } from "./boot.ts";
import { browserPage } from "./browser_page.ts";
import { comparePage } from "./compare_page.ts";
import { Page } from "./page.ts";
import { studyPage } from "./study_page.ts";

const PAGES: Record<Boot["page"], (page: Page) => void> = {
  browser: browserPage,
  study: studyPage,
  compare: comparePage,
};

const boot = readBoot();
const page = new Page(boot, new Addresses(boot), document.getElementById("highnoon")!);

(globalThis.highnoon ??= {}).page = Promise.resolve<Core>({
  render: async (model) => {
    page.take(model);
    return () => {};
  },
});
keepKeys();
PAGES[boot.page](page);
if (boot.kernel) whenLoaded(() => refuse(document.getElementById("highnoon-no-kernel")));
else page.refuse(boot.refused ?? "");

/** The server may learn late that there is no kernel, and says so at the document's end. */
function refuse(said: HTMLElement | null): void {
  if (said) page.refuse(JSON.parse(said.textContent!).reason);
}

function whenLoaded(act: () => void): void {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", act);
  else act();
}
