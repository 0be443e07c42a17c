/** Reads messages as the page does and prints what the page then knows, for test_wire.py. */
import { readFileSync } from "node:fs";
import { Study } from "../../widgets/src/study.ts";
import { decode, messagesOf } from "../../widgets/src/wire.ts";

const study = new Study();
// One after the other, as a server sends them.
const body = Uint8Array.from(Buffer.concat(process.argv.slice(2).map((path) => readFileSync(path))));
const changes = messagesOf(body.buffer).map(({ byteOffset, byteLength }) => {
  // An offset that is no multiple of 8, as a websocket's frames have it.
  const moved = new Uint8Array(byteLength + 3);
  moved.set(body.subarray(byteOffset, byteOffset + byteLength), 3);
  return study.apply(decode(new DataView(moved.buffer, 3)));
});
const list = (column: { values: ArrayLike<number> }) =>
  Array.from(column.values, (value) => (Number.isFinite(value) ? value : String(value)));
console.log(
  JSON.stringify({
    changes,
    state: study.state,
    workers: study.workers,
    best: study.best,
    counts: study.counts(),
    number: list(study.number),
    status: list(study.status),
    value: list(study.value),
    lastStep: list(study.lastStep),
    started: list(study.started),
    parameters: [...study.parameters.values()].map((p) => ({ ...p, values: list(p.values) })),
    curves: Array.from(study.number.values, (n) =>
      study.curve(n).map(({ step, value }) => [step, String(value)]),
    ),
  }),
);
