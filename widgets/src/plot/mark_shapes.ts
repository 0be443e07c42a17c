/** Marks of single trials as shapes over a plot, which cost no drawing of its traces. */
import type { Status } from "../study.ts";
import type { Shape } from "./drawing.ts";
import { faded, type Theme } from "./theme.ts";

/**
 * A circle of some pixels around its anchor. plotly.js takes the ends of its own circles for values
 * where an axis is logarithmic, and draws them narrow.
 */
export function circlePath(radius: number): string {
  const [r, c] = [radius, radius * 0.5523];
  return (
    `M${r},0C${r},${c},${c},${r},0,${r}C${-c},${r},${-r},${c},${-r},0` +
    `C${-r},${-c},${-c},${-r},0,${-r}C${c},${-r},${r},${-c},${r},0Z`
  );
}

/** Shapes that mark a trial at a place as `markTraces` does; `radius` is that of completed ones. */
export function markShapes(
  status: Status,
  { x, y }: { x: number | string; y: number },
  theme: Theme,
  radius = 3.5,
): Shape[] {
  const { colors } = theme;
  const at = { xsizemode: "pixel", ysizemode: "pixel", xanchor: x, yanchor: y };
  const circle = (radius: number, look: Shape): Shape => ({
    ...at,
    type: "path",
    path: circlePath(radius),
    ...look,
  });
  const path = (path: string, look: Shape): Shape => ({ ...at, type: "path", path, ...look });
  const line = (color: string, width: number) => ({ line: { color, width } });
  switch (status) {
    case "completed":
      return [circle(radius, { fillcolor: faded(colors.completed, 0.8), line: { width: 0 } })];
    case "pruned":
      return [path("M-4,3L4,3L0,-3.5Z", line(colors.pruned, 1))];
    case "diverged":
      return [path("M-4.5,-3L4.5,-3L0,4.5Z", { fillcolor: colors.diverged, line: { width: 0 } })];
    case "failed":
    case "lost":
      return [path("M-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5", line(colors.failed, 1.75))];
    case "infeasible":
      return [
        circle(4, line(colors["ink-2"], 1.25)),
        path("M-2.8,-2.8L2.8,2.8", line(colors["ink-2"], 1.25)),
      ];
    case "running":
      return [circle(3.5, line(colors.running, 1.75))];
    case "queued":
      return [];
  }
}
