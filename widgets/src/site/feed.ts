/** Long-polls an address of the server: what is there, then what changes. */
import { Event } from "../event.ts";

/** Names the state that an answer leads to. */
const REVISION = "X-HighNoon-Revision";

export interface FeedTimes {
  /** No more often is asked than this. */
  least: number;
  /** Waits after failures in a row; the last one goes on. */
  backOff: number[];
  /** An answer that takes longer is no answer. */
  patience: number;
  /**
   * A page that nobody sees for so long asks no more until somebody does: browsers keep few
   * connections to a server for all pages together.
   */
  hidden: number;
}

const TIMES: FeedTimes = {
  least: 250,
  backOff: [1000, 2000, 4000, 8000, 15_000],
  patience: 60_000,
  hidden: 5000,
};

/** Why there is no news. */
export interface Trouble {
  kind: "server" | "storage" | "gone" | "login";
  text: string;
  /** When it is tried again; null where it is not. */
  retryAt: Date | null;
}

type Seen = Pick<Document, "hidden" | "addEventListener" | "removeEventListener">;

export class Feed {
  /** Null while all is well. */
  trouble: Trouble | null = null;
  readonly changed = new Event<void>();
  /** When something new came last. */
  news: Date | null = null;
  private readonly address: string;
  private readonly take: (response: Response) => Promise<void>;
  private readonly times: FeedTimes;
  private readonly seen: Seen | null;
  private revision: string | null = null;
  private failures = 0;
  private stopped = false;
  private request: AbortController | null = null;
  private wake: (() => void) | null = null;
  private hiding: ReturnType<typeof setTimeout> | null = null;
  private asleep = false;

  /** `take` gets each answer that has something new. */
  constructor(
    address: string,
    take: (response: Response) => Promise<void>,
    times: Partial<FeedTimes> = {},
    seen: Seen | null = globalThis.document ?? null,
  ) {
    this.address = address;
    this.take = take;
    this.times = { ...TIMES, ...times };
    this.seen = seen;
  }

  start(): void {
    this.seen?.addEventListener("visibilitychange", this.visibilityChanged);
    globalThis.addEventListener?.("online", this.tryNow);
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    this.seen?.removeEventListener("visibilitychange", this.visibilityChanged);
    globalThis.removeEventListener?.("online", this.tryNow);
    if (this.hiding !== null) clearTimeout(this.hiding);
    this.request?.abort();
    this.wake?.();
  }

  /** Ask at once, where it waits after a failure. */
  readonly tryNow = (): void => {
    if (!this.asleep) this.wake?.();
  };

  /** Ask for the whole once more. */
  restart(): void {
    this.revision = null;
    this.request?.abort();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const earliest = Date.now() + this.times.least;
      const goesOn = await this.ask();
      if (!goesOn || this.stopped) return;
      if (this.asleep) await this.wait(Infinity);
      else if (this.trouble) await this.wait(this.trouble.retryAt!.getTime() - Date.now());
      else await this.wait(earliest - Date.now());
    }
  }

  /** Ask once; false where it makes no sense to ask again. */
  private async ask(): Promise<boolean> {
    const request = (this.request = new AbortController());
    const impatience = setTimeout(() => request.abort(SLOW), this.times.patience);
    const asked = this.revision;
    try {
      const after = asked === null ? "?wait=0" : `?after=${encodeURIComponent(asked)}`;
      const response = await fetch(this.address + after, { signal: request.signal });
      if (response.status !== 200 && response.status !== 204) return await this.refused(response);
      if (response.status === 200) {
        await this.take(response);
        this.news = new Date();
      }
      const revision = response.headers.get(REVISION);
      // Who asked for all meanwhile gets it with the next answer.
      if (revision !== null && this.revision === asked) this.revision = revision;
      this.failures = 0;
      this.say(null);
      return true;
    } catch (error) {
      if (this.stopped) return false;
      const wanted = request.signal.aborted && request.signal.reason !== SLOW;
      if (!wanted) this.retry("server", said(error));
      return true;
    } finally {
      clearTimeout(impatience);
    }
  }

  private async refused(response: Response): Promise<boolean> {
    const text = await sentenceOf(response);
    if (response.status === 401 || response.status === 403) {
      this.say({ kind: "login", text, retryAt: null });
      return false;
    }
    if (response.status === 404) this.revision = null;
    const kinds: Record<number, Trouble["kind"]> = { 404: "gone", 503: "storage" };
    this.retry(kinds[response.status] ?? "server", text);
    return true;
  }

  private retry(kind: Trouble["kind"], text: string): void {
    const { backOff } = this.times;
    const wait = backOff[Math.min(this.failures++, backOff.length - 1)];
    this.say({ kind, text, retryAt: new Date(Date.now() + wait) });
  }

  private say(trouble: Trouble | null): void {
    const isNews = trouble !== null || this.trouble !== null;
    this.trouble = trouble;
    if (isNews) this.changed.emit();
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => this.wake?.(), Math.max(0, ms)) : null;
      this.wake = () => {
        if (timer !== null) clearTimeout(timer);
        this.wake = null;
        resolve();
      };
    });
  }

  private readonly visibilityChanged = (): void => {
    if (this.hiding !== null) clearTimeout(this.hiding);
    this.hiding = null;
    if (this.seen!.hidden) {
      this.hiding = setTimeout(() => {
        this.asleep = true;
        this.request?.abort();
      }, this.times.hidden);
    } else {
      this.asleep = false;
      this.wake?.();
    }
  };
}

const SLOW = "slow";

function said(error: unknown): string {
  return error instanceof Error && error.name !== "TypeError" ? error.message : "";
}

/** The sentence by which the server says what is wrong. */
export async function sentenceOf(response: Response): Promise<string> {
  try {
    const { error } = await response.json();
    if (typeof error === "string") return error;
  } catch {
    // Not from our server: a proxy, for instance.
  }
  return `The server answered ${response.status}.`;
}
