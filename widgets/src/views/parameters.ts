/** How the value depends on the parameters, in four ways, and the space narrowed to what is good. */
import { metricName } from "../derived.ts";
import { h } from "../dom.ts";
import { ForkBar } from "../parameters/fork.ts";
import { drawPair, type Pair } from "../parameters/pairs.ts";
import { drawParallel } from "../parameters/parallel.ts";
import { slicesHeight } from "../parameters/slice_layout.ts";
import { drawSlices } from "../parameters/slices.ts";
import { isMessage, type Drawing, type Message } from "../plot/drawing.ts";
import { plotOption } from "../plot/options.ts";
import { PlotPanel } from "../plot/panel.ts";
import type { ViewContext } from "../view.ts";
import { whileVisible } from "../visible.ts";

const KINDS = { slice: "Slice", contour: "Contour", parallel: "Parallel", rank: "Rank" } as const;
type Kind = keyof typeof KINDS;

const HEIGHTS = { contour: 380, parallel: 340, rank: 380 };
/** Padding and border of the panel, left and right. */
const PANEL = 34;
/** What is reserved for a study that has not arrived. */
const USUAL = { width: 1000, parameters: 8 };

export function parameters(context: ViewContext): () => void {
  const { el, source, study } = context;
  const pair = new PairChoice(context, () => panel.redraw());
  const kind = plotOption<Kind>(context, "kind", "Kind of plot", KINDS, () => {
    pair.draw(kind.value);
    panel.redraw();
  });
  const height = () => {
    if (kind.value !== "slice") return HEIGHTS[kind.value];
    const width = el.clientWidth > PANEL ? el.clientWidth - PANEL : USUAL.width;
    return slicesHeight(width, study.parameters.size || USUAL.parameters);
  };
  const panel: PlotPanel = new PlotPanel(context, {
    heading: "Parameters",
    testid: "parameter-plots",
    height,
    controls: [kind.element],
    draw: (theme, size) => {
      const names = source.parameterOrder;
      let drawn: Drawing | Message;
      switch (kind.value) {
        case "slice":
          drawn = drawSlices(study, names, theme, size);
          break;
        case "parallel":
          drawn = drawParallel(study, names, source.selected, theme, size);
          break;
        default:
          pair.draw(kind.value);
          drawn = drawPair(kind.value, study, pair.value, theme, size);
      }
      return isMessage(drawn) ? drawn : { ...drawn, note: note() };
    },
  });
  const note = () => {
    const order = source.importance?.names.length ? "by importance" : "in the order of the study";
    return kind.value === "slice" ? `${order}; one shared ${metricName(study)} axis` : order;
  };
  const fork = new ForkBar(source);
  panel.element.querySelector(".hn-panel-head")!.after(pair.element);
  panel.element.append(fork.element);
  pair.draw(kind.value);
  const stops = [
    source.changed.on(() => fork.draw()),
    source.selectionChanged.on(() => fork.draw()),
    source.importanceChanged.on(() => {
      fork.draw();
      panel.redraw();
    }),
    whileVisible(el, () => source.watchImportance()),
  ];
  return () => {
    for (const stop of stops) stop();
    pair.close();
    kind.close();
    panel.close();
  };
}

/** Which two parameters are drawn against each other. */
class PairChoice {
  readonly element = h("div.hn-pair", { hidden: true });
  private readonly x = h("select.hn-input", { "aria-label": "Parameter along x" });
  private readonly y = h("select.hn-input", { "aria-label": "Parameter along y" });
  private readonly context: ViewContext;
  private readonly follow: () => void;
  private shown = "";

  constructor(context: ViewContext, changed: () => void) {
    this.context = context;
    const swap = h("button.hn-button", { type: "button" }, "Swap");
    this.element.append(
      h("label", {}, h("span.hn-caption", {}, "x"), this.x),
      h("label", {}, h("span.hn-caption", {}, "y"), this.y),
      swap,
    );
    this.x.addEventListener("change", () => this.choose(this.x.value, this.y.value, "x"));
    this.y.addEventListener("change", () => this.choose(this.x.value, this.y.value, "y"));
    swap.addEventListener("click", () => this.choose(this.y.value, this.x.value, "x"));
    this.follow = () => {
      this.fill();
      changed();
    };
    context.model.on("change:x change:y", this.follow);
  }

  /** The pair: what was chosen, else the two that matter most. */
  get value(): Pair {
    const { source, model } = this.context;
    const names = source.parameterOrder;
    const known = (name: string) => (names.includes(name) ? name : null);
    const [x, y] = [known(model.get("x")), known(model.get("y"))];
    const first = x ?? names.find((name) => name !== y) ?? "";
    return { x: first, y: y ?? names.find((name) => name !== first) ?? "" };
  }

  draw(kind: Kind): void {
    this.element.hidden = kind !== "contour" && kind !== "rank";
    this.fill();
  }

  close(): void {
    this.context.model.off("change:x change:y", this.follow);
  }

  private fill(): void {
    const names = this.context.source.parameterOrder;
    const { x, y } = this.value;
    const key = JSON.stringify([names, x, y]);
    if (key === this.shown) return;
    this.shown = key;
    for (const [select, value] of [
      [this.x, x],
      [this.y, y],
    ] as const) {
      select.replaceChildren(...names.map((name) => h("option", { value: name }, name)));
      select.value = value;
    }
  }

  /** No parameter stands against itself: who chooses the other one's exchanges them. */
  private choose(x: string, y: string, changed: "x" | "y"): void {
    const before = this.value;
    if (x === y && changed === "x") y = before.x;
    else if (x === y) x = before.y;
    const { model } = this.context;
    model.set("x", x);
    model.set("y", y);
    model.save_changes();
  }
}
