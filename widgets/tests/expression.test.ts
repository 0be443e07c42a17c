import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "../src/filter/expression.ts";
import { ExpressionError } from "../src/filter/nodes.ts";
import type { Value } from "../src/filter/values.ts";

interface Case {
  text: string;
  expected?: Value | { whole: string };
  error?: string;
}

const file = new URL("../../tests/hpo/expression_cases.json", import.meta.url);
const { values, names, cases } = JSON.parse(readFileSync(file, "utf8")) as {
  values: Record<string, Value>;
  names: string[];
  cases: Case[];
};

/** Whole numbers are bigints. */
function lookUp(name: string): Value | undefined {
  const value = values[name];
  return Number.isInteger(value) ? BigInt(value as number) : value;
}

for (const { text, expected, error } of cases) {
  test(`as in Python: ${text.slice(0, 60) || "nothing"}`, () => {
    const evaluate = () => parse(text, new Set(names)).evaluate(lookUp);
    if (error !== undefined) {
      assert.throws(evaluate, (raised: unknown) => {
        assert(raised instanceof ExpressionError);
        assert.equal(raised.message, error);
        return true;
      });
      return;
    }
    const found = evaluate();
    if (expected !== null && typeof expected === "object")
      assert.equal(found, BigInt(expected.whole));
    else if (typeof expected === "number") assert.equal(Number(found), expected);
    else assert.equal(found, expected);
  });
}
