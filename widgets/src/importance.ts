/** The scores of parameters: what the kernel sends, and what can be said of them. */

/** Completed trials below which an order of parameters would be chance. */
export const MIN_TRIALS = 10;

export interface Scores {
  /** "PED-ANOVA" or "fANOVA". */
  evaluator: string;
  /** Completed trials that they rest on. */
  n_trials: number;
  /** The parameters, the most important first; empty where there is a reason. */
  names: string[];
  /** Median score of each over resamples of the trials. */
  median: number[];
  /** 10th and 90th percentile. */
  low: number[];
  high: number[];
  /** Why there are no scores. */
  reason: string | null;
  /** A sentence that says what they rest on. */
  rests_on: string;
  /** What went wrong; then there is nothing else. */
  error?: string;
}

export type Fanova =
  | { state: "computing"; done: number; of: number }
  | { state: "failed"; error: string }
  | ({ state: "done" } & Scores);

/** Parameters by importance; those without a score after the others, in their own order. */
export function ordered(names: string[], scores: Scores | null): string[] {
  const known = new Set(names);
  const first = (scores?.names ?? []).filter((name) => known.has(name));
  const scored = new Set(first);
  return [...first, ...names.filter((name) => !scored.has(name))];
}

/** What a chart shows. */
export type Shown =
  | { kind: "few"; completed: number }
  | { kind: "waiting" }
  | { kind: "none"; reason: string }
  | { kind: "scores"; scores: Scores };

export function shown(completed: number, scores: Scores | null): Shown {
  if (completed < MIN_TRIALS) return { kind: "few", completed };
  if (scores?.error) return { kind: "none", reason: scores.error };
  // Scores of fewer trials than are needed were overtaken.
  if (scores === null || scores.n_trials < MIN_TRIALS) return { kind: "waiting" };
  if (scores.reason !== null || !scores.names.length)
    return { kind: "none", reason: scores.reason ?? "The trials have no parameters." };
  return { kind: "scores", scores };
}

/** Where a score lies on the axis, 0 to 1; the longest line takes nearly all of it. */
export function scale(scores: Scores): (score: number) => number {
  const longest = Math.max(...scores.high, ...scores.median);
  return (score) => (longest > 0 ? (0.97 * Math.max(0, score)) / longest : 0);
}
