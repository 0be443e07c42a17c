/** What every page needs: draws the parts of a study by their names. */
import type { EnginesModel, LoadEngine, Model, WidgetModel } from "./page.ts";
import { BrowserSource } from "./browser/source.ts";
import { enqueueDialog } from "./enqueue.ts";
import { keepKeys } from "./keys.ts";
import { Source } from "./source.ts";
import styles from "./styles/index.css";
import { nextTask } from "./turns.ts";
import type { View } from "./view.ts";
import { controlPanel } from "./views/control_panel.ts";
import { curves } from "./views/curves.ts";
import { edf } from "./views/edf.ts";
import { enqueuePanel } from "./views/enqueue_panel.ts";
import { exportPanel } from "./views/export_panel.ts";
import { header } from "./views/header.ts";
import { importance } from "./views/importance.ts";
import { parameters } from "./views/parameters.ts";
import { studyBrowser } from "./views/study_browser.ts";
import { tabs } from "./views/tabs.ts";
import { timeline } from "./views/timeline.ts";
import { history } from "./views/history.ts";
import { trials } from "./views/trials.ts";

const VIEWS: Record<string, View> = {
  control_panel: controlPanel,
  curves,
  edf,
  enqueue_panel: enqueuePanel,
  export_panel: exportPanel,
  header,
  history,
  importance,
  parameters,
  tabs,
  timeline,
  trials,
};

/** The sources of this page by their models. */
const sources = new WeakMap<Model, Source>();

export async function render(
  model: WidgetModel,
  el: HTMLElement,
  load: (name: string) => Promise<unknown>,
): Promise<() => void> {
  addStyles();
  keepKeys();
  const manager = model.widget_manager;
  const engines = (await manager.get_model(model.get("_engines"))) as EnginesModel;
  const sourceModel = await manager.get_model(model.get("_source"));
  takePlaceOfStill(el);
  el.classList.add("hn-part", `hn-${model.get("_part")}`);
  if (model.get("_part") === "study_browser") {
    keeping(load, engines);
    return studyBrowser(el, new BrowserSource(sourceModel, manager.kernel ?? null));
  }
  let source = sources.get(sourceModel);
  if (!source) {
    source = new Source(sourceModel, keeping(load, engines), manager.kernel ?? null);
    sources.set(sourceModel, source);
    openingForms(source);
  }
  await nextTask();
  const view = VIEWS[model.get("_part")];
  return view({ el, source, study: source.study, model }) ?? (() => {});
}

/** Where no panel for a configuration is in sight, one opens. */
function openingForms(source: Source): void {
  source.offerForm((params, what) => {
    enqueueDialog(source, params, what);
    return true;
  });
}

/** Take all engines that the model holds at once, then let the kernel drop them from its state. */
function keeping(load: (name: string) => Promise<unknown>, engines: EnginesModel): LoadEngine {
  const held = Object.keys(engines.get("bundles"));
  if (held.length) {
    void Promise.all(held.map(load)).then(() => engines.send({ type: "taken" }));
  }
  return load;
}

/** Hide the picture that a saved notebook shows where no kernel runs. */
function takePlaceOfStill(el: HTMLElement): void {
  // The element is in the page only after its view was drawn.
  requestAnimationFrame(() => {
    const stills = el.closest(".jp-OutputArea")?.querySelectorAll(".hn-still") ?? [];
    for (const still of stills) {
      still.closest<HTMLElement>(".jp-OutputArea-child")?.style.setProperty("display", "none");
    }
  });
}

function addStyles(): void {
  if (document.getElementById("highnoon-styles")) return;
  const element = document.createElement("style");
  element.id = "highnoon-styles";
  element.textContent = styles;
  document.head.append(element);
}
