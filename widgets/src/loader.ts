/**
 * What each widget has in its state: takes the core that the page has, else the one that the
 * kernel's Engines model holds, else asks for it, and lets it draw.
 */
import type { Core, EnginesModel, WidgetModel } from "./page.ts";

async function load(engines: EnginesModel, name: string): Promise<unknown> {
  const hash = engines.get("hashes")[name];
  const page = (globalThis.highnoon ??= {});
  return (page[hash] ??= code(engines, name).then((bytes) => {
    const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
    return import(url).finally(() => URL.revokeObjectURL(url));
  }));
}

function code(engines: EnginesModel, name: string): Promise<BlobPart> {
  const there = engines.get("bundles")[name];
  if (there) return Promise.resolve(there);
  return new Promise((resolve) => {
    const take = (content: { type: string; name: string }, buffers: DataView<ArrayBuffer>[]) => {
      if (content.type !== "bundle" || content.name !== name) return;
      engines.off("msg:custom", take);
      resolve(buffers[0]);
    };
    engines.on("msg:custom", take);
    engines.send({ type: "wanted", name });
  });
}

const widget = {
  async render({ model, el }: { model: WidgetModel; el: HTMLElement }) {
    const page = (await globalThis.highnoon?.page) as Core | undefined;
    if (page) return page.render(model, el, () => Promise.reject());
    const engines = (await model.widget_manager.get_model(model.get("_engines"))) as EnginesModel;
    const core = (await load(engines, "core")) as Core;
    return core.render(model, el, (name) => load(engines, name));
  },
};

export default widget;
