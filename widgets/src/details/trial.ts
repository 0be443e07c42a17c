/** What the action `details` tells of a trial beside its columns. */
import type { Order } from "../wire.ts";

export interface TracebackPart {
  text: string;
  /** How many frames of libraries it is; not there where it is to be shown. */
  frames?: number;
  package?: string;
}

export interface Failure {
  type: string;
  message: string;
  place: string;
  traceback: string;
  parts: TracebackPart[];
}

export interface Series {
  name: string;
  steps: number[];
  /** null where not finite. */
  values: (number | null)[];
}

export interface TrialDetails {
  number: number;
  run: {
    worker?: string;
    seed?: number;
    commit?: string | null;
    versions?: Record<string, string>;
  };
  peak_memory: number | null;
  log: string | null;
  series: Series[];
  failure: Failure | null;
  diverged: string | null;
  infeasible: string | null;
  interrupted: string | null;
  /** Who ended it. */
  stopped: Order | null;
  /** Who asked for its end. */
  stopping: Order | null;
  violated: string[];
  retried_by: number | null;
  attributes: Record<string, string>;
  /** Parameters that a queued trial is to get. */
  queued: Record<string, string>;
  /** Files that were uploaded for it, by names and media types. */
  artifacts: { name: string; type: string }[];
  note: string;
  code: string;
}
