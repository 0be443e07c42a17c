/** What a program wrote, as lines of text. */

export const LINES = 6;
// Colours, cursor movements and titles of terminals.
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Return the lines without terminal codes; of a progress bar, what it showed last. */
export function cleaned(log: string): string[] {
  const lines = log
    .replace(ESCAPES, "")
    .replace(/\r+\n/g, "\n")
    .split("\n")
    .map((line) => line.replace(/\r+$/, "").split("\r").at(-1)!);
  while (lines.length && !lines.at(-1)!.trim()) lines.pop();
  return lines;
}
