/** The order of trials by a column. */
import { CODE, type Study } from "../study.ts";
import type { Column } from "./columns.ts";

type Compare = (
  a: number | string,
  b: number | string,
  nodeA: { data: number | undefined },
  nodeB: { data: number | undefined },
  descending: boolean,
) => number;

/**
 * Return how a column is sorted, with what is missing at the end in both directions. By value,
 * trials that completed stand before those of which a last report is shown.
 */
export function comparatorOf(column: Column, study: Study): Compare {
  const isLast =
    column.id === "value" ? (row: number) => study.status.at(row) !== CODE.completed : () => false;
  return (a, b, nodeA, nodeB, descending) => {
    const last = descending ? -1 : 1;
    const missing = Number(isMissing(a)) - Number(isMissing(b));
    if (missing) return missing * last;
    const later = Number(isLast(nodeA.data! - 1)) - Number(isLast(nodeB.data! - 1));
    if (later) return later * last;
    return a < b ? -1 : a > b ? 1 : 0;
  };
}

function isMissing(key: number | string): boolean {
  return typeof key === "number" && Number.isNaN(key);
}
