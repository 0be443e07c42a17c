/** A plot with its heading, controls, key and menu, drawn by plotly.js when it is in view. */
import { download, fileName } from "../download.ts";
import { h } from "../dom.ts";
import * as format from "../format.ts";
import { menuButton } from "../menu.ts";
import type { Change } from "../study.ts";
import type { ViewContext } from "../view.ts";
import { myTurn } from "../turns.ts";
import { isMessage, type Axis, type Drawing, type KeyEntry, type Message } from "./drawing.ts";
import type { ImageFormat } from "./images.ts";
import { keyOf } from "./key.ts";
import { rangeOf } from "./pixels.ts";
import { MANY } from "./points.ts";
import { Pointing } from "./pointing.ts";
import { MOST_RINGS, ringShapes, selectedTraces } from "./rings.ts";
import { Schedule } from "./schedule.ts";
import { Surface } from "./surface.ts";
import { layoutOf, type Size } from "./template.ts";
import { readTheme, watchTheme, type Theme } from "./theme.ts";

/** More changed trials than this are drawn by a new drawing. */
const MOST_LIVE = 60;

export interface PlotSpec {
  heading: string;
  /** Height of the plot in pixels, asked before it is drawn so that it is reserved. */
  height(): number;
  testid?: string;
  /** Segments and buttons on the right of the heading. */
  controls?: HTMLElement[];
  /**
   * What is to be drawn of the study as it is now, or why there is nothing; `zoom` is the part of
   * the x axis that is looked at, for drawings that go by it, null for all of it.
   */
  draw(theme: Theme, size: Size, zoom: [number, number] | null): Drawing | Message;
  /** What dragging does first; the menu offers the other where it is `"select"`. */
  drag?: "select" | "zoom";
  /** Takes the trials in a dragged region; without it they are selected. */
  region?(numbers: number[]): void;
}

export class PlotPanel {
  readonly element: HTMLElement;
  private readonly context: ViewContext;
  private readonly spec: PlotSpec;
  private readonly note = h("span.hn-caption");
  private readonly key = h("div.hn-key-place");
  private readonly surface = new Surface(
    (element) => this.pointing.listen(element),
    (xaxis) => this.takeZoom(xaxis),
  );
  private readonly message = h("div.hn-plot-message");
  private readonly figure: HTMLElement;
  private readonly pointing: Pointing;
  private readonly schedule: Schedule;
  private readonly undo: (() => void)[] = [];
  private theme: Theme;
  private drawing: Drawing | null = null;
  private shownKey = "";
  private dragmode: "select" | "zoom";
  /** Trials that changed since the last drawing. */
  private readonly changed = new Set<number>();
  /** Whether the selected trials are marked by a trace. */
  private ringed = false;
  private drawn = 0;
  private resets = 0;
  private drawnRange: [number, number] = [0, 0];
  private zoom: { view: string; range: [number, number] } | null = null;

  constructor(context: ViewContext, spec: PlotSpec) {
    const { el, source } = context;
    this.context = context;
    this.spec = spec;
    this.dragmode = spec.drag ?? "select";
    this.figure = h(
      "div.hn-plot-figure",
      {
        tabindex: 0,
        role: "application",
        "aria-roledescription": "plot",
        "aria-label": spec.heading,
      },
      this.surface.element,
      this.message,
    );
    this.figure.style.height = `${spec.height()}px`;
    this.element = h(
      "section.hn-panel.hn-plot",
      { "data-testid": spec.testid, "aria-label": spec.heading },
      h(
        "div.hn-panel-head",
        {},
        h("h3.hn-heading", {}, spec.heading),
        this.note,
        h("span.hn-push"),
        ...(spec.controls ?? []),
        menuButton(`${spec.heading}: more`, () => this.menu()),
      ),
      this.key,
      this.figure,
    );
    el.append(this.element);
    this.theme = readTheme(this.element);
    this.schedule = new Schedule(this.figure, () => this.paint());
    this.pointing = new Pointing({
      figure: this.figure,
      source,
      drawing: () => this.drawing,
      pixel: (number) => this.pixel(number),
      hit: (pixel) => this.hit(pixel),
      within: (range) => this.drawing?.within?.(range) ?? this.surface.within(range),
      region: (numbers) => this.takeRegion(numbers),
      reset: () => this.reset(),
    });
    if (!source.ready) this.say({ title: "", text: "reading the study" });
    this.undo.push(
      source.changed.on((change) => this.take(change)),
      source.selectionChanged.on((selected) => this.takeSelection(selected)),
      source.hoverChanged.on(() => this.light()),
      watchTheme(() => this.recolour()),
      () => this.schedule.close(),
      () => this.pointing.close(),
    );
    this.redraw();
  }

