/** How all plots look: margins, type, axes; and what plotly.js is to leave out. */
import type { Annotation, Axis, Drawing, Margin } from "./drawing.ts";
import type { Theme } from "./theme.ts";

export const MARGIN: Margin = { l: 40, r: 16, t: 24, b: 36 };

/** Room for the text of a tick. */
const TICK_PIXELS = 72;

export const CONFIG = {
  displayModeBar: false,
  displaylogo: false,
  showSendToCloud: false,
  showTips: false,
  responsive: false,
  // A panel does that: it knows of ranges that went with the time.
  doubleClick: false,
};

export interface Size {
  width: number;
  height: number;
}

/** A whole layout for plotly.js. */
export function layoutOf(
  drawing: Drawing,
  theme: Theme,
  size: Size,
  dragmode: "select" | "zoom",
): Record<string, unknown> {
  const axes = Object.fromEntries(
    Object.entries(drawing.axes).map(([name, axis]) => [
      name,
      { ...(name.startsWith("x") ? xAxis(theme, size) : yAxis(theme)), ...axis },
    ]),
  );
  return {
    ...size,
    ...axes,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, size: 11, color: theme.colors["ink-2"] },
    margin: { ...MARGIN, ...drawing.margin, pad: 0 },
    separators: ".\u202f",
    showlegend: false,
    hovermode: "closest",
    hoverdistance: 16,
    dragmode,
    // Nothing but ranges that somebody zoomed to outlives a drawing.
    selections: [],
    newselection: { line: { color: theme.colors.accent, width: 1, dash: "solid" } },
    activeselection: { fillcolor: theme.colors.accent, opacity: 0.08 },
    shapes: drawing.shapes ?? [],
    annotations: drawing.annotations ?? [],
  };
}

function xAxis(theme: Theme, { width }: Size): Axis {
  return {
    showgrid: false,
    zeroline: false,
    showline: true,
    linecolor: theme.colors.edge,
    linewidth: 1,
    ticks: "outside",
    ticklen: 4,
    tickcolor: theme.colors.edge,
    nticks: Math.min(9, Math.max(2, Math.floor(width / TICK_PIXELS))),
    tickangle: 0,
    automargin: false,
    exponentformat: "e",
    separatethousands: true,
  };
}

function yAxis(theme: Theme): Axis {
  return {
    showgrid: true,
    gridcolor: theme.colors.grid,
    gridwidth: 1,
    zeroline: false,
    showline: false,
    ticks: "",
    nticks: 6,
    ticklabelstandoff: 2,
    automargin: false,
    exponentformat: "e",
  };
}

/** Keep the ticks of an axis of whole numbers whole. */
export function wholeTicks([low, high]: readonly [number, number]): Axis {
  return { tickformat: ",d", ...(high - low < 9 ? { dtick: 1 } : {}) };
}

/** Axis titles: what is measured at the top left, along what at the bottom right. */
export function axisTitles(y: string, x: string, left = MARGIN.l): Annotation[] {
  return [
    {
      text: escaped(y),
      xref: "paper",
      x: 0,
      xanchor: "left",
      xshift: -left,
      yref: "paper",
      y: 1,
      yanchor: "bottom",
      yshift: 8,
      showarrow: false,
    },
    {
      text: escaped(x),
      xref: "paper",
      x: 1,
      xanchor: "right",
      yref: "paper",
      y: 0,
      yanchor: "top",
      yshift: -20,
      showarrow: false,
    },
  ];
}

/** Text for plotly.js, which reads some markup, as it is written. */
export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
