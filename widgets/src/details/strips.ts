/** A trial's parameters, each on a strip of its range beside those of the best trials. */
import { h, svg } from "../dom.ts";
import { nameElement } from "../names.ts";
import type { Parameter, Study } from "../study.ts";
import { parameterText } from "../table/columns.ts";

const WIDTH = 120;
const HEIGHT = 16;

/** Draw the strips of some parameters, in their order. */
export function strips(
  study: Study,
  row: number,
  best: number[],
  names: readonly string[],
): HTMLElement {
  const drawn = names
    .map((name) => study.parameters.get(name)!)
    .filter((parameter) => !Number.isNaN(parameter.values.at(row)));
  return h(
    "div.hn-strips",
    {},
    ...drawn.flatMap((parameter) => [
      nameElement(parameter.name),
      strip(parameter, row, best),
      h("span.hn-strip-value", {}, parameterText(parameter, row)),
    ]),
  );
}

function strip(parameter: Parameter, row: number, best: number[]): SVGElement {
  const x = (r: number) => 1 + placeOf(parameter, parameter.values.at(r)) * (WIDTH - 2);
  const tick = (at: number, kind: string, height: number) =>
    svg("line", {
      class: kind,
      x1: at,
      x2: at,
      y1: HEIGHT / 2 - height / 2,
      y2: HEIGHT / 2 + height / 2,
    });
  return svg(
    "svg",
    {
      class: "hn-strip-line",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    svg("line", { class: "hn-strip-range", x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }),
    ...best
      .filter((r) => !Number.isNaN(parameter.values.at(r)))
      .map((r) => tick(x(r), "hn-strip-best", 8)),
    tick(x(row), "hn-strip-this", 14),
  );
}

/** Where a value lies in its range, 0 to 1. */
export function placeOf(parameter: Parameter, value: number): number {
  if (parameter.kind === "categorical") {
    const last = parameter.choices!.length - 1;
    return last > 0 ? value / last : 0.5;
  }
  const scale = parameter.log ? Math.log : (x: number) => x;
  const [low, high] = [scale(parameter.low!), scale(parameter.high!)];
  return high > low ? Math.min(1, Math.max(0, (scale(value) - low) / (high - low))) : 0.5;
}
