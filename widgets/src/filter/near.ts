/** The nearest of some words, as Python's `difflib.get_close_matches` finds it. */

const CUTOFF = 0.6;

/** Return the word most like `word`, or null where none is like it. */
export function nearest(word: string, words: Iterable<string>): string | null {
  let best: [number, string] | null = null;
  for (const candidate of words) {
    const score = similarity(candidate, word);
    if (score < CUTOFF) continue;
    if (!best || score > best[0] || (score === best[0] && candidate > best[1]))
      best = [score, candidate];
  }
  return best?.[1] ?? null;
}

/** Twice the number of matching characters, by the number of all of them (Ratcliff, Obershelp). */
function similarity(a: string, b: string): number {
  const length = a.length + b.length;
  return length ? (2 * matching(a, b)) / length : 1;
}

function matching(a: string, b: string): number {
  let [length, startA, startB] = [0, 0, 0];
  let before = new Array<number>(b.length + 1).fill(0);
  for (let i = 0; i < a.length; i++) {
    const now = new Array<number>(b.length + 1).fill(0);
    for (let j = 0; j < b.length; j++) {
      if (a[i] !== b[j]) continue;
      const run = (now[j + 1] = before[j] + 1);
      if (run > length) [length, startA, startB] = [run, i - run + 1, j - run + 1];
    }
    before = now;
  }
  if (!length) return 0;
  return (
    length +
    matching(a.slice(0, startA), b.slice(0, startB)) +
    matching(a.slice(startA + length), b.slice(startB + length))
  );
}
