/** Which studies a list shows, and in which order. */
import type { StudyRow } from "./source.ts";

export type Segment = "all" | "running" | "finished" | "archived";
export type SortKey = "name" | "status" | "value" | "finished" | "workers" | "activity";

export interface Choice {
  text: string;
  segment: Segment;
  sort: SortKey;
  descending: boolean;
}

const IN: Record<Segment, (study: StudyRow) => boolean> = {
  all: ({ archived }) => !archived,
  running: ({ archived, status }) => !archived && status === "running",
  finished: ({ archived, status }) => !archived && status === "finished",
  archived: ({ archived }) => archived,
};

/** How many studies each segment has. */
export function segmentCounts(studies: readonly StudyRow[]): Record<Segment, number> {
  const entries = Object.entries(IN).map(([name, holds]) => [name, studies.filter(holds).length]);
  return Object.fromEntries(entries) as Record<Segment, number>;
}

/** The studies to show; those without what is sorted by come last either way. */
export function chosen(studies: readonly StudyRow[], choice: Choice): StudyRow[] {
  const wanted = choice.text.trim().toLowerCase();
  const sign = choice.descending ? -1 : 1;
  return studies
    .filter((study) => IN[choice.segment](study) && study.name.toLowerCase().includes(wanted))
    .sort((a, b) => {
      const [x, y] = [sortValue(a, choice.sort), sortValue(b, choice.sort)];
      if (x === null || y === null) return Number(x === null) - Number(y === null);
      const order = typeof x === "string" ? x.localeCompare(y as string) : x - (y as number);
      return sign * order || a.name.localeCompare(b.name);
    });
}

function sortValue(study: StudyRow, key: SortKey): string | number | null {
  switch (key) {
    case "name":
      return study.name.toLowerCase();
    case "status":
      return study.status;
    case "value":
      return study.history.at(-1)?.[1] ?? null;
    case "finished":
      return study.finished;
    case "workers":
      return study.workers;
    case "activity":
      return study.activity;
  }
}
