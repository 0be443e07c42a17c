/** What stands in words beside the optimization history: its key, and its sentence. */
import * as format from "../format.ts";
import type { Mark } from "../marks.ts";
import { CODE, STATUSES, type Study } from "../study.ts";
import type { KeyEntry } from "./drawing.ts";
import type { History } from "./history.ts";

/** In which order trials without a value are drawn. */
export const NO_VALUE_KINDS = ["diverged", "failed", "lost", "infeasible"] as const;

export function historyKey(info: History): KeyEntry[] {
  const has = (kind: keyof typeof CODE) => info.status.includes(CODE[kind]);
  const marks = NO_VALUE_KINDS.filter((kind) => has(kind) && kind !== "lost");
  if (has("lost") && !marks.includes("failed")) marks.push("failed");
  return [
    ...(info.byNumber.number.length ? [{ label: "best so far", line: "best" } as const] : []),
    ...(has("completed") ? [{ label: "completed", marks: ["completed"] as Mark[] }] : []),
    ...(has("pruned")
      ? [{ label: "pruned, at its last report", marks: ["pruned"] as Mark[] }]
      : []),
    ...(has("running") ? [{ label: "running", marks: ["running"] as Mark[] }] : []),
    ...(marks.length ? [{ label: "no value", marks }] : []),
  ];
}

/** The sentence that says what the plot shows; `beyond` is how many trials lie beyond its axis. */
export function historyLabel(info: History, study: Study, metric: string, beyond: number): string {
  const counts = STATUSES.map((status, code) => [status, count(info.status, code)] as const);
  const told = counts.filter(([, n]) => n).map(([status, n]) => `${n} ${status}`);
  const best = info.byNumber;
  const found = best.number.length
    ? `The best ${metric} is ${format.value(best.value.at(-1)!)}, of trial ${best.number.at(-1)}, after ${format.plural(best.number.length - 1, "improvement")}.`
    : "No trial has completed.";
  const outside = beyond
    ? ` ${format.integer(beyond)} lie ${study.minimizes ? "above" : "below"} the axis.`
    : "";
  return `Optimization history of ${format.plural(info.number.length, "trial")}: ${told.join(", ")}. ${found}${outside}`;
}

function count(values: Int32Array, wanted: number): number {
  let found = 0;
  for (const value of values) if (value === wanted) found++;
  return found;
}
