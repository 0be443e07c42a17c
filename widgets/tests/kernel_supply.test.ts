import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import type { Refusal } from "../src/page.ts";
import { gone, KernelSupply } from "../src/site/kernel_supply.ts";

const QUICK = [20, 40];
const NEVER = [60_000];

/** A server that answers with what is in its turn, the last answer for good. */
async function serving(t: TestContext, ...answers: [number, string][]) {
  return servingAt(0, t, ...answers);
}

async function servingAt(port: number, t: TestContext, ...answers: [number, string][]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.method!);
    const [status, body] = answers.length > 1 ? answers.shift()! : answers[0];
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  t.after(close);
  return {
    close,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
  };
}

/** What says whether somebody sees the page. */
class Seen extends EventTarget {
  hidden = false;
  show(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

function supply(address: string, backOff: number[], seen = new Seen()) {
  const taken: string[] = [];
  const refusals: Refusal[] = [];
  const take = async (html: string) => {
    taken.push(html);
    if (html === "unusable") throw new Error("of the test");
  };
  const made = new KernelSupply(
    address,
    take,
    (each) => refusals.push(each),
    backOff,
    seen as never,
  );
  return { made, taken, refusals };
}

const said = (refusals: Refusal[]) => refusals.map(({ reason }) => reason);
const settled = (ms = 50) => new Promise((resolve) => setTimeout(resolve, ms));

test("a kernel that is refused is asked for again, and it is said why and when", async (t) => {
  const full: [number, string] = [503, JSON.stringify({ error: "3 pages are open." })];
  const { address, asked } = await serving(t, full, full, [200, "unusable"], [200, "kernel"]);
  const { made, taken, refusals } = supply(address, QUICK);
  const before = Date.now();
  await made.request();
  assert.deepEqual(taken, ["unusable", "kernel"]);
  assert.deepEqual(asked, Array(4).fill("POST"));
  assert.deepEqual(said(refusals), ["3 pages are open.", "3 pages are open.", "of the test"]);
  assert.ok(refusals[0].retryAt!.getTime() >= before + QUICK[0]);
  assert.ok(Date.now() - before >= 20 + 40 + 40);
});

test("who was refused with the page waits first; a server that is away is no end", async (t) => {
  const { address, asked } = await serving(t, [200, "kernel"]);
  const { made, taken, refusals } = supply(address, QUICK);
  void made.request("3 pages are open.");
  await settled(5);
  assert.deepEqual([asked.length, said(refusals)], [0, ["3 pages are open."]]);
  await settled(100);
  assert.deepEqual(taken, ["kernel"]);
  const ended = await serving(t, [200, ""]);
  ended.close();
  const away = supply(ended.address, NEVER);
  const got = away.made.request();
  await settled();
  assert.deepEqual(said(away.refusals), ["The server does not answer."]);
  await servingAt(Number(new URL(ended.address).port), t, [200, "kernel"]);
  away.refusals[0].tryNow();
  await got;
  assert.deepEqual(away.taken, ["kernel"]);
});

test("a page that nobody sees waits until somebody does, and asks then", async (t) => {
  const { address, asked } = await serving(t, [503, "{}"], [200, "kernel"]);
  const seen = new Seen();
  seen.show(true);
  const { made, taken } = supply(address, NEVER, seen);
  void made.request();
  void made.request(); // that is the same
  await settled();
  assert.equal(asked.length, 0);
  seen.show(false);
  await settled();
  assert.equal(asked.length, 1);
  seen.show(true);
  await settled();
  assert.equal(asked.length, 1);
  seen.show(false);
  await settled();
  assert.deepEqual(taken, ["kernel"]);
});

test("a kernel is gone when the server does not know it, not while its connection is broken", async (t) => {
  const { address, asked } = await serving(t, [200, ""], [404, ""]);
  const slots: (() => void)[] = [];
  const kernel = {
    connectionStatus: "connecting" as "connecting" | "connected" | "disconnected",
    connectionStatusChanged: { connect: (slot: () => void) => void slots.push(slot) },
    reconnect: async () => {},
  };
  const become = (status: typeof kernel.connectionStatus) => {
    kernel.connectionStatus = status;
    slots.forEach((slot) => slot());
  };
  let isGone = false;
  void gone(kernel, address, NEVER, new Seen() as never).then(() => (isGone = true));
  await settled();
  become("connected");
  await settled();
  assert.deepEqual([asked.length, isGone], [1, false]);
  become("connecting");
  await settled();
  assert.deepEqual([asked.length, isGone], [2, true]);
});
