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
  const keys = keysOf(column, study);
  return (_a, _b, nodeA, nodeB, descending) => {
    const [rowA, rowB] = [nodeA.data! - 1, nodeB.data! - 1];
    const known = keys();
    const [a, b] = [known[rowA], known[rowB]];
    const last = descending ? -1 : 1;
    if (a !== a || b !== b) return (Number(a !== a) - Number(b !== b)) * last;
    if (isByValue) {
      const [statusA, statusB] = [study.status.at(rowA), study.status.at(rowB)];
      const later = Number(statusA !== CODE.completed) - Number(statusB !== CODE.completed);
      if (later) return later * last;
    }
    return a < b ? -1 : a > b ? 1 : 0;
  };
}

/** Return what tells the keys of all trials, read once for each state of the study. */
function keysOf(column: Column, study: Study): () => ArrayLike<number | string> {
  let revision = NaN;
  let keys: ArrayLike<number | string> = [];
  return () => {
    if (study.revision === revision) return keys;
    revision = study.revision;
    const found = Array.from({ length: study.length }, (_, row) => column.key(row));
    keys = found.every((key) => typeof key === "number") ? Float64Array.from(found) : found;
    return keys;
  };
}
