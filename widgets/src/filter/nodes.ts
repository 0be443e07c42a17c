/** What a parsed expression means: its nodes, as in `highnoon.hpo.expression_nodes`. */
import {
  calculate,
  equal,
  isNumeric,
  missingIfNaN,
  order,
  truth,
  written,
  type Value,
} from "./values.ts";

/** Looks a name up; a name that is not there is a missing value. */
export type Lookup = (name: string) => Value | undefined;

/** A word that is unknown, and the one that may be meant. */
export interface Unknown {
  /** What it is none of: `parameter`, `state`. */
  kind: string;
  word: string;
  near: string | null;
  /** How many characters it takes in the text, with its quotes. */
  length: number;
}

/** Why a text cannot be read or evaluated. */
export class ExpressionError extends Error {
  readonly position: number;
  readonly unknown: Unknown | null;

  constructor(problem: string, position = 0, unknown: Unknown | null = null) {
    super(problem);
    this.position = position;
    this.unknown = unknown;
  }
}

export interface Node {
  /** Whether it is true or false, rather than a number. */
  readonly isCondition: boolean;
  evaluate(values: Lookup): Value;
}

export class Literal implements Node {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }

  get isCondition(): boolean {
    return typeof this.value === "boolean";
  }

  evaluate(): Value {
    return this.value;
  }
}

export class Name implements Node {
  readonly isCondition = true;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  evaluate(values: Lookup): Value {
    return missingIfNaN(values(this.name) ?? null);
  }
}

export interface Operation {
  symbol: string;
  position: number;
  operand: Node;
}

function checkNumber(value: Value, symbol: string, position: number): Value {
  if (value === null || isNumeric(value)) return value;
  throw new ExpressionError(`"${symbol}" needs numbers, got ${written(value)}.`, position);
}

export class Arithmetic implements Node {
  readonly isCondition = false;
  readonly first: Node;
  readonly rest: Operation[];

  constructor(first: Node, rest: Operation[]) {
    this.first = first;
    this.rest = rest;
  }

  evaluate(values: Lookup): Value {
    let result = this.first.evaluate(values);
    for (const { symbol, position, operand } of this.rest) {
      const left = checkNumber(result, symbol, position);
      const right = checkNumber(operand.evaluate(values), symbol, position);
      result = isNumeric(left) && isNumeric(right) ? calculate(symbol, left, right) : null;
    }
    return result;
  }
}

export class Negative implements Node {
  readonly isCondition = false;
  readonly operand: Node;
  readonly position: number;

  constructor(operand: Node, position: number) {
    this.operand = operand;
    this.position = position;
  }

  evaluate(values: Lookup): Value {
    const value = checkNumber(this.operand.evaluate(values), "-", this.position);
    if (!isNumeric(value)) return null;
    return typeof value === "number" ? -value : -BigInt(value);
  }
}

/** The symbol after which a list stands, or a value. */
export type Comparand = Node | Value[];

export class Comparison implements Node {
  readonly isCondition = true;
  readonly first: Node;
  readonly rest: { symbol: string; position: number; operand: Comparand }[];

  constructor(first: Node, rest: { symbol: string; position: number; operand: Comparand }[]) {
    this.first = first;
    this.rest = rest;
  }

  evaluate(values: Lookup): boolean {
    let left: Value | Value[] = this.first.evaluate(values);
    for (const { symbol, position, operand } of this.rest) {
      const right: Value | Value[] = Array.isArray(operand) ? operand : operand.evaluate(values);
      if (!compare(symbol, left, right, position)) return false;
      left = right;
    }
    return true;
  }
}

/** A list equals no value, and stands right of `in` alone. */
function compare(
  symbol: string,
  left: Value | Value[],
  right: Value | Value[],
  position: number,
): boolean {
  if (Array.isArray(right)) {
    const within = right.some((choice) => equal(left as Value, choice));
    return symbol === "in" ? within : !within;
  }
  const isList = Array.isArray(left);
  if (symbol === "==") return !isList && equal(left as Value, right);
  if (symbol === "!=") return isList || !equal(left as Value, right);
  if (left === null || right === null) return false;
  const sign = isList ? NaN : order(left as Value, right);
  if (Number.isNaN(sign)) {
    throw new ExpressionError(
      `"${symbol}" cannot compare ${kindOf(left)} with ${kindOf(right)}: ` +
        "both must be numbers, or both text.",
      position,
    );
  }
  if (symbol === "<") return sign < 0;
  if (symbol === "<=") return sign <= 0;
  return symbol === ">" ? sign > 0 : sign >= 0;
}

function kindOf(value: Value | Value[]): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? "text" : "a number";
}

export class Not implements Node {
  readonly isCondition = true;
  readonly operand: Node;

  constructor(operand: Node) {
    this.operand = operand;
  }

  evaluate(values: Lookup): boolean {
    return !truth(this.operand.evaluate(values));
  }
}

export class Conjunction implements Node {
  readonly isCondition = true;
  readonly parts: Node[];

  constructor(parts: Node[]) {
    this.parts = parts;
  }

  evaluate(values: Lookup): boolean {
    return this.parts.every((part) => truth(part.evaluate(values)));
  }
}

export class Disjunction implements Node {
  readonly isCondition = true;
  readonly parts: Node[];

  constructor(parts: Node[]) {
    this.parts = parts;
  }

  evaluate(values: Lookup): boolean {
    return this.parts.some((part) => truth(part.evaluate(values)));
  }
}
