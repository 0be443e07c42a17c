/** The bar of a narrow page: it goes to the sections, and says which one is in view. */
import { h } from "../dom.ts";
import type { Source } from "../source.ts";
import { tabLabel } from "../views/tabs.ts";

export type Section =
  "Overview" | "Parameters" | "Trials" | "Workers" | "Export" | "Enqueue" | "Distribution";

/** `parts` holds the parts, each with its section in `data-section`. */
export function anchors(source: Source, parts: HTMLElement): HTMLElement {
  const first = new Map<string, HTMLElement>();
  for (const part of parts.querySelectorAll<HTMLElement>("[data-section]"))
    if (!first.has(part.dataset.section!)) first.set(part.dataset.section!, part);
  const links = new Map<string, HTMLAnchorElement>();
  for (const [section, part] of first) {
    part.id = section.toLowerCase();
    const link = h("a.hn-tab", { href: `#${part.id}` }, section);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      // No step for Back to take: the page stays the same.
      history.replaceState(history.state, "", link.href);
      part.scrollIntoView();
    });
    links.set(section, link);
  }
  const label = () => {
    for (const [section, link] of links) {
      link.textContent = tabLabel(section, source.study);
      link.hidden = first.get(section)!.hidden;
    }
  };
  label();
  source.changed.on(label);
  source.readOnlyChanged.on(label);
  const inView = new Set<Element>();
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting) inView.add(target);
      else inView.delete(target);
    const current = [...parts.children].find((part) => inView.has(part)) as HTMLElement | undefined;
    for (const [section, link] of links)
      if (section === current?.dataset.section) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
  });
  for (const part of parts.querySelectorAll("[data-section]")) seen.observe(part);
  return h(
    "nav.hn-part.hn-anchors",
    { "aria-label": "Parts of the study" },
    h("div.hn-tab-list", {}, ...links.values()),
  );
}