  /** Draw anew with the next frame, since somebody changed how; trials that arrive do it too. */
  redraw(): void {
    this.schedule.now();
  }

  close(): void {
    for (const undo of this.undo) undo();
    this.surface.close();
    this.element.remove();
  }

  /** Draw, and return how long it took, less what was waited for. */
  private async paint(): Promise<number> {
    const { source } = this.context;
    if (!source.ready) return 0;
    const size = this.size();
    this.figure.style.height = `${size.height}px`;
    if (size.width <= 0) return 0;
    if (!this.surface.ready)
      this.say({ title: "", text: `reading ${format.plural(source.study.length, "trial")}` });
    try {
      await this.surface.load(() => source.load("plots"));
    } catch (error) {
      this.say({ title: "The plot cannot be drawn", text: String(error) });
      return 0;
    }
    const isLarge = source.study.length >= MANY;
    if (isLarge) await myTurn();
    const start = performance.now();
    const drawn = this.compute(size);
    this.changed.clear();
    const computed = performance.now() - start;
    if (isLarge) await myTurn();
    if (this.pointing.dragging) {
      this.schedule.soon();
      return computed;
    }
    const shown = performance.now();
    await this.show(drawn, size);
    return computed + performance.now() - shown;
  }

  private compute(size: Size): Drawing | Message {
    const { zoom, theme } = this;
    const drawn = this.spec.draw(theme, size, zoom?.range ?? null);
    if (!zoom || (!isMessage(drawn) && drawn.view === zoom.view)) return drawn;
    this.zoom = null;
    return this.spec.draw(theme, size, null);
  }

  private async show(drawn: Drawing | Message, size: Size): Promise<void> {
    const { source } = this.context;
    this.drawing = isMessage(drawn) ? null : drawn;
    if (isMessage(drawn)) return this.say(drawn);
    this.describe(drawn);
    // A copy: plotly.js writes into the ranges that it was given.
    this.drawnRange = this.zoom?.range ?? rangeOf(drawn.axes.xaxis);
    this.ringed = !drawn.highlight && source.selected.length > MOST_RINGS;
    const traces = !this.ringed
      ? drawn.traces
      : [...drawn.traces, ...selectedTraces(drawn, source.selected, this.theme)];
    const layout = {
      ...layoutOf(drawn, this.theme, size, this.dragmode),
      shapes: this.shapes(),
      uirevision: `${drawn.view} ${this.resets}`,
      selectionrevision: this.drawn++,
    };
    await this.surface.draw(traces, layout, size);
    this.figure.setAttribute("aria-label", drawn.label);
    this.figure.dataset.drawn = String(this.drawn);
  }

  /** Draw anew what goes by the part of the x axis that is looked at. */
  private takeZoom(xaxis: Axis): void {
    if (!this.drawing?.redrawsZoom) return;
    const range = rangeOf(xaxis);
    if (range.every((end, i) => Math.abs(end - this.drawnRange[i]) < 1)) return;
    this.zoom = { view: this.drawing.view, range };
    this.redraw();
  }

  private size(): Size {
    return { width: this.figure.clientWidth, height: this.spec.height() };
  }

