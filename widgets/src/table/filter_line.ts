/** The line over the table: a text or an expression, and chips for states. */
import { h } from "../dom.ts";
import { CHIPS, type Chip, type TrialFilter } from "../filter/trial_filter.ts";
import * as format from "../format.ts";
import { glass, mark } from "../marks.ts";
import type { Study } from "../study.ts";

const WAIT_MS = 120;

export interface FilterLine {
  el: HTMLElement;
  input: HTMLInputElement;
  /** Say what the filter found. */
  draw(): void;
}

/** Make the line; `changed` is called when other trials are to be shown, `leave` on ↓ and Esc. */
export function filterLine(
  study: Study,
  filter: TrialFilter,
  text: string,
  changed: (text: string) => void,
  leave: () => void,
): FilterLine {
  const id = `hn-filter-${crypto.randomUUID?.() ?? Math.random()}`;
  const input = h("input.hn-input.hn-filter-input", {
    type: "search",
    value: text,
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Filter trials by a text or an expression",
    "aria-describedby": id,
    placeholder: example(study),
  });
  const message = h("div.hn-filter-message", { id, role: "status" });
  const chips = (Object.keys(CHIPS) as Chip[]).map((chip) => {
    const button = h(
      "button.hn-chip",
      { type: "button", "aria-pressed": "false" },
      mark(chip),
      chip,
    );
    button.addEventListener("click", () => {
      filter.toggle(chip);
      draw();
      changed(input.value);
    });
    return button;
  });
  let timer = 0;
  const apply = () => {
    clearTimeout(timer);
    filter.setText(input.value);
    draw();
    changed(input.value);
  };
  const set = (value: string) => {
    input.value = value;
    apply();
    input.focus();
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(apply, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") apply();
    else if (event.key === "Escape" && input.value) set("");
    else if (event.key === "ArrowDown" || event.key === "Escape") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const draw = () => {
    chips.forEach((button, i) =>
      button.setAttribute("aria-pressed", String(filter.has((Object.keys(CHIPS) as Chip[])[i]))),
    );
    const { error } = filter;
    input.setAttribute("aria-invalid", String(error !== null));
    message.replaceChildren();
    if (error) {
      message.append(mark("failed"), explained(filter, input.value, set));
    } else if (filter.active && filter.count === 0 && study.length) {
      const clear = h("button.hn-link", { type: "button" }, "Clear");
      clear.addEventListener("click", () => {
        filter.clear();
        set("");
      });
      message.append(h("span", {}, `0 of ${format.plural(study.length, "trial")}. `, clear));
    }
  };
  const el = h(
    "div.hn-filter",
    {},
    h(
      "div.hn-filter-row",
      {},
      h("div.hn-search", {}, glass(), input),
      h("div.hn-chips", { role: "group", "aria-label": "States" }, ...chips),
    ),
    message,
  );
  return { el, input, draw };
}

/** What is wrong; for a word that is unknown, a button that puts the right one in its place. */
function explained(filter: TrialFilter, text: string, set: (text: string) => void): HTMLElement {
  const { unknown, message, position } = filter.error!;
  if (!unknown) return h("span", {}, message);
  const { kind, word, near, length } = unknown;
  const problem = `No ${kind} “${word}”.`;
  if (near === null)
    return h("span", {}, `${problem} ${message.slice(message.indexOf('". ') + 3)}`);
  const button = h("button.hn-link", { type: "button" }, near);
  button.addEventListener("click", () => {
    const trimmed = text.trim();
    const right = kind === "parameter" ? quoted(near) : JSON.stringify(near);
    set(trimmed.slice(0, position) + right + trimmed.slice(position + length));
  });
  return h("span", {}, `${problem} Did you mean `, button, "?");
}

function quoted(name: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : `\`${name}\``;
}

function example(study: Study): string {
  const parameter = [...study.parameters.values()].find(
    ({ kind, name }) => kind === "int" && quoted(name) === name,
  );
  return parameter ? `value < 1.2 and ${parameter.name} == ${parameter.low}` : "value < 1.2";
}
