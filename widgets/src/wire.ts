/** Reads messages of `highnoon.hpo.reading.wire`. */

export type Column = Float64Array | Int32Array | Int8Array | Uint8Array;

/** A parameter as its first trial described it; a later message may give its name alone. */
export interface ParameterDescription {
  name: string;
  kind: "float" | "int" | "categorical";
  low?: number;
  high?: number;
  log?: boolean;
  step?: number | null;
  choices?: (string | number | boolean | null)[];
}

export interface Order {
  by: string;
  at: string;
}

/** What is known of a study beside its trials. */
export interface StudyState {
  name: string;
  direction: "minimize" | "maximize";
  paused: Order | null;
  stop: (Order & { now: boolean; id: string }) | null;
  /** Why a run ended itself: what follows on "stopped". */
  gave_up: { why: string; at: string } | null;
  archived: Order | null;
  space: unknown;
  metric: string | null;
  goal: number | null;
  sampler: string | null;
  pruner: string | null;
}

export interface Message {
  /** The revision that the message changes, -1 where it is the whole study. */
  base: number;
  revision: number;
  study: StudyState | null;
  /** How many workers are known before it, and the names of new ones. */
  workers: [number, string[]];
  parameters: (ParameterDescription | { name: string })[];
  columns: Map<string, Column>;
}

const KINDS = { f8: Float64Array, i4: Int32Array, i1: Int8Array, u1: Uint8Array };
const ALIGNMENT = 8;

export function decode(bytes: DataView | ArrayBuffer): Message {
  const view = bytes instanceof ArrayBuffer ? new DataView(bytes) : bytes;
  // Columns are looked at in place, which needs a buffer that starts at a multiple of their size.
  const aligned = view.byteOffset % ALIGNMENT === 0;
  const start = aligned ? view.byteOffset : 0;
  const buffer = aligned
    ? view.buffer
    : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const length = new DataView(buffer, start).getUint32(0, true);
  const { arrays, ...header } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(buffer, start + 4, length)),
  );
  const columns = new Map<string, Column>();
  let at = start + 4 + length;
  for (const [name, kind, n] of arrays as [string, keyof typeof KINDS, number][]) {
    const column = new KINDS[kind](buffer as ArrayBuffer, at, n);
    columns.set(name, column);
    at += padded(column.byteLength);
  }
  return { ...header, columns };
}

/** Cut messages that follow on each other apart. */
export function messagesOf(bytes: ArrayBuffer): DataView[] {
  const messages: DataView[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const message = new DataView(bytes, at, lengthAt(bytes, at));
    messages.push(message);
    at += message.byteLength;
  }
  return messages;
}

function lengthAt(bytes: ArrayBuffer, at: number): number {
  const header = new DataView(bytes, at).getUint32(0, true);
  const { arrays } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(bytes, at + 4, header)),
  ) as { arrays: [string, keyof typeof KINDS, number][] };
  return arrays.reduce(
    (length, [, kind, n]) => length + padded(n * KINDS[kind].BYTES_PER_ELEMENT),
    4 + header,
  );
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
