/** The names of a timeline's lanes, and what runs in each, in the room on its left. */
import { CODE, type Study } from "../study.ts";
import type { Annotation } from "./drawing.ts";
import { escaped } from "./template.ts";
import type { Theme } from "./theme.ts";
import type { Timeline } from "./timeline.ts";

const NAME_PIXELS = 7;
const LONGEST_NAME = 18;
const STATE_PIXELS = 120;
/** What runs is said where the plot is this wide. */
const WIDE = 640;

export class LaneNames {
  /** Pixels that the names and what runs take. */
  readonly width: number;
  private readonly info: Timeline;
  private readonly study: Study;
  private readonly states: boolean;
  private readonly nameWidth: number;

  constructor(info: Timeline, study: Study, plotWidth: number) {
    this.info = info;
    this.study = study;
    this.states = plotWidth >= WIDE && info.status.includes(CODE.running);
    const longest = info.lanes.reduce((most, _, lane) => Math.max(most, this.name(lane).length), 4);
    this.nameWidth = longest * NAME_PIXELS + 12;
    this.width = this.nameWidth + (this.states ? STATE_PIXELS : 0);
  }

  /** The texts, as many as there is room for; `lanePixel` is a pixel's height in lanes. */
  annotations(lanePixel: number, { colors }: Theme): Annotation[] {
    const { info } = this;
    const every = Math.ceil(14 * lanePixel);
    const textAt = (text: string, lane: number, left: number, color: string): Annotation => ({
      text,
      xref: "paper",
      x: 0,
      xanchor: "left",
      xshift: left - this.width,
      y: lane,
      yanchor: "middle",
      showarrow: false,
      font: { color },
    });
    const running = new Map<number, number>();
    info.status.forEach((status, bar) => {
      if (status === CODE.running) running.set(info.lane[bar], info.number[bar]);
    });
    const notes: Annotation[] = [];
    for (let lane = 0; lane < info.lanes.length; lane += every) {
      notes.push(textAt(escaped(this.name(lane)), lane, 0, colors.ink));
      const number = running.get(lane);
      if (number === undefined || !this.states) continue;
      const step = this.study.lastStep.at(this.study.row(number)!);
      const state = step < 0 ? `trial ${number}` : `trial ${number}, step ${step}`;
      notes.push(textAt(state, lane, this.nameWidth, colors["ink-2"]));
    }
    return notes;
  }

  private name(lane: number): string {
    const name = this.info.lanes[lane] ?? "worker unknown";
    return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
  }
}
