import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "node:test";
import { KernelLink } from "../src/link.ts";
import { LateModel } from "../src/site/late_model.ts";

class Link extends KernelLink {
  get running(): boolean {
    return false;
  }

  protected override listen(): void {}
}

test("the kernel is busy until the last call that waited for long has its answer", async () => {
  const answers: (() => void)[] = [];
  const answer = () => new Promise<void>((resolve) => answers.push(resolve));
  const link = new Link(new LateModel({ trouble: "" }, { answers: { work: answer } }), null);
  const [first, second] = [link.call("work"), link.call("work")];
  assert.equal(link.busy, false);
  while (!link.busy) await wait(50);
  await wait(50);
  answers[0]();
  await first;
  assert.equal(link.busy, true);
  answers[1]();
  await second;
  assert.equal(link.busy, false);
});
