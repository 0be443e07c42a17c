/** A line that says what is not as usual. */
import { h } from "./dom.ts";
import { studyMark } from "./marks.ts";

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