  private describe(drawing: Drawing): void {
    this.message.replaceChildren();
    this.surface.element.hidden = false;
    this.note.textContent = drawing.note ?? "";
    this.showKey(drawing.key);
  }

  private say({ title, text }: Message): void {
    this.surface.element.hidden = true;
    this.note.textContent = "";
    this.showKey([]);
    this.figure.setAttribute(
      "aria-label",
      [this.spec.heading, title, text].filter(Boolean).join(". "),
    );
    this.message.replaceChildren(
      ...(title ? [h("b.hn-strong", {}, title)] : []),
      h("span.hn-muted", {}, text),
    );
  }

  private showKey(key: KeyEntry[]): void {
    const text = JSON.stringify(key);
    if (text === this.shownKey) return;
    this.shownKey = text;
    this.key.replaceChildren(...(key.length ? [keyOf(key)] : []));
  }

  private shapes(): Record<string, unknown>[] {
    const drawing = this.drawing!;
    const { selected, hovered } = this.context.source;
    return [
      ...(drawing.shapes ?? []),
      ...(drawing.live?.(this.changed) ?? []),
      ...ringShapes(drawing, selected, hovered, this.theme),
    ];
  }

  /** Draw what changed: a few trials over those that are there, or all anew. */
  private take(change: Change): void {
    const { study } = this.context;
    for (const row of change.rows) this.changed.add(study.number.at(row));
    const few = !change.reset && study.length >= MANY && this.changed.size <= MOST_LIVE;
    if (few && this.surface.drawn && this.drawing?.live?.(this.changed)) {
      this.light();
      this.schedule.later();
    } else this.schedule.soon();
  }

  private takeSelection(selected: readonly number[]): void {
    const few = !this.ringed && selected.length <= MOST_RINGS;
    if (few && this.drawing && !this.drawing.redrawsSelection) this.light();
    else this.redraw();
  }

  /** Draw what lies over the traces: rings, and what is live. */
  private light(): void {
    if (!this.surface.drawn || !this.drawing || this.pointing.dragging) return;
    this.surface.light(this.shapes());
  }

  private recolour(): void {
    const theme = readTheme(this.element);
    if (JSON.stringify(theme) === JSON.stringify(this.theme)) return;
    this.theme = theme;
    this.redraw();
  }

  private pixel(number: number): { x: number; y: number } | null {
    const [place] = this.drawing?.places(number) ?? [];
    return place && this.surface.drawn ? this.surface.pixelOf(place) : null;
  }

  private hit(pixel: { x: number; y: number }): number | null | undefined {
    if (!this.surface.drawn || !this.drawing) return undefined;
    const { hit } = this.drawing;
    return hit ? hit(this.surface.placeAt(pixel)) : this.surface.nearest(pixel);
  }

  private takeRegion(numbers: number[]): void {
    if (this.spec.region) this.spec.region(numbers);
    else this.context.source.select(numbers);
    this.redraw();
  }

  private reset(): void {
    this.resets++;
    this.zoom = null;
    this.redraw();
  }

  private menu() {
    const image = (kind: ImageFormat) => ({
      label: `Download ${kind.toUpperCase()}`,
      act: () => void this.save(kind),
    });
    const selects = this.dragmode === "select";
    return [
      ...(this.drawing ? [image("png"), image("svg")] : []),
      ...(this.spec.drag === "zoom"
        ? []
        : [
            {
              label: selects ? "Drag to zoom" : "Drag to select",
              act: () => {
                this.dragmode = selects ? "zoom" : "select";
                this.redraw();
              },
            },
          ]),
      { label: "Reset the view", act: () => this.reset() },
    ];
  }

  private async save(kind: ImageFormat): Promise<void> {
    const image = await this.surface.image(kind, this.spec.heading, this.theme);
    download(image, `${fileName(this.context.study.state.name, this.spec.heading)}.${kind}`);
  }
}
