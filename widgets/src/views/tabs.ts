/** The tabs of a dashboard in a cell: they say which of its parts are shown. */
import { runningWorkers } from "../derived.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import type { Study } from "../study.ts";
import type { ViewContext } from "../view.ts";

const TABS = ["Overview", "Parameters", "Trials", "Workers", "Enqueue", "Export"] as const;

export function tabs({ el, source, study, model }: ViewContext): () => void {
  const buttons = TABS.map((name) =>
    h("button.hn-tab", { type: "button", role: "tab", "data-tab": name.toLowerCase() }, name),
  );
  const list = h(
    "div.hn-tab-list",
    { role: "tablist", "aria-label": "Parts of the study" },
    ...buttons,
  );
  el.append(list);

  const show = (tab: string) => {
    el.closest<HTMLElement>(".hn-dashboard")?.setAttribute("data-tab", tab);
    for (const button of buttons) {
      const chosen = button.dataset.tab === tab;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  };
  const choose = (tab: string) => {
    show(tab);
    model.set("tab", tab);
    model.save_changes();
  };
  list.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>(".hn-tab");
    if (button) choose(button.dataset.tab!);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = buttons.findIndex((button) => button.tabIndex === 0);
    const next = buttons[(at + step + buttons.length) % buttons.length];
    choose(next.dataset.tab!);
    next.focus();
  });

  const count = () => {
    buttons.forEach((button, i) => (button.textContent = tabLabel(TABS[i], study)));
  };
  count();
  const follow = () => show(model.get("tab"));
  model.on("change:tab", follow);
  // The dashboard's box holds this element only after this returned.
  const placed = requestAnimationFrame(follow);
  const stop = source.changed.on(count);
  const stopShowing = source.shown.on(() => choose("trials"));
  return () => {
    stop();
    stopShowing();
    cancelAnimationFrame(placed);
    model.off("change:tab", follow);
  };
}

/** The name of a part, with how many trials or workers it has. */
export function tabLabel(name: string, study: Study): string {
  const counts: Record<string, number> = {
    Trials: study.length,
    Workers: runningWorkers(study),
  };
  return counts[name] ? `${name} ${format.integer(counts[name])}` : name;
}
