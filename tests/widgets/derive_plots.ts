/** Reads a message as the page does and prints what its plots show, for test_plots.py. */
import { readFileSync } from "node:fs";
import { curvesOf } from "../../widgets/src/plot/curves.ts";
import { edfOf } from "../../widgets/src/plot/edf.ts";
import { historyOf } from "../../widgets/src/plot/history.ts";
import { timelineOf } from "../../widgets/src/plot/timeline.ts";
import { Study } from "../../widgets/src/study.ts";
import { decode } from "../../widgets/src/wire.ts";

const bytes = readFileSync(process.argv[2]);
const study = new Study();
study.apply(decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)));

/** Numbers that JSON does not have as text, typed arrays as lists. */
const plain = (_: string, value: unknown): unknown => {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
};
console.log(
  JSON.stringify(
    {
      history: historyOf(study),
      curves: curvesOf(study),
      timeline: timelineOf(study),
      edf: edfOf(study),
    },
    plain,
  ),
);
