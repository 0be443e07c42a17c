/** Step lines over each other, as SVG. */
import { svg } from "../dom.ts";
import { linearTicks } from "../ticks.ts";

export interface StepLine {
  name: string;
  /** Points in the order of x; the line keeps a height until the next. */
  points: [number, number][];
  /** Whether its end gets its name. */
  named: boolean;
}

export interface Axis {
  low: number;
  high: number;
  title: string;
  text(value: number): string;
}

const HEIGHT = 200;
const LABEL_HEIGHT = 13;
/** About how wide a character of a label is. */
const CHARACTER = 6.5;
const LEFT = 48;
const RIGHT = 16;
const TOP = 24;
const BOTTOM = 36;

/** Where a name stands. */
interface Box {
  from: number;
  to: number;
  y: number;
}

const overlaps = (a: Box, b: Box) =>
  a.from < b.to && b.from < a.to && Math.abs(a.y - b.y) < LABEL_HEIGHT;

/** Draw lines, so wide in pixels; `label` says what they show, for those who do not see them. */
export function stepPlot(
  lines: StepLine[],
  x: Axis,
  y: Axis,
  label: string,
  width: number,
): SVGElement {
  const element = svg("svg", {
    class: "hn-step-plot",
    viewBox: `0 0 ${width} ${HEIGHT}`,
    width,
    height: HEIGHT,
    role: "img",
    "aria-label": label,
  });
  const taken: Box[] = [];
  const across = (value: number) =>
    LEFT + ((value - x.low) / (x.high - x.low || 1)) * (width - LEFT - RIGHT);
  const up = (value: number) =>
    HEIGHT - BOTTOM - ((value - y.low) / (y.high - y.low || 1)) * (HEIGHT - TOP - BOTTOM);
  for (const value of linearTicks(y.low, y.high)) {
    element.append(
      svg("path", { d: `M${LEFT} ${up(value)}H${width - RIGHT}`, class: "hn-step-grid" }),
      text(LEFT - 6, up(value) + 4, y.text(value), "end"),
    );
  }
  const base = HEIGHT - BOTTOM;
  element.append(svg("path", { d: `M${LEFT} ${base}H${width - RIGHT}`, class: "hn-step-axis" }));
  for (const value of linearTicks(x.low, x.high, Math.max(2, Math.round(width / 100)))) {
    element.append(
      svg("path", { d: `M${across(value)} ${base}v4`, class: "hn-step-axis" }),
      text(across(value), base + 16, x.text(value), "middle"),
    );
  }
  element.append(text(0, 12, y.title, "start"), text(width - RIGHT, HEIGHT - 4, x.title, "end"));
  lines.forEach(({ points, name, named }, i) => {
    const inside = points.map(
      ([px, py]) => [across(px), up(Math.max(y.low, Math.min(y.high, py)))] as const,
    );
    if (!inside.length) return;
    const path = inside.map(([px, py], at) => (at ? `H${px}V${py}` : `M${px} ${py}`)).join("");
    element.append(svg("path", { d: path, class: "hn-step-line", "data-line": i % 6 }));
    if (!named) return;
    const [endX, endY] = inside.at(-1)!;
    const length = name.length * CHARACTER;
    const left = endX + length > width;
    const box = { from: left ? endX - length : endX, to: left ? endX : endX + length, y: endY - 7 };
    while (taken.some((other) => overlaps(box, other))) box.y -= LABEL_HEIGHT;
    taken.push(box);
    element.append(
      svg("circle", { cx: endX, cy: endY, r: 3, class: "hn-step-end", "data-line": i % 6 }),
      text(endX, box.y, name, left ? "end" : "start", i),
    );
  });
  return element;
}

function text(x: number, y: number, content: string, anchor: string, line?: number): SVGElement {
  return svg(
    "text",
    {
      x,
      y,
      "text-anchor": anchor,
      class: line === undefined ? "hn-step-text" : "hn-step-text hn-step-name",
      "data-line": line === undefined ? null : line % 6,
    },
    content,
  );
}
