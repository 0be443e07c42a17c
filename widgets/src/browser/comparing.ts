/** Studies over each other: how fast each found what, and how its values are spread. */
import * as format from "../format.ts";

export interface Compared {
  name: string;
  /** Values of completed trials in the order in which they ended, and hours until then. */
  values: number[];
  hours: number[];
}

/** The best value after each completed trial. */
export function bestSoFar(values: readonly number[], minimizes: boolean): number[] {
  const best: number[] = [];
  for (const value of values) {
    const before = best.at(-1);
    const better = before === undefined || (minimizes ? value < before : value > before);
    best.push(better ? value : before);
  }
  return best;
}

/** What the comparison says. */
export function sentence(studies: readonly Compared[], minimizes: boolean): string {
  const curves = studies.map(({ values }) => bestSoFar(values, minimizes));
  const empty = studies.filter(({ values }) => !values.length);
  if (empty.length) {
    const names = empty.map(({ name }) => name).join(" and ");
    return `No completed trial in ${names} yet.`;
  }
  const each = Math.min(...curves.map((curve) => curve.length));
  const finals = curves.map((curve) => curve.at(-1)!);
  const early = curves.map((curve) => curve[each - 1]);
  const all = [...finals, ...early];
  const decimals = decimalsToTell(all);
  const shown = (values: number[]) =>
    values
      .map((value, i) => `${studies[i].name} ${format.value(value, decimals)}`)
      .join(studies.length === 2 ? " against " : ", ");
  const trials = `completed trial${each === 1 ? "" : "s"}`;
  return `Best: ${shown(finals)}. After ${format.integer(each)} ${trials} each: ${shown(early)}.`;
}

function decimalsToTell(values: number[]): number {
  const different = [...new Set(values)].sort((a, b) => a - b);
  let decimals = 4;
  for (let i = 1; i < different.length; i++)
    decimals = Math.max(decimals, format.decimalsFor(different[i - 1], different[i]));
  return decimals;
}
