/** Names that are longer than their place: what is left out is in the middle, as ends tell apart. */
import { h } from "./dom.ts";

const LONGEST_END = 12;
/** Names up to so many letters have no end of their own. */
const SHORT = 14;

/** A name's end from its last separator on, which is always shown, and what is before. */
function parted(name: string): [string, string] {
  if (name.length <= SHORT) return [name, ""];
  const at = Math.max(...["_", ".", "/", "-", " "].map((mark) => name.lastIndexOf(mark)));
  const end = name.length - at <= LONGEST_END ? at : name.length - LONGEST_END / 2;
  return [name.slice(0, end), name.slice(end)];
}

/** An element that shows as much of a name as there is room for. */
export function nameElement(name: string): HTMLElement {
  const [start, end] = parted(name);
  return h("span.hn-name", { title: name }, h("span", {}, start), end && h("span", {}, end));
}

/** A name in at most so many letters. */
export function shortened(name: string, longest: number): string {
  if (name.length <= longest) return name;
  const [, end] = parted(name);
  const kept = end.length < longest / 2 ? end : "";
  return `${name.slice(0, longest - 1 - kept.length)}…${kept}`;
}
