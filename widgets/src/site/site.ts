/** The pages of the WebUI: takes over what the server drew, and follows it by HTTP. */
import { keepKeys } from "../keys.ts";
import type { Core, Kernel } from "../page.ts";
import { Addresses, readBoot, type Boot } from "./boot.ts";
import { browserPage } from "./browser_page.ts";
import { calm, firstAction } from "./calm.ts";
import { comparePage } from "./compare_page.ts";
import { gone, KernelSupply, takenOrGone } from "./kernel_supply.ts";
import { Page } from "./page.ts";
import { studyPage } from "./study_page.ts";
import { startVoila } from "./voila.ts";

const PAGES: Record<Boot["page"], (page: Page) => void> = {
  browser: browserPage,
  study: studyPage,
  compare: comparePage,
};

const boot = readBoot();
const page = new Page(boot, new Addresses(boot), document.getElementById("highnoon")!);

const supply = new KernelSupply(`${boot.base}/kernel`, start, (refusal) => page.refuse(refusal));
/** The kernel whose page was taken last. */
let taken: string | undefined;

(globalThis.highnoon ??= {}).page = Promise.resolve<Core>({
  render: async (model) => {
    const kernel = await page.take(model);
    taken = kernel.id;
    void replace(kernel);
    return () => {};
  },
});
keepKeys();
if (boot.refused) page.refuse({ reason: boot.refused, retryAt: null, tryNow: () => {} });
PAGES[boot.page](page);
if (boot.kernel) void getKernel();

/** When the page was being left last. */
let left = -Infinity;
addEventListener("beforeunload", () => (left = performance.now()));
const LEAVING_MS = 10_000;

async function start(html: string): Promise<void> {
  void expectKernel(await startVoila(html));
}

/** Get another kernel where one is gone before Voilà has found it. */
async function expectKernel(id: string): Promise<void> {
  if (!(await takenOrGone(() => taken === id, addressOf(id)))) await supply.request();
}

function addressOf(kernel: string | undefined): string {
  return `${boot.base}/api/kernels/${kernel}`;
}

/** Get another kernel when one is gone; who leaves the page ends it, and may stay all the same. */
async function replace(kernel: Kernel): Promise<void> {
  await gone(kernel, addressOf(kernel.id));
  page.lose();
  if (performance.now() - left < LEAVING_MS)
    await new Promise((resolve) => setTimeout(resolve, LEAVING_MS));
  await supply.request();
}

/** What draws the page comes first. */
async function getKernel(): Promise<void> {
  if (!boot.refused) await Promise.race([firstAction(), page.drawn.then(calm)]);
  await supply.request(boot.refused);
}
