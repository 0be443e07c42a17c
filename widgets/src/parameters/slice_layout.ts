/** Where the small plots of parameters stand: in rows, with one value axis for all. */
import type { Margin } from "../plot/drawing.ts";

export const MARGIN: Margin = { l: 40, r: 12, t: 18, b: 22 };
/** Pixels: of a plot, of one with its name above and its ticks below, and between plots. */
export const PLOT_HEIGHT = 110;
const ROW_HEIGHT = 152;
const COLUMN_GAP = 20;
const NARROWEST = 140;
const MOST_COLUMNS = 4;

export interface SlicePlace {
  /** Names of its axes: `x3`, `y2`. */
  x: string;
  y: string;
  /** Pixels of the plot, and where it starts, of the whole figure's inner side. */
  width: number;
  left: number;
  bottom: number;
}

export function columnsFor(width: number, count: number): number {
  const fitting = Math.floor((width - MARGIN.l) / NARROWEST);
  return Math.max(1, Math.min(MOST_COLUMNS, fitting, count));
}

/** How high the plots of some parameters are together. */
export function slicesHeight(width: number, count: number): number {
  const rows = Math.max(1, Math.ceil(count / columnsFor(width, count)));
  return rows * ROW_HEIGHT - (ROW_HEIGHT - PLOT_HEIGHT) + MARGIN.t + MARGIN.b;
}

/** Place a plot for each thing, row by row. */
export function layOut(
  { length }: { length: number },
  columns: number,
  inner: { width: number; height: number },
): SlicePlace[] {
  const width = (inner.width - (columns - 1) * COLUMN_GAP) / columns;
  return Array.from({ length }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return {
      x: i ? `x${i + 1}` : "x",
      y: row ? `y${row + 1}` : "y",
      width,
      left: column * (width + COLUMN_GAP),
      bottom: inner.height - row * ROW_HEIGHT - PLOT_HEIGHT,
    };
  });
}

/** A part of a side as plotly.js has it. */
export function domainOf(start: number, length: number, side: number): [number, number] {
  const share = (at: number) => Math.min(1, Math.max(0, at / side));
  return [share(start), share(start + length)];
}
