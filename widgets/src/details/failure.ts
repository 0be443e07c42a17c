/** Why a trial failed: the user's own frames, with those of libraries folded. */
import { h } from "../dom.ts";
import * as format from "../format.ts";
import type { Failure, TracebackPart } from "./trial.ts";

export function failureSection(failure: Failure | null): HTMLElement | null {
  if (!failure) return null;
  const place = failure.place ? ` in ${failure.place.replace(", in ", ", ")}` : "";
  return h(
    "section",
    {},
    h("p.hn-failure", {}, h("b.hn-strong", {}, failure.type), h("span.hn-muted", {}, place)),
    failure.parts.length
      ? h(
          "pre.hn-code.hn-traceback",
          { tabindex: "0", role: "region", "aria-label": "Traceback" },
          ...failure.parts.map((part, i) => drawn(part, i === failure.parts.length - 1)),
        )
      : h("pre.hn-code", {}, failure.message),
  );
}

function drawn(part: TracebackPart, isLast: boolean): HTMLElement {
  if (part.frames === undefined) return own(part.text, isLast);
  const button = h("button.hn-link", { type: "button" }, "Show");
  const where = part.package ? ` inside ${part.package}` : "";
  const line = h(
    "div.hn-muted",
    {},
    `  ${format.plural(part.frames, "frame")}${where} hidden. `,
    button,
  );
  button.addEventListener("click", () => line.replaceWith(h("div.hn-muted", {}, part.text)));
  return line;
}

/** Lines as they are; the last ones, which name the error, stand out. */
function own(text: string, isLast: boolean): HTMLElement {
  if (!isLast) return h("div", {}, text);
  const lines = text.split("\n");
  const error = lines.findLastIndex((line) => line.startsWith("  ")) + 1;
  return h(
    "div",
    {},
    error ? `${lines.slice(0, error).join("\n")}\n` : null,
    h("span.hn-error", {}, lines.slice(error).join("\n")),
  );
}
