/**
 * Values of expressions and what is done with them, as `highnoon.hpo.expression_nodes` does it.
 *
 * Whole numbers are bigints, other numbers are numbers, so that both are as exact as in Python.
 */

export type Value = bigint | number | string | boolean | null;

const LARGEST_POWER_BITS = 1024;

/** NaN is a missing value. */
export function missingIfNaN(value: Value): Value {
  return typeof value === "number" && Number.isNaN(value) ? null : value;
}

/** Whether a value counts as true. */
export function truth(value: Value): boolean {
  return typeof value === "string" ? value !== "" : value !== null && Number(value) !== 0;
}

export function isNumeric(value: Value): value is bigint | number | boolean {
  return typeof value === "bigint" || typeof value === "number" || typeof value === "boolean";
}

/** True counts as 1, in comparisons as well. */
function asNumber(value: bigint | number | boolean): bigint | number {
  return typeof value === "boolean" ? BigInt(value) : value;
}

export function equal(left: Value, right: Value): boolean {
  if (isNumeric(left) && isNumeric(right)) return asNumber(left) == asNumber(right);
  return left === right;
}

/** Order two numbers, or two strings by their characters: below, at or above 0; NaN for others. */
export function order(left: Value, right: Value): number {
  if (isNumeric(left) && isNumeric(right)) {
    const [a, b] = [asNumber(left), asNumber(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeof left === "string" && typeof right === "string") return byCharacter(left, right);
  return NaN;
}

function byCharacter(left: string, right: string): number {
  const [a, b] = [Array.from(left), Array.from(right)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i].codePointAt(0)! - b[i].codePointAt(0)!;
    if (difference) return difference;
  }
  return a.length - b.length;
}

/** Calculate; null where there is no result, or where it is too large. */
export function calculate(
  symbol: string,
  left: bigint | number | boolean,
  right: bigint | number | boolean,
): bigint | number | null {
  const [a, b] = [asNumber(left), asNumber(right)];
  if (typeof a === "bigint" && typeof b === "bigint") return ofWhole(symbol, a, b);
  const [x, y] = [Number(a), Number(b)];
  // A whole number that no float holds.
  if (tooLarge(a, x) || tooLarge(b, y)) return null;
  return missingIfNaN(ofFloats(symbol, x, y)) as number | null;
}

function tooLarge(exact: bigint | number, float: number): boolean {
  return typeof exact === "bigint" && !Number.isFinite(float);
}

function ofWhole(symbol: string, a: bigint, b: bigint): bigint | number | null {
  switch (symbol) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "**":
      return power(a, b);
  }
  if (b === 0n) return null;
  if (symbol === "/") {
    const quotient = Number(a) / Number(b);
    return Number.isFinite(quotient) ? quotient : null;
  }
  const remainder = a % b;
  const wrapped = remainder !== 0n && remainder < 0n !== b < 0n;
  if (symbol === "%") return wrapped ? remainder + b : remainder;
  return wrapped ? a / b - 1n : a / b;
}

function power(a: bigint, b: bigint): bigint | number | null {
  const bits = a === 0n ? 0n : BigInt((a < 0n ? -a : a).toString(2).length);
  if (b >= 0n && bits * b <= LARGEST_POWER_BITS) return a ** b;
  const [x, y] = [Number(a), Number(b)];
  if (tooLarge(a, x) || tooLarge(b, y)) return null;
  return missingIfNaN(ofFloats("**", x, y)) as number | null;
}

function ofFloats(symbol: string, x: number, y: number): number {
  switch (symbol) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "**": {
      if (x === 1 || (x === -1 && !Number.isFinite(y))) return 1;
      const result = x ** y;
      return Number.isFinite(x) && Number.isFinite(y) && !Number.isFinite(result) ? NaN : result;
    }
  }
  if (y === 0) return NaN;
  if (symbol === "/") return x / y;
  let remainder = x % y;
  let quotient = (x - remainder) / y;
  if (remainder !== 0 && remainder < 0 !== y < 0) {
    remainder += y;
    quotient -= 1;
  }
  if (symbol === "%") return remainder;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/** A value, or a list of them, as Python writes it, for a message. */
export function written(value: Value | Value[]): string {
  const text = asPython(value);
  return text.length <= 300 ? text : `${text.slice(0, 299)}…`;
}

function asPython(value: Value | Value[]): string {
  if (Array.isArray(value))
    return `(${value.map(asPython).join(", ")}${value.length === 1 ? "," : ""})`;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return value.includes("'") ? `"${value}"` : `'${value}'`;
  if (typeof value === "number" && Number.isInteger(value)) return `${value}.0`;
  return String(value);
}
