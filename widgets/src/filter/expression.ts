/**
 * The expressions of `highnoon.hpo.expressions`: the same grammar, and the same meaning.
 *
 * `tests/hpo/expression_cases.json` holds both parsers to it.
 */
import {
  Arithmetic,
  Comparison,
  Conjunction,
  Disjunction,
  ExpressionError,
  Literal,
  Name,
  Negative,
  Not,
  type Comparand,
  type Node,
  type Operation,
} from "./nodes.ts";
import { nameOf, textOf, tokenize, type Token } from "./tokens.ts";
import { unknownWord } from "./unknown.ts";
import type { Value } from "./values.ts";

const LONGEST_TEXT = 1000;
const DEEPEST_NESTING = 30;
const CONSTANTS: Record<string, Value> = { True: true, False: false, None: null };
const CLOSING: Record<string, string | undefined> = { "[": "]", "(": ")" };
const COMPARISONS = new Set(["<", "<=", ">", ">=", "==", "!=", "in", "not in"]);

/**
 * Parse a text.
 *
 * @param names The names that may occur; null allows any.
 */
export function parse(text: string, names: ReadonlySet<string> | null = null): Node {
  const trimmed = text.trim();
  if (!trimmed) {
    throw new ExpressionError("The expression is empty. Write a comparison such as value < 1.2.");
  }
  const length = Array.from(trimmed).length;
  if (length > LONGEST_TEXT) {
    throw new ExpressionError(
      `The expression has ${length} characters and may have ${LONGEST_TEXT}: ` +
        `${Array.from(trimmed).slice(0, 60).join("")}…`,
    );
  }
  return new Parser(trimmed, names).parse();
}

/** A recursive descent, one method per precedence. */
class Parser {
  private readonly tokens: Token[];
  private readonly names: ReadonlySet<string> | null;
  private at = 0;
  private depth = 0;

  constructor(text: string, names: ReadonlySet<string> | null) {
    this.tokens = tokenize(text);
    this.names = names;
  }

  parse(): Node {
    const node = this.any();
    if (this.next.kind !== "end") this.fail("an operator");
    return node;
  }

  private any(): Node {
    const parts = [this.all()];
    while (this.take("or")) parts.push(this.all());
    return parts.length === 1 ? parts[0] : new Disjunction(parts);
  }

  private all(): Node {
    const parts = [this.not()];
    while (this.take("and")) parts.push(this.not());
    return parts.length === 1 ? parts[0] : new Conjunction(parts);
  }

  private not(): Node {
    if (this.take("not")) return new Not(this.nested(() => this.not()));
    return this.comparison();
  }

  private comparison(): Node {
    const first = this.sum();
    const rest: { symbol: string; position: number; operand: Comparand }[] = [];
    for (;;) {
      const symbol = this.comparisonSymbol();
      const takesList = symbol.includes("in");
      if (!symbol || (rest.length && takesList)) break;
      const position = this.next.position;
      this.at += symbol.split(" ").length;
      rest.push({ symbol, position, operand: takesList ? this.list() : this.sum() });
    }
    return rest.length ? new Comparison(first, rest) : first;
  }

  private comparisonSymbol(): string {
    const { kind, text } = this.next;
    if (kind !== "symbol" && kind !== "keyword") return "";
    const after = this.tokens[this.at + 1];
    if (text === "not" && after.text === "in" && after.kind === "keyword") return "not in";
    return COMPARISONS.has(text) ? text : "";
  }

  private sum(): Node {
    return this.operations(() => this.product(), ["+", "-"]);
  }

  private product(): Node {
    return this.operations(() => this.signed(), ["*", "/", "//", "%"]);
  }

  private operations(operand: () => Node, symbols: string[]): Node {
    const first = operand();
    const rest: Operation[] = [];
    while (this.next.kind === "symbol" && symbols.includes(this.next.text)) {
      const { text: symbol, position } = this.tokens[this.at++];
      rest.push({ symbol, position, operand: operand() });
    }
    return rest.length ? fold(new Arithmetic(first, rest)) : first;
  }

