/** When a plot is drawn: in view only, one drawing at a time, for new trials at most at 4 Hz. */

const INTERVAL_MS = 250;
/** What is drawn in part is drawn as a whole after this long, when the page is idle. */
const IDLE_MS = 5000;
/** Drawing anew takes no more than this part of the page's time. */
const SHARE_OF_TIME = 0.2;
/** Plots that are about to come into view are drawn. */
const AHEAD = "200px";

export class Schedule {
  private readonly act: () => Promise<number>;
  private readonly seen: IntersectionObserver;
  private readonly resized: ResizeObserver;
  private visible = false;
  private due = false;
  private acting = false;
  private closed = false;
  private timer: number | null = null;
  private idle: number | null = null;
  private last = -Infinity;
  private took = 0;
  private width = 0;

  /** `act` returns how many milliseconds it took. */
  constructor(element: HTMLElement, act: () => Promise<number>) {
    this.act = act;
    this.seen = new IntersectionObserver(
      (entries) => {
        this.visible = entries[entries.length - 1].isIntersecting;
        if (this.visible && this.due) this.now();
      },
      { rootMargin: AHEAD },
    );
    this.seen.observe(element);
    this.resized = new ResizeObserver(() => {
      if (element.clientWidth === this.width) return;
      this.width = element.clientWidth;
      this.now();
    });
    this.resized.observe(element);
  }

  /** Act as soon as possible. */
  now(): void {
    this.plan(0);
  }

  /** Act within the interval. */
  soon(): void {
    const wait = Math.max(INTERVAL_MS, this.took / SHARE_OF_TIME);
    this.plan(Math.max(0, this.last + wait - performance.now()));
  }

  /** Act within some seconds, when nothing else is to be done. */
  later(): void {
    this.due ||= !this.visible;
    if (this.idle !== null || this.closed) return;
    this.idle = window.setTimeout(() => {
      this.idle = null;
      // Safari has no idle callbacks.
      if ("requestIdleCallback" in window) requestIdleCallback(() => this.soon());
      else this.soon();
    }, IDLE_MS);
  }

  close(): void {
    this.closed = true;
    if (this.idle !== null) clearTimeout(this.idle);
    this.seen.disconnect();
    this.resized.disconnect();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private plan(wait: number): void {
    this.due = true;
    if (!this.visible || this.acting || this.closed) return;
    if (this.timer !== null) {
      if (wait > 0) return;
      clearTimeout(this.timer);
    }
    this.timer = window.setTimeout(() => void this.run(), wait);
  }

  private async run(): Promise<void> {
    this.timer = null;
    this.due = false;
    this.acting = true;
    try {
      this.took = await this.act();
    } finally {
      this.last = performance.now();
      this.acting = false;
      if (this.due) this.soon();
    }
  }
}
