/** Writes what `widgets/src/format.ts` makes of the arguments of calls. */
import { readFileSync } from "node:fs";
import * as format from "../../widgets/src/format.ts";

const calls = JSON.parse(readFileSync(process.argv[2], "utf8")) as [string, number[]][];
const functions = {
  ...format,
  number: (value: number, digits: number, log: number) =>
    format.number(value, { digits, log: !!log }),
} as unknown as Record<string, (...given: number[]) => string | number>;
const number = (value: number | string) => (typeof value === "string" ? Number(value) : value);
console.log(JSON.stringify(calls.map(([name, given]) => functions[name](...given.map(number)))));
