/** The order of trials by columns, kept up to date as trials arrive. */
import { CODE, type Study } from "../study.ts";
import type { Column } from "./columns.ts";

/** A column by which trials are sorted. */
export interface SortBy {
  column: Pick<Column, "id" | "key">;
  descending: boolean;
}

type Keys = Float64Array | (number | string)[];

/**
 * Rows in the order of some columns, the first of which counts most; the earlier row first among
 * equals. What is missing is at the end in both directions. By value, trials that completed stand
 * before those of which a last report is shown.
 */
export class TrialOrder {
  private readonly study: Study;
  private by: readonly SortBy[] = [];
  private keys: Keys[] = [];
  private rows: number[] = [];

  constructor(study: Study) {
    this.study = study;
  }

  /** Sort all rows anew. */
  sort(by: readonly SortBy[]): void {
    this.by = by;
    const rows = Array.from({ length: this.study.length }, (_, row) => row);
    this.keys = by.map(({ column }) => {
      const found = rows.map((row) => column.key(row));
      return found.every((key) => typeof key === "number") ? Float64Array.from(found) : found;
    });
    this.rows = rows.sort((a, b) => this.compare(a, b));
  }

  /** Put rows that are new or changed where they belong. */
  update(changed: readonly number[]): void {
    if (changed.length > this.rows.length / 4) return this.sort(this.by);
    const moved = new Set(changed);
    this.keys = this.keys.map((keys, i) => this.updated(keys, this.by[i].column, changed));
    const left = this.rows.filter((row) => !moved.has(row));
    const arrived = [...moved].sort((a, b) => this.compare(a, b));
    const places = arrived.map((row) => this.placeIn(left, row));
    const rows: number[] = [];
    let from = 0;
    arrived.forEach((row, i) => {
      for (; from < places[i]; from++) rows.push(left[from]);
      rows.push(row);
    });
    for (; from < left.length; from++) rows.push(left[from]);
    this.rows = rows;
  }

  /** Put things in order, each of which has a row; some rows may have none. */
  arrange<T>(things: T[], rowOf: (thing: T) => number): void {
    const byRow: (T | undefined)[] = new Array(this.rows.length);
    for (const thing of things) byRow[rowOf(thing)] = thing;
    let at = 0;
    for (const row of this.rows) {
      const thing = byRow[row];
      if (thing !== undefined) things[at++] = thing;
    }
  }

  private updated(keys: Keys, column: SortBy["column"], changed: readonly number[]): Keys {
    const found = changed.map((row) => column.key(row));
    const fits = keys instanceof Array || found.every((key) => typeof key === "number");
    let taken: Keys = fits ? keys : Array.from(keys as Float64Array);
    if (taken instanceof Float64Array && taken.length < this.study.length) {
      taken = new Float64Array(this.study.length * 2);
      taken.set(keys as Float64Array);
    }
    changed.forEach((row, i) => (taken[row] = found[i]));
    return taken;
  }

  /** How many of some rows in order stand before a row. */
  private placeIn(rows: readonly number[], row: number): number {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(rows[middle], row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private compare(a: number, b: number): number {
    for (let i = 0; i < this.by.length; i++) {
      const { column, descending } = this.by[i];
      const [keyA, keyB] = [this.keys[i][a], this.keys[i][b]];
      const missing = Number(keyA !== keyA) - Number(keyB !== keyB);
      if (missing) return missing;
      if (column.id === "value") {
        const later = Number(this.isLater(a)) - Number(this.isLater(b));
        if (later) return later;
      }
      if (keyA !== keyB && keyA === keyA) return keyA < keyB === descending ? 1 : -1;
    }
    return a - b;
  }

  private isLater(row: number): boolean {
    return this.study.status.at(row) !== CODE.completed;
  }
}
