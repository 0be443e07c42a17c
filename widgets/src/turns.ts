/** Work that takes a while, in pieces between which the page answers and paints. */

const LATE_MS = 100;
let last: Promise<void> = Promise.resolve();

/** Wait for one's turn: a task of its own, after those who asked before and what they painted. */
export function myTurn(): Promise<void> {
  last = last.then(nextFrame).then(nextTask);
  return last;
}

/** Wait for a task of one's own. */
export function nextTask(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}

function nextFrame(): Promise<void> {
  return new Promise((done) => {
    requestAnimationFrame(() => done());
    // A page that is not looked at has no frames.
    setTimeout(done, LATE_MS);
  });
}
