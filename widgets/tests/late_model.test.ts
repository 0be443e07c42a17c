import assert from "node:assert/strict";
import { test } from "node:test";
import { LateKernel, LateModel } from "../src/site/late_model.ts";

/** The page's side of what a kernel answers: both ends are models of the page alone. */
class Real extends LateModel {
  readonly sent: unknown[] = [];
  saved = 0;
  private readonly listening: ((...args: unknown[]) => void)[] = [];
  override send(content: unknown): void {
    this.sent.push(content);
  }
  emitted(content: unknown): void {
    this.listening.forEach((listener) => listener(content, []));
  }
  override on(event: string, callback: (...args: unknown[]) => void): void {
    super.on(event, callback);
    if (event === "msg:custom") this.listening.push(callback);
  }
  override save_changes(): void {
    this.saved++;
  }
}

const call = (id: string, action: string, args = {}) => ({
  type: "call",
  id,
  action,
  arguments: args,
});
const heard = (model: LateModel) => {
  const messages: [Record<string, unknown>, DataView[]][] = [];
  model.on("msg:custom", (content, buffers) => messages.push([content, buffers]));
  return messages;
};
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("what was set and sent before the kernel came reaches it in its order", () => {
  const late = new LateModel({ selected: [], importance: {} });
  late.send(call("1", "pause"));
  late.set("selected", [3]);
  late.send(call("2", "stop"));
  assert.deepEqual(late.get("selected"), [3]);
  const real = new Real({ selected: [], importance: { names: ["x"] } });
  const changed: string[] = [];
  late.on("change:importance change:selected", () => changed.push("some"));
  late.attach(real);
  assert.deepEqual(real.get("selected"), [3]);
  assert.equal(real.saved, 1);
  assert.deepEqual(real.sent, [call("1", "pause"), call("2", "stop")]);
  assert.deepEqual(late.get("importance"), { names: ["x"] });
  assert.ok(changed.length > 0);
});

test("listeners hear the kernel's model, those that come later too, until they leave", () => {
  const late = new LateModel({ importance: {} });
  const heard: string[] = [];
  const before = () => heard.push("before");
  const after = () => heard.push("after");
  late.on("change:importance", before);
  const real = new Real({ importance: {} });
  late.attach(real);
  late.on("change:importance", after);
  heard.length = 0;
  real.set("importance", { names: [] });
  assert.deepEqual(heard, ["before", "after"]);
  late.off("change:importance", before);
  real.set("importance", { names: ["x"] });
  assert.deepEqual(heard, ["before", "after", "after"]);
});

test("the page's own traits are not the kernel's", () => {
  const late = new LateModel({ trouble: "" }, { own: ["trouble"] });
  const real = new Real({ trouble: "the kernel's" });
  const heard: unknown[] = [];
  late.on("change:trouble", () => heard.push(late.get("trouble")));
  late.attach(real);
  real.set("trouble", "other");
  late.set("trouble", "the page's");
  assert.deepEqual(heard, ["the page's"]);
  assert.equal(real.get("trouble"), "other");
});

test("calls that the page answers need no kernel: JSON, bytes, errors", async () => {
  const late = new LateModel(
    {},
    {
      answers: {
        twice: async ({ n }) => 2 * (n as number),
        file: async () => new Uint8Array([1, 2]).buffer,
        wrong: () => Promise.reject(new Error("No trial completed.")),
      },
    },
  );
  const messages = heard(late);
  late.send(call("a", "twice", { n: 4 }));
  late.send(call("b", "file"));
  late.send(call("c", "wrong"));
  await settled();
  const [twice, file, wrong] = messages;
  assert.deepEqual(twice[0], { type: "answer", id: "a", result: 8 });
  assert.equal(file[1][0].getUint8(1), 2);
  assert.deepEqual(wrong[0], { type: "answer", id: "c", error: "No trial completed." });
});

test("without a kernel, calls are answered with the reason, those that wait too", async () => {
  const late = new LateModel({});
  const messages = heard(late);
  late.send(call("a", "pause"));
  late.refuse("Eight pages are open.");
  late.send(call("b", "stop"));
  await settled();
  const errors = messages.map(([{ id, error }]) => [id, error]);
  assert.deepEqual(errors, [
    ["a", "Eight pages are open."],
    ["b", "Eight pages are open."],
  ]);
});

test("a kernel that comes after all is used", () => {
  const late = new LateModel({});
  late.refuse("Eight pages are open.");
  late.expect();
  late.send(call("a", "pause"));
  const real = new Real({});
  late.attach(real);
  late.send(call("b", "stop"));
  assert.deepEqual(real.sent, [call("a", "pause"), call("b", "stop")]);
});

test("another kernel takes the place of one that is gone, with what the page set", async () => {
  const late = new LateModel({ selected: [], importance: {} });
  const messages = heard(late);
  const first = new Real({ selected: [], importance: {} });
  late.attach(first);
  late.set("selected", [3]);
  first.set("importance", { names: ["x"] });
  late.send(call("answered", "details"));
  first.emitted({ type: "answer", id: "answered", result: 1 });
  late.send(call("open", "pause"));
  late.lose();
  await settled();
  assert.deepEqual(
    messages.map(([{ id, error }]) => [id, error]),
    [
      ["answered", undefined],
      ["open", "The kernel ended before it had answered."],
    ],
  );
  assert.deepEqual(late.get("importance"), { names: ["x"] });
  late.send(call("later", "stop"));
  const second = new Real({ selected: [], importance: {} });
  late.attach(second);
  assert.deepEqual(second.get("selected"), [3]);
  assert.deepEqual(second.sent, [call("later", "stop")]);
  first.set("selected", [9]);
  assert.deepEqual(late.get("selected"), [3]);
});

test("a kernel is connecting until it is there, and tells then of its changes", () => {
  const late = new LateKernel();
  let changes = 0;
  late.connectionStatusChanged.connect(() => changes++);
  assert.equal(late.connectionStatus, "connecting");
  const slots: (() => void)[] = [];
  const real = {
    connectionStatus: "connected" as "connected" | "disconnected",
    connectionStatusChanged: { connect: (slot: () => void) => void slots.push(slot) },
    reconnect: async () => {},
  };
  late.attach(real);
  assert.equal(late.connectionStatus, "connected");
  real.connectionStatus = "disconnected";
  slots.forEach((slot) => slot());
  assert.equal(late.connectionStatus, "disconnected");
  assert.equal(changes, 2);
});
