/** Words that are unknown: of a name whose values are some words, one that is none of them. */
import { nearest } from "./near.ts";
import { ExpressionError } from "./nodes.ts";
import { nameOf, textOf, tokenize, type Token } from "./tokens.ts";

/** Return the error that a word is none of those there are, with the nearest of them. */
export function unknownWord(
  kind: string,
  word: string,
  known: ReadonlySet<string>,
  position: number,
  length: number,
): ExpressionError {
  const near = nearest(word, known);
  const hint = near === null ? `There are ${listed(known)}.` : `Did you mean ${near}?`;
  return new ExpressionError(`No ${kind} "${word}". ${hint}`, position, {
    kind,
    word,
    near,
    length,
  });
}

function listed(words: ReadonlySet<string>): string {
  const some = [...words].sort().slice(0, 12);
  return some.join(", ") + (words.size > some.length ? ", …" : "");
}

/** Refuse a text that compares a name with a word that is none of its words. */
export function checkWords(text: string, words: ReadonlyMap<string, ReadonlySet<string>>): void {
  const tokens = tokenize(text);
  tokens.forEach((token, at) => {
    const known = isName(token) ? words.get(nameOf(token)) : undefined;
    for (const written of known ? comparedWith(tokens, at) : []) {
      const word = textOf(written);
      if (!known!.has(word))
        throw unknownWord(nameOf(token), word, known!, written.position, written.text.length);
    }
  });
}

/** The strings with which the name at a place is compared. */
function comparedWith(tokens: Token[], at: number): Token[] {
  const compares = (index: number) => ["==", "!="].includes(tokens.at(index)?.text ?? "");
  const compared: Token[] = [];
  if (at > 1 && compares(at - 1)) compared.push(tokens[at - 2]);
  if (compares(at + 1)) compared.push(tokens[at + 2]);
  const list = tokens[at + 1].text === "not" ? at + 2 : at + 1;
  if (tokens[list].text === "in") {
    const end = tokens.findIndex(({ text }, i) => i > list && (text === "]" || text === ")"));
    compared.push(...tokens.slice(list, end));
  }
  return compared.filter(({ kind }) => kind === "string");
}

function isName({ kind }: Token): boolean {
  return kind === "name" || kind === "quoted";
}
