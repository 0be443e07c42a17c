/** The timeline: which worker ran which trial, and when. */
import { plotOption } from "../plot/options.ts";
import { MANY } from "../plot/points.ts";
import { PlotPanel } from "../plot/panel.ts";
import { drawTimeline, timelineHeight } from "../plot/timeline_drawing.ts";
import { timelineOf } from "../plot/timeline.ts";
import type { ViewContext } from "../view.ts";

/** A trial that runs grows by itself. */
const TICK_MS = 5000;

export function timeline(context: ViewContext): () => void {
  const { source, study } = context;
  const by = plotOption(context, "by", "Lanes", { worker: "By worker", trial: "By trial" }, () =>
    panel.redraw(),
  );
  let [info, revision] = [timelineOf(study), study.revision];
  const current = () => {
    if (study.revision !== revision) [info, revision] = [timelineOf(study), study.revision];
    return info;
  };
  const panel: PlotPanel = new PlotPanel(context, {
    heading: "Workers",
    testid: "timeline",
    height: () => timelineHeight(current().lanes.length, by.value),
    drag: "zoom",
    controls: [by.element],
    draw: (theme, size, zoom) =>
      drawTimeline(current(), study, {
        theme,
        size,
        by: by.value,
        selected: source.selected,
        now: Date.now() / 1000,
        zoom,
      }),
  });
  const ticking = setInterval(() => {
    if (study.length < MANY && study.counts().running) panel.redraw();
  }, TICK_MS);
  return () => {
    clearInterval(ticking);
    by.close();
    panel.close();
  };
}
