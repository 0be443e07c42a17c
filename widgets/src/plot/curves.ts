/** What trials reported step by step. */
import { CODE, type Point, type Study } from "../study.ts";
import { comparable, rowsByNumber, shownStatus } from "./shown.ts";

export interface Curve {
  number: number;
  /** Code; a trial that violates a constraint is infeasible. */
  status: number;
  /** In the order of their steps; values may be infinite or NaN. */
  points: readonly Point[];
}

export interface Curves {
  /** Completed feasible trials come first, the best of them at the head; then the others. */
  curves: Curve[];
  /** The study's best trial, where it has a curve, else null. */
  best: number | null;
}

/** The curves of all trials that reported something. */
export function curvesOf(study: Study): Curves {
  const sign = study.minimizes ? 1 : -1;
  const rows = rowsByNumber(study);
  const losses = study.value.values.map((value) => sign * value);
  const isRanked = (row: number) => comparable(study, row) && losses[row] < Infinity;
  // Sorting keeps the order of equals.
  const ranked = rows.filter(isRanked).sort((a, b) => losses[a] - losses[b]);
  const others = rows.filter((row) => !isRanked(row));
  const curves: Curve[] = [];
  for (const part of [ranked, others])
    for (const row of part) {
      const number = study.number.at(row);
      const points = study.curve(number);
      if (points.length) curves.push({ number, status: shownStatus(study, row), points });
    }
  const best = study.best === null ? null : study.number.at(study.best);
  return { curves, best: best !== null && curves[0]?.number === best ? best : null };
}

/**
 * At most so many curves, those that a person looks for first: the best one, the selected, those of
 * running trials, then the newest, which stand last before these so that they are drawn over.
 */
export function chosenCurves(
  { curves, best }: Curves,
  selected: readonly number[],
  limit: number,
): Curve[] {
  if (curves.length <= limit) return curves;
  const wanted = new Set(selected);
  const first = curves.filter(
    ({ number, status }) => number === best || wanted.has(number) || status === CODE.running,
  );
  first.sort(
    (a, b) => Number(b.number === best) - Number(a.number === best) || b.number - a.number,
  );
  const kept = new Set(first.slice(0, limit).map(({ number }) => number));
  const others = curves.filter(({ number }) => !kept.has(number));
  const newest = Float64Array.from(others, ({ number }) => number).sort();
  const from = kept.size < limit ? newest[newest.length - (limit - kept.size)] : Infinity;
  return curves.filter(({ number }) => number >= from || kept.has(number));
}

/** Some of the points of a long curve, its ends and its turns among them. */
export function thinned(points: readonly Point[], limit: number): readonly Point[] {
  if (points.length <= limit) return points;
  // Of each stretch its lowest and its highest point, in their order.
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const kept: Point[] = [points[0]];
  const inner = points.length - 2;
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor((stretch * inner) / stretches);
    const to = 1 + Math.floor(((stretch + 1) * inner) / stretches);
    let [low, high] = [from, from];
    for (let i = from; i < to; i++) {
      if (points[i].value < points[low].value) low = i;
      if (points[i].value > points[high].value) high = i;
    }
    kept.push(points[Math.min(low, high)]);
    if (low !== high) kept.push(points[Math.max(low, high)]);
  }
  kept.push(points[points.length - 1]);
  return kept;
}
