/** Work that takes a while, one piece after the other, with a frame of the page between them. */

let last: Promise<void> = Promise.resolve();

/** Wait for one's turn: a task of its own, after those who asked before and what they painted. */
export function myTurn(): Promise<void> {
  last = last.then(nextTask);
  return last;
}

function nextTask(): Promise<void> {
  return new Promise((done) => {
    // A page that is not looked at has no frames.
    const late = setTimeout(done, LATE_MS);
    requestAnimationFrame(() => {
      clearTimeout(late);
      setTimeout(done);
    });
  });
}

const LATE_MS = 100;
