/** Asks the server for the kernel that acts for a page, again where there is none yet. */
import type { Kernel, Refusal } from "../page.ts";
import { sentenceOf } from "./feed.ts";

/** Waits after failures in a row; the last one goes on. */
const BACK_OFF = [2000, 4000, 8000, 15_000];

type Seen = Pick<Document, "hidden" | "addEventListener" | "removeEventListener">;

export class KernelSupply {
  private readonly address: string;
  private readonly take: (html: string) => Promise<void>;
  private readonly refused: (refusal: Refusal) => void;
  private readonly backOff: number[];
  private readonly seen: Seen;
  private asking = false;
  private readonly alarm = new Alarm();

  /**
   * `take` gets what the server answers with, and `refused` why there is no kernel yet, with each
   * failure. A page that nobody sees waits until somebody does.
   */
  constructor(
    address: string,
    take: (html: string) => Promise<void>,
    refused: (refusal: Refusal) => void,
    backOff = BACK_OFF,
    seen: Seen = document,
  ) {
    this.address = address;
    this.take = take;
    this.refused = refused;
    this.backOff = backOff;
    this.seen = seen;
  }

  /** Get a kernel; after a failure that is known, a moment later. */
  async request(known = ""): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    let failure = known;
    for (let failures = 0; ; failures++) {
      if (failure) await this.wait(failure, failures);
      await untilSeen(this.seen);
      try {
        await this.take(await this.ask());
        break;
      } catch (error) {
        failure = (error as Error).message;
      }
    }
    this.asking = false;
  }

  private async ask(): Promise<string> {
    const response = await fetch(this.address, { method: "POST" }).catch(() => null);
    if (response === null) throw new Error("The server does not answer.");
    if (!response.ok) throw new Error(await sentenceOf(response));
    return response.text();
  }

  private wait(reason: string, failures: number): Promise<void> {
    const ms = this.backOff[Math.min(failures, this.backOff.length - 1)];
    this.refused({
      reason,
      retryAt: new Date(Date.now() + ms),
      tryNow: () => this.alarm.ring(),
    });
    const seen = () => this.seen.hidden || this.alarm.ring();
    this.seen.addEventListener("visibilitychange", seen);
    return this.alarm
      .after(ms)
      .finally(() => this.seen.removeEventListener("visibilitychange", seen));
  }
}

/**
 * Resolves when a kernel is gone: the server does not know it any more. One whose connection broke
 * comes back by itself.
 */
export async function gone(
  kernel: Kernel,
  address: string,
  backOff = BACK_OFF,
  seen: Seen = document,
): Promise<void> {
  const changed = new Alarm();
  kernel.connectionStatusChanged.connect(() => changed.ring());
  for (let failures = 0; ;) {
    if (kernel.connectionStatus === "connected") {
      failures = 0;
      await changed.after(Infinity);
      continue;
    }
    await untilSeen(seen);
    if (kernel.connectionStatus === "disconnected" || (await isUnknown(address))) return;
    await changed.after(backOff[Math.min(failures++, backOff.length - 1)]);
  }
}

/** Resolves when the server does not know a kernel any more, or when `isTaken`: true. */
export async function takenOrGone(isTaken: () => boolean, address: string): Promise<boolean> {
  while (!isTaken()) {
    await new Promise((resolve) => setTimeout(resolve, BACK_OFF[0]));
    if (!isTaken() && (await isUnknown(address))) return false;
  }
  return true;
}

async function isUnknown(address: string): Promise<boolean> {
  const response = await fetch(address).catch(() => null);
  return response?.status === 404;
}

function untilSeen(seen: Seen): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (seen.hidden) return;
      seen.removeEventListener("visibilitychange", look);
      resolve();
    };
    seen.addEventListener("visibilitychange", look);
    look();
  });
}

/** A wait that ends early when it rings. */
class Alarm {
  ring: () => void = () => {};

  after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : null;
      this.ring = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }
}
