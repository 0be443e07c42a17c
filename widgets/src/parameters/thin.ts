/** Marks that would lie over each other, where there are many. */

/** Fewer marks than this are all drawn. */
const MANY = 1000;
/** Pixels: of marks whose places fall into one square of this side, one is drawn. */
const SIDE = 3;

/** The rows whose marks are seen, the last of each square; `x` and `y` give pixels. */
export function thinned(
  rows: readonly number[],
  x: (row: number) => number,
  y: (row: number) => number,
): readonly number[] {
  if (rows.length < MANY) return rows;
  const taken = new Set<number>();
  const kept: number[] = [];
  for (let i = rows.length - 1; i >= 0; i--) {
    const square = Math.floor(x(rows[i]) / SIDE) * 65536 + Math.floor(y(rows[i]) / SIDE);
    if (taken.has(square)) continue;
    taken.add(square);
    kept.push(rows[i]);
  }
  return kept.reverse();
}

/** At most so many of some things, evenly. */
export function sampled<T>(things: readonly T[], most: number): readonly T[] {
  if (things.length <= most) return things;
  const every = Math.ceil(things.length / most);
  return things.filter((_, i) => i % every === 0);
}
