/** What became of a trial, in words, where its state alone does not say it. */
import { metricName } from "../derived.ts";
import { shownStatus } from "../filter/trial_names.ts";
import * as format from "../format.ts";
import type { Study } from "../study.ts";
import type { TrialDetails } from "./trial.ts";

/** Sentences, empty where there is nothing to say. */
export function happened(study: Study, row: number, details: TrialDetails | null): string {
  const repeated = study.retryOf.at(row);
  const repeats = repeated < 0 ? "" : ` It repeats trial ${repeated}.`;
  return (ofStatus(study, row, details) + repeats).trim();
}

function ofStatus(study: Study, row: number, details: TrialDetails | null): string {
  const number = study.number.at(row);
  switch (shownStatus(study, row)) {
    case "diverged":
      return diverged(study, number, details?.diverged ?? null);
    case "infeasible":
      return infeasible(details);
    case "lost":
      return details ? interrupted(study, row, details) : "";
    case "failed":
      return details ? failed(study, number, details) : "";
    case "pruned":
      return details?.stopped ? `Stopped by ${details.stopped.by}; it counts as pruned.` : "";
    case "running":
      return details?.stopping ? `Stops at its next report, as ${details.stopping.by} asked.` : "";
    default:
      return "";
  }
}

function diverged(study: Study, number: number, value: string | null): string {
  const curve = study.curve(number);
  const bad = curve.find((point) => !Number.isFinite(point.value));
  const last = [...curve].reverse().find((point) => Number.isFinite(point.value));
  const what = value === null || /nan/i.test(value) ? "NaN" : value.replace("-", "−");
  const when = bad ? ` at step ${format.integer(bad.step)}` : "";
  const before = last
    ? ` The last finite report was ${format.value(last.value)} at step ${format.integer(last.step)}.`
    : "";
  return `The ${metricName(study)} became ${what}${when}.${before}`;
}

function infeasible(details: TrialDetails | null): string {
  if (details?.infeasible)
    return `${sentence(details.infeasible)} It was never trained and does not count as a trial.`;
  if (!details?.violated.length) return "";
  return `It completed, but violates ${details.violated.join(", ")}, so it cannot be the best.`;
}

function interrupted(study: Study, row: number, details: TrialDetails): string {
  const worker = study.workers[study.worker.at(row)];
  const again =
    details.retried_by === null
      ? ""
      : ` Its parameters are tried again as trial ${details.retried_by}.`;
  const cause: Record<string, string> = {
    lost: `No sign of life from ${worker ?? "its worker"}; it was given up.`,
    stop: "The study was stopped, and the trial given back.",
    duplicate: "Another trial repeats the same one already; this one was dropped.",
  };
  const { interrupted: by } = details;
  return (cause[by ?? ""] ?? `Ended by ${by}, and given back.`) + again;
}

function failed(study: Study, number: number, details: TrialDetails): string {
  const last = study.curve(number).at(-1);
  const kept = last
    ? `The last report, ${format.value(last.value)} at step ${format.integer(last.step)}, is kept. `
    : "";
  const again = details.retried_by === null ? "" : ` Tried again as trial ${details.retried_by}.`;
  return `${kept}Failed trials are never the best and do not teach the sampler.${again}`;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const start = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
