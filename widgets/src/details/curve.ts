/** A trial's reports against those of the best trial, as a small plot. */
import { h, svg } from "../dom.ts";
import { metricName } from "../derived.ts";
import * as format from "../format.ts";
import type { Point, Study } from "../study.ts";
import { finite } from "../table/sparkline.ts";
import { linearTicks, logTicks, upright, type Tick } from "../ticks.ts";

const [WIDTH, HEIGHT] = [380, 150];
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 52, 6, 18];
const FROM_LOG = 3;

export function curvePlot(study: Study, row: number): HTMLElement | null {
  const number = study.number.at(row);
  const own = finite(study.curve(number));
  if (!own.length) return null;
  const bestRow = study.best;
  const bestNumber = bestRow === null ? null : study.number.at(bestRow);
  const isBest = bestNumber === number;
  const best = bestNumber === null || isBest ? [] : finite(study.curve(bestNumber));
  const axes = axesOf([...own, ...best]);
  const metric = metricName(study);
  const against = best.length ? `against the best, trial ${bestNumber}` : "";
  const picture = svg(
    "svg",
    {
      class: "hn-curve",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": sentence(study, number, own, best),
    },
    ...grid(axes),
    ...(best.length ? line(best, axes, "hn-curve-best", `${bestNumber} best`) : []),
    ...line(
      own,
      axes,
      isBest ? "hn-curve-best" : "hn-curve-this",
      isBest ? `${number} best` : `${number}`,
    ),
  );
  separate(picture);
  return h(
    "section",
    {},
    h("div.hn-caption", {}, h("b.hn-section", {}, "Learning curve"), ` ${against}`),
    h("div.hn-caption", {}, axes.log ? `${metric}, log` : metric),
    picture,
    h("div.hn-caption.hn-curve-x", {}, "step"),
  );
}

interface Axes {
  log: boolean;
  low: number;
  high: number;
  first: number;
  last: number;
  x(step: number): number;
  y(value: number): number;
}

function axesOf(points: Point[]): Axes {
  const values = points.map(({ value }) => value);
  const steps = points.map(({ step }) => step);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const log = low > 0 && high / low >= FROM_LOG;
  if (low === high)
    [low, high] = [low - (Math.abs(low) || 1) * 0.05, high + (Math.abs(high) || 1) * 0.05];
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const scale = log ? Math.log : (value: number) => value;
  const margin = (scale(high) - scale(low)) * 0.05;
  const [bottom, top] = [scale(low) - margin, scale(high) + margin];
  return {
    log,
    low,
    high,
    first,
    last,
    x: (step) =>
      LEFT + (last > first ? (step - first) / (last - first) : 0.5) * (WIDTH - LEFT - RIGHT),
    y: (value) => TOP + ((top - scale(value)) / (top - bottom)) * (HEIGHT - TOP - BOTTOM),
  };
}

function grid(axes: Axes): SVGElement[] {
  const elements: SVGElement[] = [];
  for (const { value, text } of valueTicks(axes)) {
    const y = axes.y(value);
    elements.push(
      svg("line", { class: "hn-curve-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
      svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, text),
    );
  }
  for (const step of linearTicks(axes.first, axes.last, 5).filter(Number.isInteger)) {
    const x = axes.x(step);
    elements.push(svg("text", { x, y: HEIGHT - 3, "text-anchor": "middle" }, format.integer(step)));
  }
  const base = HEIGHT - BOTTOM;
  elements.push(
    svg("line", { class: "hn-curve-axis", x1: LEFT, x2: WIDTH - RIGHT, y1: base, y2: base }),
  );
  return elements;
}

function line(points: Point[], axes: Axes, kind: string, label: string): SVGElement[] {
  const places = points.map(
    ({ step, value }) => `${axes.x(step).toFixed(1)},${axes.y(value).toFixed(1)}`,
  );
  const last = points[points.length - 1];
  const [x, y] = [axes.x(last.step), axes.y(last.value)];
  return [
    points.length > 1
      ? svg("polyline", { class: kind, points: places.join(" ") })
      : svg("circle", { class: kind, cx: x, cy: y, r: 2.5 }),
    svg("text", { class: `${kind} hn-curve-label`, x: x + 6, y: y + 4 }, label),
  ];
}

/** Keep the two labels apart where the curves end together. */
function separate(picture: SVGElement): void {
  const labels = [...picture.querySelectorAll(".hn-curve-label")];
  if (labels.length < 2) return;
  const [a, b] = labels.map((label) => ({
    label,
    x: Number(label.getAttribute("x")),
    y: Number(label.getAttribute("y")),
  }));
  if (Math.abs(a.y - b.y) >= 12 || Math.abs(a.x - b.x) >= 44) return;
  const [upper, lower] = a.y < b.y ? [a, b] : [b, a];
  const middle = Math.min((a.y + b.y) / 2, HEIGHT - BOTTOM - 6);
  upper.label.setAttribute("y", String(middle - 6));
  lower.label.setAttribute("y", String(middle + 6));
}

function valueTicks({ low, high, log }: Axes): Tick[] {
  if (log) return logTicks([Math.log10(low), Math.log10(high)], upright(HEIGHT - TOP - BOTTOM));
  const values = linearTicks(low, high, 4);
  return values.map((value) => ({ value, text: tickText(value, values) }));
}

/** A tick with as many decimals as tell it from the next. */
function tickText(value: number, all: number[]): string {
  const apart = all.length > 1 ? all[1] - all[0] : Math.abs(value) || 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(apart)));
  return decimals > 4 || Math.abs(value) >= 1e6
    ? format.number(value)
    : format.grouped(value.toFixed(decimals)).replace("-", "−");
}

function sentence(study: Study, number: number, own: Point[], best: Point[]): string {
  const last = own[own.length - 1];
  const ends = `ends at ${format.value(last.value)} at step ${last.step}`;
  const other = best.length
    ? `; the best trial ends at ${format.value(best[best.length - 1].value)}`
    : "";
  return `Learning curve of trial ${number}: ${metricName(study)} ${ends}${other}.`;
}