  private signed(): Node {
    const { position } = this.next;
    if (this.take("-"))
      return fold(
        new Negative(
          this.nested(() => this.signed()),
          position,
        ),
      );
    if (this.take("+")) return this.nested(() => this.signed());
    const base = this.atom();
    const power = this.next.position;
    if (!this.take("**")) return base;
    const operand = this.nested(() => this.signed());
    return fold(new Arithmetic(base, [{ symbol: "**", position: power, operand }]));
  }

  private atom(): Node {
    if (this.take("(")) {
      const node = this.nested(() => this.any());
      if (!this.take(")")) this.fail('")"');
      return node;
    }
    if (this.next.kind === "name" || this.next.kind === "quoted") return this.name();
    return new Literal(this.constant());
  }

  private name(): Node {
    const token = this.tokens[this.at++];
    const { text, position } = token;
    const name = nameOf(token);
    if (this.next.text === "(") {
      throw new ExpressionError(
        `"${name}" is called, but expressions have no functions.`,
        position,
      );
    }
    if (this.names && !this.names.has(name)) {
      throw unknownWord("parameter", name, this.names, position, text.length);
    }
    return new Name(name);
  }

  private constant(): Value {
    const { kind, text, position } = this.next;
    let value: Value;
    if (kind === "keyword" && Object.hasOwn(CONSTANTS, text)) {
      value = CONSTANTS[text];
    } else if (kind === "number") {
      if (/__|_$|_\.|_[eE]|\._/.test(text))
        throw new ExpressionError(`"${text}" is not a number.`, position);
      const digits = text.replaceAll("_", "");
      value = /[.eE]/.test(digits) ? Number(digits) : BigInt(digits);
    } else if (kind === "string") {
      value = textOf(this.next);
    } else {
      this.fail("a name or a value");
    }
    this.at++;
    return value;
  }

  private list(): Value[] {
    const closing = CLOSING[this.next.text];
    if (!closing) this.fail('a list such as ["adam", "sgd"] after "in"');
    this.at++;
    const values = [this.signedConstant()];
    while (this.take(",")) values.push(this.signedConstant());
    if (!this.take(closing)) this.fail(`"," or "${closing}"`);
    return values;
  }

  private signedConstant(): Value {
    if (!this.take("-")) return this.constant();
    if (this.next.kind !== "number") this.fail("a number");
    const value = this.constant();
    return typeof value === "bigint" ? -value : -(value as number);
  }

  private get next(): Token {
    return this.tokens[this.at];
  }

  private take(text: string): boolean {
    const { kind, text: found } = this.next;
    if ((kind !== "symbol" && kind !== "keyword") || found !== text) return false;
    this.at++;
    return true;
  }

  private nested(parse: () => Node): Node {
    if (++this.depth > DEEPEST_NESTING) {
      throw new ExpressionError(
        `Nested deeper than ${DEEPEST_NESTING} levels.`,
        this.next.position,
      );
    }
    const node = parse();
    this.depth--;
    return node;
  }

  private fail(expected: string): never {
    const { text, position } = this.next;
    const got = text ? `"${text}"` : "the end";
    throw new ExpressionError(`Expected ${expected}, found ${got}.`, position);
  }
}

/** Calculate what holds no name, so that a constant without a value is found at once. */
function fold(node: Arithmetic | Negative): Node {
  const operands =
    node instanceof Negative
      ? [node.operand]
      : [node.first, ...node.rest.map(({ operand }) => operand)];
  if (!operands.every((operand) => operand instanceof Literal)) return node;
  const value = node.evaluate(() => null);
  if (value === null) {
    throw new ExpressionError(
      "This calculation has no result: it is too large or undefined.",
      node instanceof Negative ? node.position : node.rest[0].position,
    );
  }
  return new Literal(value);
}
