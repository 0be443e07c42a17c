import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { Feed, type FeedTimes } from "../src/site/feed.ts";

const QUICK: FeedTimes = { least: 5, backOff: [20, 40], patience: 1000, hidden: 30 };
const REVISION = "X-HighNoon-Revision";

/** A server that lists what was asked of it, and answers with what is in its turn. */
class Told {
  readonly asked: string[] = [];
  private readonly answers: ((response: ServerResponse) => void)[] = [];
  private readonly waiting: ServerResponse[] = [];
  private server: Server;
  port = 0;

  constructor() {
    this.server = createServer((request, response) => this.take(request, response));
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Whether at most one request waits. */
  get isIdle(): boolean {
    return this.waiting.length <= 1;
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async openAgain(): Promise<void> {
    this.server = createServer((request, response) => this.take(request, response));
    await this.open();
  }

  answer(status: number, body = "", revision?: string): void {
    const answer = (response: ServerResponse) => {
      if (revision) response.setHeader(REVISION, revision);
      response.statusCode = status;
      response.end(body);
    };
    const waiting = this.waiting.shift();
    if (waiting) answer(waiting);
    else this.answers.push(answer);
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    this.asked.push(request.url!);
    const answer = this.answers.shift();
    if (answer) answer(response);
    else this.waiting.push(response);
    response.on("close", () => this.waiting.splice(this.waiting.indexOf(response) >>> 0, 1));
  }
}

async function following(context: TestContext, seen: Document | null = null) {
  const server = new Told();
  await server.open();
  const got: string[] = [];
  const feed = new Feed(
    `http://127.0.0.1:${server.port}/changes`,
    async (response) => void got.push(await response.text()),
    QUICK,
    seen,
  );
  context.after(async () => {
    feed.stop();
    await server.close();
  });
  return { server, feed, got };
}

async function until(is: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 5000;
  while (!is()) {
    if (Date.now() > end) assert.fail(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("the whole is asked for first, then what came after it", async (context) => {
  const { server, feed, got } = await following(context);
  server.answer(200, "whole", "e-1");
  server.answer(200, "more", "e-2");
  server.answer(204);
  feed.start();
  await until(() => server.asked.length === 4, "a fourth request");
  assert.deepEqual(got, ["whole", "more"]);
  assert.deepEqual(server.asked, [
    "/changes?wait=0",
    "/changes?after=e-1",
    "/changes?after=e-2",
    "/changes?after=e-2",
  ]);
  assert.equal(feed.trouble, null);
});

test("a server that is gone is tried again, and resumed where it was", async (context) => {
  const { server, feed, got } = await following(context);
  server.answer(200, "whole", "e-7");
  feed.start();
  await until(() => server.asked.length === 2, "the long poll");
  await server.close();
  await until(() => feed.trouble !== null, "trouble");
  assert.equal(feed.trouble!.kind, "server");
  assert.ok(feed.trouble!.retryAt! > new Date(Date.now() - 1000));
  await server.openAgain();
  server.answer(200, "later", "e-9");
  await until(() => got.length === 2, "what came meanwhile");
  assert.equal(feed.trouble, null);
  assert.equal(server.asked.at(2), "/changes?after=e-7");
});

test("the server's sentence is kept, and the study asked for anew when it is back", async (context) => {
  const { server, feed, got } = await following(context);
  server.answer(200, "whole", "e-1");
  server.answer(503, JSON.stringify({ error: "team-pg does not answer." }));
  feed.start();
  await until(() => feed.trouble !== null, "trouble");
  assert.deepEqual(
    [feed.trouble!.kind, feed.trouble!.text],
    ["storage", "team-pg does not answer."],
  );
  server.answer(404, JSON.stringify({ error: "The study was deleted." }));
  await until(() => feed.trouble?.kind === "gone", "gone");
  server.answer(200, "new", "e-2");
  await until(() => got.length === 2, "the new one");
  assert.equal(server.asked.at(3), "/changes?wait=0");
});

test("who is logged out is told so, and the server is left in peace", async (context) => {
  const { server, feed } = await following(context);
  server.answer(401, JSON.stringify({ error: "This server needs its token." }));
  feed.start();
  await until(() => feed.trouble !== null, "trouble");
  assert.deepEqual([feed.trouble!.kind, feed.trouble!.retryAt], ["login", null]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(server.asked.length, 1);
});

test("the whole is asked for again where a change is missing", async (context) => {
  const { server, feed, got } = await following(context);
  server.answer(200, "whole", "e-1");
  feed.start();
  await until(() => server.asked.length === 2, "the long poll");
  feed.restart();
  await until(() => server.asked.length === 3, "another request");
  await until(() => server.isIdle, "the end of the first");
  server.answer(200, "whole again", "e-5");
  await until(() => got.length === 2, "the whole again");
  assert.equal(server.asked.at(2), "/changes?wait=0");
});

test("a page that is hidden for long stops asking, and catches up when it is seen", async (context) => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const show = (hidden: boolean) => {
    page.hidden = hidden;
    page.dispatchEvent(new Event("visibilitychange"));
  };
  const { server, feed, got } = await following(context, page as unknown as Document);
  server.answer(200, "whole", "e-1");
  feed.start();
  await until(() => server.asked.length === 2, "the long poll");
  show(true);
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(server.asked.length, 2);
  server.answer(200, "meanwhile", "e-4");
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual(got, ["whole"]);
  show(false);
  await until(() => got.length === 2, "what came meanwhile");
  assert.equal(server.asked.at(2), "/changes?after=e-1");
  assert.equal(feed.trouble, null);
});
