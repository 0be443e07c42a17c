/** The best configuration as text: exact, and read back by Python, JSON and YAML as it was. */
import { metricName } from "./derived.ts";
import { fieldsOf, paramsOf, type Value } from "./space.ts";
import type { Study } from "./study.ts";

export type Kind = "python" | "json" | "yaml";

/** Text of the best configuration; null where no trial completed. */
export function bestText(study: Study, kind: Kind): string | null {
  const row = study.best;
  if (row === null) return null;
  const fields = fieldsOf(study);
  const whole = new Set(fields.filter((field) => field.kind !== "float").map(({ name }) => name));
  const params = Object.entries(paramsOf(study, fields, row)).map(
    ([name, value]) => [name, value, whole.has(name)] as const,
  );
  const number = study.number.at(row);
  const value = study.value.at(row);
  if (kind === "python") {
    const lines = params.map(([name, of, int]) => `    ${quoted(name)}: ${python(of, int)},`);
    const about = `# ${oneLine(study.state.name)}, trial ${number}, ${oneLine(metricName(study))}`;
    return `${about} ${float(value)}\nbest_params = {\n${lines.join("\n")}\n}`;
  }
  const about: [string, string][] = [
    ["study", quoted(study.state.name)],
    ["direction", quoted(study.state.direction)],
    ["trial", String(number)],
    ["value", float(value)],
  ];
  if (kind === "json") {
    const lines = params.map(([name, of, int]) => `    ${quoted(name)}: ${json(of, int)}`);
    const head = about.map(([name, text]) => `  ${quoted(name)}: ${text},`);
    const body = lines.length ? `{\n${lines.join(",\n")}\n  }` : "{}";
    return `{\n${head.join("\n")}\n  "params": ${body}\n}`;
  }
  const head = about.map(([name, text]) => `${name}: ${yamlNumber(text)}`);
  const lines = params.map(([name, of, int]) => `  ${key(name)}: ${yamlNumber(json(of, int))}`);
  return [...head, lines.length ? "params:" : "params: {}", ...lines].join("\n");
}

function python(value: Value, whole: boolean): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return whole ? number(value) : float(value);
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map((item) => python(item, true)).join(", ")}]`;
  const items = Object.entries(value as object).map(([k, v]) => `${quoted(k)}: ${python(v, true)}`);
  return `{${items.join(", ")}}`;
}

function json(value: Value, whole: boolean): string {
  if (typeof value === "number") return whole ? number(value) : float(value);
  return JSON.stringify(value);
}

/** A number of a choice: whole where it is. */
function number(value: number): string {
  return Number.isInteger(value) ? String(value) : float(value);
}

/** A float as Python writes it: the shortest text that reads back as the same number. */
export function float(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, power] = value.toExponential().split("e");
    const sign = power.startsWith("-") ? "-" : "+";
    return `${digits}e${sign}${power.slice(1).padStart(2, "0")}`;
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

/** YAML takes `1e-05` for text, and `1.0e-05` for a number. */
function yamlNumber(text: string): string {
  return /^-?\d+e[+-]\d+$/.test(text) ? text.replace("e", ".0e") : text;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A name as a key of YAML: plain where nothing in it means something. */
function key(name: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
  const word = /^(y|n|yes|no|on|off|true|false|null)$/i.test(name);
  return plain && !word ? name : quoted(name);
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
}
