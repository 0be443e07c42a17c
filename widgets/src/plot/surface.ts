/** What a plot is drawn on: plotly.js, and a canvas within it for what is too much for that. */
import { h } from "../dom.ts";
import { Cloud, withoutCloud } from "./cloud.ts";
import type { Axis, Place, Shape, Trace } from "./drawing.ts";
import { imageOf, type ImageFormat, type Plotly } from "./images.ts";
import { newTicks, ownTicks } from "./log_axes.ts";
import { pixelOf, placeAt } from "./pixels.ts";
import type { PlotElement } from "./pointing.ts";
import { CONFIG, type Size } from "./template.ts";
import type { Theme } from "./theme.ts";

interface Pixel {
  x: number;
  y: number;
}

export class Surface {
  readonly element = h("div.hn-plot-canvas") as unknown as PlotElement;
  private readonly cloud = new Cloud();
  private readonly first: (element: PlotElement) => void;
  private readonly zoomed: (xaxis: Axis) => void;
  private plotly: Plotly | null = null;
  private traces: readonly Trace[] = [];
  private size: Size = { width: 0, height: 0 };
  private ticked: string[] = [];
  private isDrawn = false;

  /**
   * `first` is called with the first drawing, from which on the element has events; `zoomed` where
   * another part of the axes is looked at.
   */
  constructor(first: (element: PlotElement) => void, zoomed: (xaxis: Axis) => void) {
    this.first = first;
    this.zoomed = zoomed;
  }

  get ready(): boolean {
    return this.plotly !== null;
  }

  /** Whether anything was drawn. */
  get drawn(): boolean {
    return this.isDrawn;
  }

  async load(engine: () => Promise<unknown>): Promise<void> {
    this.plotly ??= ((await engine()) as { default: Plotly }).default;
  }

  async draw(traces: readonly Trace[], layout: Record<string, unknown>, size: Size): Promise<void> {
    this.traces = traces;
    this.size = size;
    this.ticked = ownTicks(layout);
    for (const [name, ticks] of newTicks(layout, this.ticked, size))
      Object.assign(layout[name] as Axis, ticks);
    await this.plotly!.react(
      this.element as never,
      withoutCloud(traces) as never,
      layout as never,
      CONFIG as never,
    );
    // Over marks and grid, under notes and what lights trials up.
    this.element.querySelector(".gl-container")!.append(this.cloud.canvas);
    this.cloud.set(traces);
    this.drawCloud();
    // A zoom outlasts the drawing.
    this.tick();
    if (this.isDrawn) return;
    this.isDrawn = true;
    this.element.on("plotly_relayout", (event) => {
      // Shapes that light trials up are laid out too, and move nothing.
      if (!Object.keys(event ?? {}).some((key) => key.includes("axis"))) return;
      this.drawCloud();
      this.tick();
      this.zoomed(this.element.layout.xaxis as Axis);
    });
    this.first(this.element);
  }

  /** Draw other shapes over what is there. */
  light(shapes: Shape[]): void {
    void this.plotly!.relayout(this.element as never, { shapes } as never);
  }

  pixelOf(place: Place): Pixel {
    return pixelOf(place, this.element.layout, this.size);
  }

  placeAt(pixel: Pixel): Place {
    return placeAt(pixel, this.element.layout, this.size);
  }

  /** The trial at a pixel, undefined where plotly.js says it. */
  nearest(pixel: Pixel): number | null | undefined {
    return this.cloud.active ? this.cloud.nearest(pixel) : undefined;
  }

  /** Numbers of the trials in a region, null where plotly.js says it. */
  within(range: Record<string, [number, number]>): number[] | null {
    return this.cloud.active ? this.cloud.within(range) : null;
  }

  image(format: ImageFormat, heading: string, theme: Theme): Promise<Blob> {
    const { size, element } = this;
    return imageOf(this.plotly!, this.traces, element.layout, { format, heading, theme, size });
  }

  close(): void {
    this.plotly?.purge(this.element as never);
  }

  /** Give logarithmic axes the ticks of what is looked at. */
  private tick(): void {
    const changes: Record<string, unknown> = {};
    for (const [axis, ticks] of newTicks(this.element.layout, this.ticked, this.size))
      for (const [name, value] of Object.entries(ticks)) changes[`${axis}.${name}`] = value;
    if (Object.keys(changes).length)
      void this.plotly!.relayout(this.element as never, changes as never);
  }

  private drawCloud(): void {
    this.cloud.draw(this.element.layout, this.size);
  }
}
