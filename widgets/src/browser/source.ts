/** The link to the kernel's BrowserSource: the studies of some storages. */
import { Event } from "../event.ts";
import { KernelLink, type Served } from "../link.ts";
import type { StudyStatus } from "../marks.ts";
import type { Kernel, Model } from "../page.ts";
import type { Status } from "../study.ts";

/** A study as `highnoon_widgets.browser_source` sends it. */
export interface StudyRow {
  storage: string;
  name: string;
  directions: ("minimize" | "maximize")[];
  metric: string | null;
  status: StudyStatus;
  paused: { by: string; at: string } | null;
  archived: boolean;
  counts: Partial<Record<Status, number>>;
  finished: number;
  goal: number | null;
  /** Number and value of each trial that was better than all before it. */
  history: [number, number][];
  /** Where there are several objectives, how many trials no other is better than in all of them. */
  front: number | null;
  /** Who or what stopped it: what follows on "stopped". */
  reason: string | null;
  workers: number;
  /** When a trial started or ended last, in seconds since 1970. */
  activity: number | null;
}

/** What names a study: the alias of its storage, and its name there. */
export type StudyKey = Pick<StudyRow, "storage" | "name">;

/** Addresses of the pages of studies. */
export interface StudyPages {
  study(study: StudyKey): string;
  compare(studies: StudyKey[]): string;
}

export interface Completed {
  values: number[];
  hours: number[];
}

export class BrowserSource extends KernelLink {
  readonly changed = new Event<void>();

  /** Null where studies open in place. */
  readonly pages: StudyPages | null;

  constructor(
    model: Model,
    kernel: Kernel | null,
    served: Served | null = null,
    pages: StudyPages | null = null,
  ) {
    super(model, kernel, served);
    this.pages = pages;
    model.on("change:studies", () => {
      this.lastNews = new Date();
      this.changed.emit();
    });
    this.listen();
  }

  get studies(): StudyRow[] {
    return this.model.get("studies");
  }

  /** Alias and address of each storage. */
  get places(): { alias: string; address: string }[] {
    return this.model.get("places");
  }

  get running(): boolean {
    return this.studies.some(({ status }) => status === "running");
  }

  protected override listen(): void {
    this.model.send({ type: "listening" });
  }
}

/** A text that no other study has. */
export function keyOf({ storage, name }: StudyKey): string {
  return JSON.stringify([storage, name]);
}
