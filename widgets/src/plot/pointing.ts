/** Pointer and keys on a plot: hover, click, drag a region, move from trial to trial. */
import { h } from "../dom.ts";
import type { Source } from "../source.ts";
import { cardOf } from "./card.ts";
import type { Drawing } from "./drawing.ts";

/** The card keeps this far off its point. */
const CARD_OFFSET = 16;
/** A press that moves less than this is a click. */
const CLICK_PIXELS = 4;

interface PlotPoint {
  customdata?: unknown;
  data: { meta?: unknown };
}

interface PlotEvent {
  points: PlotPoint[];
  event: MouseEvent;
  /** Ends of a dragged region along each axis, by the axes' names, `x2`. */
  range?: Record<string, [number, number]>;
}

/** What plotly.js makes of the element that it draws in. */
export interface PlotElement extends HTMLElement {
  on(name: string, listener: (event: PlotEvent | undefined) => void): void;
  layout: Record<string, unknown>;
}

export interface PointingTo {
  figure: HTMLElement;
  source: Source;
  drawing(): Drawing | null;
  /** The pixel of a trial in the figure, for the keyboard. */
  pixel(number: number): { x: number; y: number } | null;
  /** The trial at a pixel of the figure, where the drawing knows it by its place. */
  hit(pixel: { x: number; y: number }): number | null | undefined;
  /** Numbers of the trials in a region, null where plotly.js says it. */
  within(range: Record<string, [number, number]>): number[] | null;
  region(numbers: number[]): void;
  reset(): void;
}

export class Pointing {
  /** Whether a region is being dragged, which drawing would break off. */
  dragging = false;
  private readonly to: PointingTo;
  private readonly card = h("div.hn-card", { hidden: true, role: "status" });
  private readonly release = () => (this.dragging = false);

  constructor(to: PointingTo) {
    this.to = to;
    const { figure } = to;
    figure.append(this.card);
    figure.addEventListener("keydown", (event) => this.key(event));
    figure.addEventListener("focusout", () => this.leave());
    figure.addEventListener("pointerleave", () => this.leave());
    figure.addEventListener("pointermove", (event) => this.move(event));
    figure.addEventListener("pointerdown", (event) => this.press(event));
    // plotly.js misses a second click where the first one, which selects, drew anew.
    const twice = (event: MouseEvent) => event.detail === 2 && to.reset();
    figure.addEventListener("mousedown", twice, { capture: true });
    document.addEventListener("pointerup", this.release, true);
    document.addEventListener("pointercancel", this.release, true);
  }

  /** Listen to a plot, once it is drawn. */
  listen(plot: PlotElement): void {
    plot.on("plotly_hover", (event) => {
      const number = numberOf(event!.points[0]);
      if (number === null) return;
      this.show(number, this.pixelOf(event!.event));
    });
    plot.on("plotly_unhover", () => {
      if (!this.to.drawing()?.hit) this.leave();
    });
    plot.on("plotly_click", (event) => {
      const number = numberOf(event!.points[0]);
      if (number !== null) this.to.source.select([number], { add: event!.event.shiftKey });
    });
    plot.on("plotly_selecting", () => this.leave());
    plot.on("plotly_selected", (event) => {
      this.dragging = false;
      // Clearing the outline says so too, with no range.
      if (!event?.range) return;
      const within = this.to.within(event.range);
      const marked = event.points.map(numberOf).filter((number) => number !== null);
      this.to.region(within ?? [...new Set(marked)].sort((a, b) => a - b));
    });
  }

  close(): void {
    document.removeEventListener("pointerup", this.release, true);
    document.removeEventListener("pointercancel", this.release, true);
  }

  private move(event: PointerEvent): void {
    if (this.dragging) return;
    const pixel = this.pixelOf(event);
    const number = this.to.hit(pixel);
    if (typeof number === "number") this.show(number, pixel);
    else if (number === null) this.leave();
  }

  private press(event: PointerEvent): void {
    this.dragging = true;
    const pixel = this.pixelOf(event);
    const number = this.to.hit(pixel);
    if (typeof number !== "number") return;
    const lift = (up: PointerEvent) => {
      const moved = Math.hypot(up.clientX - event.clientX, up.clientY - event.clientY);
      if (moved < CLICK_PIXELS) this.to.source.select([number], { add: up.shiftKey });
    };
    document.addEventListener("pointerup", lift, { capture: true, once: true });
  }

  private pixelOf({ clientX, clientY }: MouseEvent): { x: number; y: number } {
    const box = this.to.figure.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  }

  private show(number: number, { x, y }: { x: number; y: number }): void {
    const { source, figure } = this.to;
    const row = source.study.row(number);
    if (row === undefined) return;
    source.hover(number);
    const { card } = this;
    card.replaceChildren(...cardOf(source, row));
    card.hidden = false;
    const right = x + CARD_OFFSET + card.offsetWidth <= figure.clientWidth;
    const left = right ? x + CARD_OFFSET : Math.max(0, x - CARD_OFFSET - card.offsetWidth);
    const top = Math.min(y + CARD_OFFSET, figure.clientHeight - card.offsetHeight);
    card.style.transform = `translate(${left}px, ${Math.max(-CARD_OFFSET, top)}px)`;
  }

  private leave(): void {
    this.card.hidden = true;
    this.to.source.hover(null);
  }

  private key(event: KeyboardEvent): void {
    const { source } = this.to;
    const numbers = this.to.drawing()?.numbers;
    if (event.key === "Escape") {
      this.leave();
      source.select([]);
    } else if ((event.key === " " || event.key === "Enter") && source.hovered !== null) {
      source.select([source.hovered], { add: event.shiftKey });
    } else if (numbers?.length) {
      const last = numbers.length - 1;
      const current = source.hovered ?? source.selected.at(-1);
      const known = current === undefined ? -1 : Array.prototype.indexOf.call(numbers, current);
      const at = {
        ArrowRight: known + 1,
        ArrowDown: known + 1,
        ArrowLeft: known < 0 ? last : known - 1,
        ArrowUp: known < 0 ? last : known - 1,
        Home: 0,
        End: last,
      }[event.key];
      if (at === undefined) return;
      const number = numbers[Math.min(last, Math.max(0, at))];
      const pixel = this.to.pixel(number);
      if (pixel) this.show(number, pixel);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** The trial of a point. */
function numberOf(point: PlotPoint): number | null {
  if (typeof point.customdata === "number") return point.customdata;
  return typeof point.data.meta === "number" ? point.data.meta : null;
}
