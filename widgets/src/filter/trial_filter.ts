/** Which trials are shown: by a text or an expression, and by their states. */
import type { Status, Study } from "../study.ts";
import { ExpressionError, Name, type Node } from "./nodes.ts";
import { parse } from "./expression.ts";
import { lookUp, namesOf, shownStatus, wordsOf } from "./trial_names.ts";
import { checkWords } from "./unknown.ts";
import { truth } from "./values.ts";

/** The chips over the table, and the statuses that each stands for. */
export const CHIPS = {
  completed: ["completed"],
  pruned: ["pruned"],
  failed: ["failed", "lost"],
} as const satisfies Record<string, Status[]>;
export type Chip = keyof typeof CHIPS;

/** What only expressions have. */
const OPERATORS = /[<>=!]|(?:^|\s)(?:and|or|not|in)\s/;

type Rule = (row: number) => boolean;

export class TrialFilter {
  /** How many trials are shown. */
  count = 0;
  /** Why the text cannot be read; all trials are shown then. */
  error: ExpressionError | null = null;
  private readonly study: Study;
  private readonly chips = new Set<Chip>();
  private text = "";
  private rule: Rule | null = null;
  private shows = new Uint8Array(0);

  constructor(study: Study) {
    this.study = study;
  }

  /** Whether any trial may be left out. */
  get active(): boolean {
    return this.rule !== null || this.chips.size > 0;
  }

  passes(row: number): boolean {
    return this.shows[row] === 1;
  }

  setText(text: string): void {
    this.text = text.trim();
    this.refresh();
  }

  has(chip: Chip): boolean {
    return this.chips.has(chip);
  }

  toggle(chip: Chip): void {
    if (!this.chips.delete(chip)) this.chips.add(chip);
    this.refresh();
  }

  clear(): void {
    this.chips.clear();
    this.setText("");
  }

  /** Look at all trials again. */
  refresh(): void {
    this.error = this.rule = null;
    try {
      this.rule = this.read();
      this.evaluateAll();
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.error = error;
      this.rule = null;
      this.evaluateAll();
    }
  }

  /** Look at some trials again, as they are new or changed. */
  update(rows: readonly number[]): void {
    // A word that was unknown may be known now.
    if (this.error?.unknown || rows.length > this.study.length / 2) return this.refresh();
    try {
      this.grow();
      for (const row of rows) this.evaluate(row);
    } catch {
      this.refresh();
    }
  }

  private evaluateAll(): void {
    this.count = 0;
    this.shows = new Uint8Array(0);
    this.grow();
    for (let row = 0; row < this.study.length; row++) this.evaluate(row);
  }

  private grow(): void {
    if (this.shows.length >= this.study.length) return;
    const larger = new Uint8Array(Math.max(64, this.study.length * 2));
    larger.set(this.shows);
    this.shows = larger;
  }

  private evaluate(row: number): void {
    const shown = this.passesChips(row) && (this.rule?.(row) ?? true) ? 1 : 0;
    this.count += shown - this.shows[row];
    this.shows[row] = shown;
  }

  private passesChips(row: number): boolean {
    if (!this.chips.size) return true;
    const status = shownStatus(this.study, row);
    return [...this.chips].some((chip) => (CHIPS[chip] as readonly Status[]).includes(status));
  }

  /** Return what the text asks for: an expression where it is one, else its words. */
  private read(): Rule | null {
    if (!this.text) return null;
    const { study } = this;
    const isExpression = OPERATORS.test(this.text);
    let node: Node | null = null;
    try {
      node = parse(this.text, namesOf(study));
    } catch (error) {
      if (isExpression) throw error;
    }
    if (node && (isExpression || (node instanceof Name && isSwitch(study, node.name)))) {
      checkWords(this.text, wordsOf(study));
      const condition = node;
      return (row) => truth(condition.evaluate(lookUp(study, row)));
    }
    const words = this.text.toLowerCase().split(/\s+/);
    return (row) => {
      const text = textOf(study, row);
      return words.every((word) => text.includes(word));
    };
  }
}

/** Whether a parameter is true or false. */
function isSwitch(study: Study, name: string): boolean {
  const choices = study.parameters.get(name)?.choices;
  return choices?.every((choice) => typeof choice === "boolean") ?? name === "best";
}

/** What free text looks through: number, state, worker, choices. */
function textOf(study: Study, row: number): string {
  const words = [String(study.number.at(row)), shownStatus(study, row)];
  if (study.best === row) words.push("best");
  words.push(study.workers[study.worker.at(row)] ?? "");
  for (const parameter of study.parameters.values()) {
    const value = parameter.values.at(row);
    if (parameter.kind === "categorical" && !Number.isNaN(value))
      words.push(String(parameter.choices![value]));
  }
  return words.join("\n").toLowerCase();
}
