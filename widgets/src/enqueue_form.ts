/** A form for a configuration: a field for each parameter, what it allows, and what was changed. */
import { h } from "./dom.ts";
import { nameElement } from "./names.ts";
import {
  applies,
  choiceIndex,
  rangeText,
  readNumber,
  shownChoice,
  shownNumber,
  type ChoiceField,
  type Field,
  type NumberField,
  type Params,
  type Value,
} from "./space.ts";

/** Choices that are short enough stand side by side. */
const SEGMENTS_MOST = 5;
const SEGMENTS_CHARACTERS = 24;

interface Control {
  field: Field;
  element: HTMLElement;
  /** Undefined where it is left to be drawn. */
  value(): Value | undefined;
  problem(): string | null;
  set(value: Value | undefined): void;
  focus(): void;
  /** Say what it allows, what it was, or what is wrong with it. */
  note(was: Value | undefined, comparing: boolean): void;
}

export class EnqueueForm {
  readonly element = h("div.hn-enqueue-fields");
  private readonly controls: Control[];
  private readonly fields: readonly Field[];
  /** What the form was filled with, to which changes are compared; null where with nothing. */
  private filled: Params | null = null;

  constructor(fields: readonly Field[], changed: () => void = () => {}) {
    this.fields = fields;
    const update = () => {
      this.update();
      changed();
    };
    this.controls = fields.map((field) =>
      field.kind === "choice" ? choiceControl(field, update) : numberControl(field, update),
    );
    this.element.append(...this.controls.map(({ element }) => element));
    this.update();
  }

  fill(params: Params | null): void {
    this.filled = params;
    for (const control of this.controls) control.set(params?.[control.field.name]);
    this.update();
  }

  /** What is set, of the fields that apply. */
  params(): Params {
    const params: Params = {};
    for (const { field, value } of this.controls) {
      const given = applies(field, this.fields, params) ? value() : undefined;
      if (given !== undefined) params[field.name] = given;
    }
    return params;
  }

  /** Go to the first field that is wrong; whether there is one. */
  showProblem(): boolean {
    const wrong = this.controls.find((c) => !c.element.hidden && c.problem() !== null);
    wrong?.focus();
    return wrong !== undefined;
  }

  focus(): void {
    this.controls[0]?.focus();
  }

  private update(): void {
    const params = this.params();
    for (const control of this.controls) {
      control.element.hidden = !applies(control.field, this.fields, params);
      control.note(this.filled?.[control.field.name], this.filled !== null);
    }
  }
}

let nextId = 0;

function framed(field: Field, id: string, control: HTMLElement, note: HTMLElement): HTMLElement {
  const name = nameElement(field.name);
  const label =
    field.kind === "choice" && control.tagName !== "SELECT"
      ? h("span.hn-enqueue-name", { id: `${id}-label` }, name)
      : h("label.hn-enqueue-name", { for: id }, name);
  return h("div.hn-enqueue-field", {}, label, control, note);
}

function noteFor(id: string): HTMLElement {
  return h("div.hn-caption", { id: `${id}-note` });
}

function say(note: HTMLElement, text: string, kind: "plain" | "changed" | "bad"): void {
  note.textContent = text;
  note.dataset.kind = kind;
}

function numberControl(field: NumberField, changed: () => void): Control {
  const id = `hn-enqueue-${nextId++}`;
  const note = noteFor(id);
  const input = h("input.hn-input", {
    id,
    type: "text",
    inputmode: field.kind === "int" ? "numeric" : "decimal",
    autocomplete: "off",
    placeholder: "drawn",
    "aria-describedby": note.id,
  });
  /** The exact value behind the rounded text, until the text is changed. */
  let exact: number | null = null;
  const read = () => (exact !== null ? { value: exact } : readNumber(field, input.value));
  input.addEventListener("input", () => {
    exact = null;
    changed();
  });
  input.addEventListener("focus", () => {
    if (exact !== null) input.value = shownNumber(field, exact, { exact: true });
  });
  input.addEventListener("blur", () => {
    if (exact !== null) input.value = shownNumber(field, exact);
  });
  const problem = () => {
    const result = read();
    return result !== null && "problem" in result ? result.problem : null;
  };
  return {
    field,
    element: framed(field, id, input, note),
    value: () => {
      const result = read();
      return result !== null && "value" in result ? result.value : undefined;
    },
    problem,
    set: (value) => {
      exact = typeof value === "number" ? value : null;
      input.value = exact === null ? "" : shownNumber(field, exact);
    },
    focus: () => input.focus(),
    note: (was, comparing) => {
      const result = read();
      const wrong = problem();
      input.setAttribute("aria-invalid", String(wrong !== null));
      const now = result !== null && "value" in result ? result.value : undefined;
      const isChanged = comparing && wrong === null && now !== was;
      input.classList.toggle("hn-enqueue-changed", isChanged);
      if (wrong !== null) say(note, wrong, "bad");
      else if (isChanged) {
        const former = typeof was === "number" ? shownNumber(field, was) : "drawn";
        say(note, `changed, was ${former}`, "changed");
      } else say(note, rangeText(field), "plain");
    },
  };
}

function choiceControl(field: ChoiceField, changed: () => void): Control {
  const id = `hn-enqueue-${nextId++}`;
  const note = noteFor(id);
  const words = field.choices.map(shownChoice);
  const short = words.length <= SEGMENTS_MOST && words.join("").length <= SEGMENTS_CHARACTERS;
  const picker = short ? segments(id, words, changed) : list(id, words, changed);
  picker.element.setAttribute("aria-describedby", note.id);
  return {
    field,
    element: framed(field, id, picker.element, note),
    value: () => (picker.get() < 0 ? undefined : field.choices[picker.get()]),
    problem: () => null,
    set: (value) => picker.set(value === undefined ? -1 : choiceIndex(field, value)),
    focus: () => picker.focus(),
    note: (was, comparing) => {
      const before = was === undefined ? -1 : choiceIndex(field, was);
      const isChanged = comparing && picker.get() !== before;
      picker.element.classList.toggle("hn-enqueue-changed", isChanged);
      const former = before < 0 ? "drawn" : words[before];
      if (isChanged) say(note, `changed, was ${former}`, "changed");
      else say(note, rangeText(field), "plain");
    },
  };
}

interface Picker {
  element: HTMLElement;
  /** Position of the choice, -1 for none. */
  get(): number;
  set(at: number): void;
  focus(): void;
}

/** Choices side by side; the one that is chosen is let go of by choosing it again. */
function segments(id: string, words: string[], changed: () => void): Picker {
  let chosen = -1;
  const buttons = words.map((word, at) => {
    const button = h("button.hn-enqueue-choice", { type: "button" }, word);
    button.addEventListener("click", () => {
      set(chosen === at ? -1 : at);
      changed();
    });
    return button;
  });
  const element = h(
    "div.hn-enqueue-choices",
    { role: "group", "aria-labelledby": `${id}-label` },
    ...buttons,
  );
  const set = (at: number) => {
    chosen = at;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === at)));
  };
  set(-1);
  return { element, get: () => chosen, set, focus: () => buttons[0]?.focus() };
}

function list(id: string, words: string[], changed: () => void): Picker {
  const element = h(
    "select.hn-input",
    { id },
    h("option", { value: -1 }, "drawn"),
    ...words.map((word, at) => h("option", { value: at }, word)),
  );
  element.addEventListener("change", changed);
  return {
    element,
    get: () => Number(element.value),
    set: (at) => (element.value = String(at)),
    focus: () => element.focus(),
  };
}
