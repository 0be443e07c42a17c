/** The best configuration to paste or keep, and all trials as a table. */
import { copyText } from "../clipboard.ts";
import { h } from "../dom.ts";
import { download, fileName } from "../download.ts";
import { bestText, type Kind } from "../exports.ts";
import { liveness } from "../notices.ts";
import { Said } from "../said.ts";
import type { ViewContext } from "../view.ts";

const KINDS: [Kind, string][] = [
  ["python", "Python"],
  ["json", "JSON"],
  ["yaml", "YAML"],
];

export function exportPanel({ el, source, study }: ViewContext): () => void {
  let kind: Kind = "python";
  const said = new Said();
  const busy = liveness(source);
  const text = h("pre.hn-code.hn-export-text", { tabindex: 0, "aria-label": "Best configuration" });
  const kinds = KINDS.map(([of, word]) => {
    const button = h("button.hn-segment", { type: "button" }, word);
    button.addEventListener("click", () => {
      kind = of;
      draw();
    });
    return button;
  });

  const file = async (
    action: string,
    args: Record<string, unknown>,
    name: string,
    type: string,
  ) => {
    try {
      const bytes = await source.call<DataView<ArrayBuffer>>(action, args);
      const saved = `${fileName(study.state.name)}-${name}`;
      download(new Blob([bytes], { type }), saved);
      said.say(`Saved as ${saved}.`);
    } catch (error) {
      said.fail(error);
    }
  };
  const copy = button("Copy", "primary");
  const downloadJson = button("Download JSON", "", "download-best-json");
  const downloadYaml = button("Download YAML", "", "download-best-yaml");
  const downloadCsv = button("Trials CSV", "", "download-trials-csv");
  copy.addEventListener("click", async () => {
    try {
      await copyText(text.textContent ?? "");
      said.say("Copied.");
    } catch (error) {
      said.fail(error);
    }
  });
  const click = (element: HTMLButtonElement, ...args: Parameters<typeof file>) =>
    element.addEventListener("click", () => void file(...args));
  click(downloadJson, "best_file", { kind: "json" }, "best.json", "application/json");
  click(downloadYaml, "best_file", { kind: "yaml" }, "best.yaml", "application/yaml");
  click(downloadCsv, "trials_csv", {}, "trials.csv", "text/csv");

  const draw = () => {
    kinds.forEach((element, i) =>
      element.setAttribute("aria-pressed", String(KINDS[i][0] === kind)),
    );
    if (!source.ready) return;
    const best = bestText(study, kind);
    const shown = best ?? "No trial completed yet. The best configuration appears here.";
    if (text.textContent !== shown) text.textContent = shown;
    for (const element of [copy, downloadJson, downloadYaml]) element.disabled = best === null;
    downloadCsv.disabled = study.length === 0;
  };
  el.append(
    h(
      "section.hn-panel.hn-export",
      { "data-testid": "export-panel", "aria-label": "Export" },
      h(
        "div.hn-panel-head",
        {},
        h("h3.hn-heading", {}, "Export"),
        busy.passing,
        h("div.hn-segments.hn-push", { role: "group", "aria-label": "Format" }, ...kinds),
      ),
      busy.element,
      text,
      h("div.hn-controls-row", {}, copy, downloadJson, downloadYaml, downloadCsv, said.element),
    ),
  );
  draw();
  const off = [source.changed.on(draw), busy.stop];
  return () => off.forEach((stop) => stop());
}

function button(text: string, kind: "" | "primary", testId?: string): HTMLButtonElement {
  const style = kind ? `.hn-button-${kind}` : "";
  return h(`button.hn-button${style}`, { type: "button", "data-testid": testId }, text);
}
