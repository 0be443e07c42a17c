/** Colours of the page's theme as plotly.js reads them. */

const COLORS = [
  "panel",
  "ink",
  "ink-2",
  "edge",
  "line",
  "grid",
  "accent",
  "best",
  "best-text",
  "completed",
  "pruned",
  "running",
  "failed",
  "diverged",
  "compare-1",
  "compare-2",
] as const;

export interface Theme {
  colors: Record<(typeof COLORS)[number], string>;
  font: string;
}

/** Read the theme of an element that carries the variables of `tokens.css`. */
export function readTheme(element: HTMLElement): Theme {
  const probe = document.createElement("span");
  probe.style.display = "none";
  element.append(probe);
  // Variables hold color-mix() as it is written; a colour that is used is resolved.
  const style = getComputedStyle(probe);
  const colors = {} as Theme["colors"];
  for (const name of COLORS) {
    probe.style.color = `var(--hn-${name})`;
    colors[name] = plain(style.color);
  }
  const font = getComputedStyle(element).fontFamily;
  probe.remove();
  return { colors, font };
}

/** Call back when the page's theme changes, also when its style sheet comes later. */
export function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"],
  });
  document.head.addEventListener("load", changed, true);
  return () => {
    observer.disconnect();
    document.head.removeEventListener("load", changed, true);
  };
}

/** A colour of the theme, more transparent. */
export function faded(color: string, opacity: number): string {
  const [r, g, b] = color.match(/[\d.]+/g)!;
  return `rgba(${r}, ${g}, ${b}, ${opacity})`;
}

/** An opaque colour: a share of one in another. */
export function mixed(color: string, share: number, other: string): string {
  const [from, to] = [color, other].map((text) => text.match(/[\d.]+/g)!.map(Number));
  const parts = [0, 1, 2].map((i) => Math.round(from[i] * share + to[i] * (1 - share)));
  return `rgb(${parts.join(", ")})`;
}

/** `rgb(31, 31, 31)` for `color(srgb 0.12 0.12 0.12)`, as mixed colours are computed. */
export function plain(color: string): string {
  const mixed = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)/.exec(color);
  if (!mixed) return color;
  return `rgb(${mixed
    .slice(1)
    .map((share) => Math.round(Number(share) * 255))
    .join(", ")})`;
}
