/** The tabs of a dashboard in a cell: they say which of its parts are shown. */
import { runningWorkers } from "../derived.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
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
    const counts: Record<string, number> = {
      trials: study.length,
      workers: runningWorkers(study),
    };
    for (const button of buttons) {
      const n = counts[button.dataset.tab!];
      const name = TABS.find((tab) => tab.toLowerCase() === button.dataset.tab)!;
      button.textContent = n ? `${name} ${format.integer(n)}` : name;
    }
  };
  count();
  const follow = () => show(model.get("tab"));
  model.on("change:tab", follow);
  // The dashboard's box holds this element only after this returned.
  const placed = requestAnimationFrame(follow);
  const stop = source.changed.on(count);
  return () => {
    stop();
    cancelAnimationFrame(placed);
    model.off("change:tab", follow);
  };
}
