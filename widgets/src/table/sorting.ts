/** The order of trials by a column. */
import { CODE, type Study } from "../study.ts";
import type { Column } from "./columns.ts";

interface Placed {
  /** The trial's place in the study, from 1 on. */
  data: number | undefined;
}

type Compare = (
  a: unknown,
  b: unknown,
  nodeA: Placed,
  nodeB: Placed,
  descending: boolean,
) => number;

/**
 * Return how a column is sorted, with what is missing at the end in both directions. By value,
 * trials that completed stand before those of which a last report is shown. The keys are read
 * from the study's columns, as the grid holds no values.
 */
export function comparatorOf(column: Column, study: Study): Compare {
  const isByValue = column.id === "value";
  return (_a, _b, nodeA, nodeB, descending) => {
    const [rowA, rowB] = [nodeA.data! - 1, nodeB.data! - 1];
    const [a, b] = [column.key(rowA), column.key(rowB)];
    const last = descending ? -1 : 1;
    const missing = Number(isMissing(a)) - Number(isMissing(b));
    if (missing) return missing * last;
    if (isByValue) {
      const later =
        Number(study.status.at(rowA) !== CODE.completed) -
        Number(study.status.at(rowB) !== CODE.completed);
      if (later) return later * last;
    }
    return a < b ? -1 : a > b ? 1 : 0;
  };
}

function isMissing(key: number | string): boolean {
  return key !== key;
}
