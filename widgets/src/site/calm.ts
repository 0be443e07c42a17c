/** When a page has time for what nobody waits for. */

/**
 * Resolves when the main thread has been idle for longer than somebody needs to find a button, or
 * was not for a long time.
 */
export async function calm(): Promise<void> {
  const latest = performance.now() + LONGEST_MS;
  for (let moments = 0; moments < MOMENTS && performance.now() < latest;) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    moments = (await isIdle()) ? moments + 1 : 0;
  }
}

/** Resolves when somebody uses the page. */
export function firstAction(): Promise<void> {
  return new Promise((resolve) => {
    for (const kind of ["pointerdown", "keydown"])
      addEventListener(kind, () => resolve(), { once: true, capture: true, passive: true });
  });
}

const LONGEST_MS = 10_000;
const MOMENTS = 12;
const BETWEEN_MS = 100;
/** A frame's time is left, and more. */
const IDLE_MS = 20;

function isIdle(): Promise<boolean> {
  // Safari has no such function.
  if (!("requestIdleCallback" in globalThis)) return Promise.resolve(true);
  return new Promise((resolve) => {
    requestIdleCallback((left) => resolve(left.timeRemaining() > IDLE_MS), { timeout: LONGEST_MS });
  });
}
