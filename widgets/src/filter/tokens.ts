/** Splits an expression into its words. */
import { ExpressionError } from "./nodes.ts";

export interface Token {
  kind: "number" | "name" | "keyword" | "quoted" | "string" | "symbol" | "end";
  text: string;
  position: number;
}

const KEYWORDS = new Set(["and", "or", "not", "in", "True", "False", "None"]);
const TOKEN = new RegExp(
  [
    String.raw`\s*(?:`,
    String.raw`(?<number>(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)`,
    String.raw`|(?<name>[\p{L}\p{Nl}\p{No}_][\p{L}\p{N}_]*)`,
    "|(?<quoted>`[^`]+`)",
    String.raw`|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`,
    String.raw`|(?<symbol>\*\*|//|<=|>=|==|!=|[\-+*/%<>()\[\],])`,
    ")",
  ].join(""),
  "suy",
);
const HINTS: Record<string, string> = {
  "=": "Use == to compare.",
  "&": 'Use "and".',
  "|": 'Use "or".',
  "!": 'Use "not", or != to compare.',
  "^": "Use ** for powers.",
  "`": "The name lacks its closing backtick.",
  '"': "The string lacks its closing quote.",
  "'": "The string lacks its closing quote.",
};
const BACKTICKS = "A name that is not a plain word goes in backticks: `my-name` < 1.";

/** The name that a token stands for. */
export function nameOf({ text }: Token): string {
  return text.replace(/^`+|`+$/g, "");
}

/** The text that the token of a string stands for. */
export function textOf({ text }: Token): string {
  return text.slice(1, -1).replace(/\\(.)/gs, "$1");
}

/** The last token is the end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  for (;;) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (!match) break;
    const [kind, word] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!;
    position = TOKEN.lastIndex;
    tokens.push({
      kind: kind === "name" && KEYWORDS.has(word) ? "keyword" : (kind as Token["kind"]),
      text: word,
      position: position - word.length,
    });
  }
  const rest = text.slice(position).trimStart();
  if (rest) {
    const first = String.fromCodePoint(rest.codePointAt(0)!);
    throw new ExpressionError(
      `Cannot read "${first}". ${HINTS[first] ?? BACKTICKS}`,
      text.length - rest.length,
    );
  }
  return [...tokens, { kind: "end", text: "", position: text.length }];
}
