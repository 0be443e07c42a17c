/** A line that says what is not as usual. */
import { h } from "./dom.ts";
import { studyMark } from "./marks.ts";

/** What is so for a while: a line that takes the place of another one, and so moves nothing. */
export function passing(what: string, more: string): HTMLElement {
  return h(
    "div.hn-passing",
    { title: `${what} ${more}` },
    studyMark("paused"),
    h("span.hn-muted", {}, h("b.hn-strong", {}, what), " ", more),
  );
}

/** A line with a mark: what is so, and more about it. */
export function notice(
  kind: "bad" | "busy",
  what: string,
  more: string | Node,
  ...rest: Node[]
): HTMLElement {
  return h(
    kind === "bad" ? "div.hn-notice.hn-notice-bad" : "div.hn-notice",
    {},
    studyMark(kind === "bad" ? "stopped" : "paused"),
    h("span.hn-muted", {}, h("b.hn-strong", {}, what), " ", more),
    ...rest,
  );
}
