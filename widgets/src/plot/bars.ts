/** Bars of a timeline, joined where the screen would not tell them apart. */
import type { Status } from "../study.ts";
import type { Trace } from "./drawing.ts";
import { faded, type Theme } from "./theme.ts";

/** A bar in the coordinates of the plot. */
export interface Bar {
  x0: number;
  x1: number;
  y: number;
  kind: Status | "best";
}

/** Bars as one trace for each kind; `height` of a bar and the size of a pixel in coordinates. */
export function barTraces(
  bars: Iterable<Bar>,
  height: number,
  pixel: { x: number; y: number },
  theme: Theme,
): Trace[] {
  const kinds = new Map<Bar["kind"], Bar[]>();
  const last = new Map<string, Bar>();
  for (const bar of bars) {
    const row = height < pixel.y ? Math.floor(bar.y / pixel.y) : bar.y;
    const key = `${bar.kind} ${row}`;
    const before = last.get(key);
    if (before && bar.x0 - before.x1 < pixel.x && bar.x1 - bar.x0 < 2 * pixel.x) {
      before.x1 = Math.max(before.x1, bar.x1);
      continue;
    }
    const kept = { ...bar };
    last.set(key, kept);
    const all = kinds.get(bar.kind) ?? [];
    kinds.set(bar.kind, all);
    all.push(kept);
  }
  const tall = Math.max(height, pixel.y);
  return [...kinds].map(([kind, kept]) => ({
    type: "scatter",
    mode: "lines",
    name: kind,
    ...outlines(kept, tall, pixel.x),
    fill: "toself",
    hoverinfo: "skip",
    connectgaps: false,
    ...barLook(kind, theme),
    ...(kind === "running" ? hatched(theme) : {}),
  }));
}

function outlines(bars: readonly Bar[], height: number, pixel: number) {
  const x = new Float64Array(6 * bars.length);
  const y = new Float64Array(6 * bars.length);
  bars.forEach(({ x0, x1, y: middle }, i) => {
    // A gap of a pixel parts neighbours.
    const end = x1 - x0 > 3 * pixel ? x1 - pixel : Math.max(x1, x0 + pixel);
    const [low, high] = [middle - height / 2, middle + height / 2];
    x.set([x0, end, end, x0, x0, NaN], 6 * i);
    y.set([low, low, high, high, low, NaN], 6 * i);
  });
  return { x, y };
}

/** The fill and the edge of a bar, for a trace or a shape. */
export function barLook(kind: Bar["kind"], theme: Theme): Trace {
  const { colors } = theme;
  const solid = (fillcolor: string) => ({ fillcolor, line: { width: 0 } });
  switch (kind) {
    case "best":
      return solid(colors.best);
    case "completed":
      return solid(faded(colors.completed, 0.32));
    case "pruned":
      return { fillcolor: "rgba(0,0,0,0)", line: { width: 1, color: colors.edge } };
    case "diverged":
      return solid(faded(colors.diverged, 0.25));
    case "failed":
    case "lost":
      return solid(faded(colors.failed, 0.28));
    case "running":
      return solid(faded(colors.running, 0.36));
    default:
      return solid(faded(colors["ink-2"], 0.5));
  }
}

function hatched({ colors }: Theme): Trace {
  return {
    fillpattern: {
      shape: "/",
      fgcolor: colors.running,
      bgcolor: faded(colors.running, 0.25),
      size: 5,
      solidity: 0.35,
    },
  };
}
