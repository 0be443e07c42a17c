/** A trial's reports as a line of a few pixels. */
import { svg } from "../dom.ts";
import { shownStatus } from "../filter/trial_names.ts";
import type { Point, Study } from "../study.ts";

const WIDTH = 56;
const HEIGHT = 20;
const MARGIN = 3;

/**
 * Draw the reports of a trial. The width is that of the longest trial; the height spans at least
 * what the best trial's reports span, so that steep lines are steep.
 */
export function curveCell(study: Study, row: number): Node {
  const points = finite(study.curve(study.number.at(row)));
  const status = study.best === row ? "best" : shownStatus(study, row);
  const element = svg("svg", {
    class: `hn-spark hn-mark-${status}`,
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    "aria-hidden": "true",
  });
  if (!points.length) return element;
  const [low, high] = range(points);
  const best = study.best === null ? [] : finite(study.curve(study.number.at(study.best)));
  const span = Math.max(high - low, best.length ? range(best)[1] - range(best)[0] : 0);
  const first = points[0].step;
  const steps = Math.max(1, study.lastStepOfAll - first, points[points.length - 1].step - first);
  const top = study.minimizes ? high : low + span;
  const x = (step: number) => MARGIN + ((step - first) / steps) * (WIDTH - 2 * MARGIN);
  const y = (value: number) =>
    MARGIN + (span > 0 ? (top - value) / span : 0.5) * (HEIGHT - 2 * MARGIN);
  const shown = thinned(points, WIDTH);
  if (shown.length > 1) {
    const line = shown.map(({ step, value }) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`);
    element.append(svg("polyline", { points: line.join(" ") }));
  }
  const last = points[points.length - 1];
  element.append(svg("circle", { cx: x(last.step), cy: y(last.value), r: 1.5 }));
  return element;
}

export function finite(points: readonly Point[]): Point[] {
  return points.filter(({ value }) => Number.isFinite(value));
}

function range(points: readonly Point[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { value } of points) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/** About as many points as there are pixels, the last one among them. */
function thinned(points: Point[], count: number): Point[] {
  if (points.length <= count) return points;
  const every = (points.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => points[Math.round(i * every)]);
}
