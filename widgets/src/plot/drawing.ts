/** What a view says is to be drawn; the panel draws it. */
import type { Mark } from "../marks.ts";
import type { Theme } from "./theme.ts";

/**
 * A trace of plotly.js. `customdata` (trial numbers, one for each point) or `meta` (the number of
 * the trial that the whole trace shows) says which trial is hovered and clicked.
 */
export type Trace = Record<string, unknown>;
/** A shape of plotly.js's layout. */
export type Shape = Record<string, unknown>;
export type Annotation = Record<string, unknown>;
export type Axis = Record<string, unknown>;

/** An entry of the key above a plot: a line, or marks, and what they mean. */
export interface KeyEntry {
  label: string;
  /** A colour of the theme; the entry is a line of it. */
  line?: keyof Theme["colors"];
  dash?: "solid" | "dash" | "dot";
  width?: number;
  marks?: readonly (Mark | "selected" | "above" | "range")[];
}

/** Pixels between the plot's area and its edges. */
export interface Margin {
  l: number;
  r: number;
  t: number;
  b: number;
}

/** Where a trial is: data coordinates, and its axes where there are several. */
export interface Place {
  x: number;
  y: number;
  xaxis?: string;
  yaxis?: string;
}

export interface Drawing {
  /** Which way of looking it is: a zoom outlasts drawings of the same one. */
  view: string;
  traces: Trace[];
  /** Axes by their names in plotly.js, each with an explicit `range`. */
  axes: Record<string, Axis>;
  /** Margins other than the template's. */
  margin?: Partial<Margin>;
  shapes?: Shape[];
  annotations?: Annotation[];
  key: KeyEntry[];
  /** The sentence that says what the plot shows, for those who do not see it. */
  label: string;
  /** A few words beside the heading. */
  note?: string;
  /** Numbers of the trials that are drawn, in the order in which the arrow keys pass them. */
  numbers: ArrayLike<number>;
  /** Whether selected trials are drawn otherwise than by rings. */
  redrawsSelection?: boolean;
  /** Whether another part of the x axis is drawn otherwise. */
  redrawsZoom?: boolean;
  /** Where a trial is drawn; rings mark it there when it is hovered or selected. */
  places(number: number): Place[];
  /**
   * Shapes of what moves on between drawings, and of trials that changed since this one; null where
   * it takes a new drawing. With it, a trial that arrives costs little however many there are.
   */
  live?(changed: ReadonlySet<number>): Shape[] | null;
  /** Numbers of the trials in a region, where not all have marks; ends by names of axes, `x2`. */
  within?(range: Record<string, [number, number]>): number[];
  /** The trial at a place, where marks do not say it. */
  hit?(place: Place): number | null;
  /** Shapes that light a trial up, where rings do not do. */
  highlight?(number: number): Shape[];
}

/** What stands in a plot's place while there is nothing to draw. */
export interface Message {
  title: string;
  text: string;
}

export const isMessage = (drawn: Drawing | Message): drawn is Message => "title" in drawn;
