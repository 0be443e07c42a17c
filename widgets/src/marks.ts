/** The marks of states: each has a shape and a colour of its own, and stands beside its word. */
import { svg } from "./dom.ts";
import type { Status } from "./study.ts";

export type Mark = Status | "best";

/** Draw a mark of 12 px; `share` is how much of a running trial is done, 0 to 1. */
export function mark(kind: Mark, share = 0.25): SVGSVGElement {
  return svg(
    "svg",
    { class: `hn-mark hn-mark-${kind}`, viewBox: "0 0 12 12", "aria-hidden": "true" },
    ...shapes(kind, share),
  );
}

function shapes(kind: Mark, share: number): SVGElement[] {
  switch (kind) {
    case "best":
      return [
        svg("circle", { cx: 6, cy: 6, r: 5, class: "hn-mark-line" }),
        svg("circle", { cx: 6, cy: 6, r: 2.5, class: "hn-mark-fill" }),
      ];
    case "completed":
      return [svg("circle", { cx: 6, cy: 6, r: 3, class: "hn-mark-fill" })];
    case "pruned":
      return [svg("path", { d: "M2 3.2h8L6 9.8z", class: "hn-mark-line" })];
    case "diverged":
      return [svg("path", { d: "M6 2l4.4 8H1.6z", class: "hn-mark-fill" })];
    case "failed":
    case "lost":
      return [svg("path", { d: "M2.5 2.5l7 7m0-7l-7 7", class: "hn-mark-line hn-mark-strong" })];
    case "infeasible":
      return [
        svg("circle", { cx: 6, cy: 6, r: 4, class: "hn-mark-line" }),
        svg("path", { d: "M3.2 8.8l5.6-5.6", class: "hn-mark-line" }),
      ];
    case "queued":
      return [svg("circle", { cx: 6, cy: 6, r: 4, class: "hn-mark-line hn-mark-dotted" })];
    case "running": {
      const around = 2 * Math.PI * 4;
      const done = Math.min(1, Math.max(0.08, share)) * around;
      return [
        svg("circle", { cx: 6, cy: 6, r: 4, class: "hn-mark-rest" }),
        svg("circle", {
          cx: 6,
          cy: 6,
          r: 4,
          class: "hn-mark-line hn-mark-strong",
          "stroke-dasharray": `${done} ${around}`,
          transform: "rotate(-90 6 6)",
        }),
      ];
    }
  }
}

export type StudyStatus =
  "running" | "paused" | "finished" | "stopped" | "unfinished" | "idle" | "empty";

export const STATUS_WORDS: Record<StudyStatus, string> = {
  running: "Running",
  paused: "Paused",
  finished: "Finished",
  stopped: "Stopped",
  unfinished: "Unfinished",
  idle: "Not running",
  empty: "No trials yet",
};

/** The mark of a study's status. */
export function studyMark(status: StudyStatus): SVGSVGElement {
  const shape = {
    running: svg("path", { d: "M3 2l7 4-7 4z", class: "hn-mark-fill" }),
    paused: svg("path", { d: "M3 2h2v8H3zM7 2h2v8H7z", class: "hn-mark-fill" }),
    finished: svg("path", { d: "M2 6.5l3 3 5-7", class: "hn-mark-line hn-mark-strong" }),
    stopped: svg("path", { d: "M2.5 2.5h7v7h-7z", class: "hn-mark-fill" }),
    unfinished: svg("path", { d: "M2.5 2.5h7v7h-7z", class: "hn-mark-line" }),
    idle: svg("path", { d: "M2.5 6h7", class: "hn-mark-line hn-mark-strong" }),
    empty: svg("circle", { cx: 6, cy: 6, r: 4, class: "hn-mark-line" }),
  }[status];
  return svg(
    "svg",
    { class: `hn-mark hn-study-${status}`, viewBox: "0 0 12 12", "aria-hidden": "true" },
    shape,
  );
}

/** The sign of a field that filters. */
export function glass(): SVGSVGElement {
  return svg(
    "svg",
    { class: "hn-glass", viewBox: "0 0 12 12", "aria-hidden": "true" },
    svg("path", { d: "M8 8l3 3M5 9a4 4 0 1 1 0-8 4 4 0 0 1 0 8z" }),
  );
}
