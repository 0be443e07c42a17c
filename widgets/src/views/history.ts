/** Optimization history: every trial's value, and the best so far. */
import { metricName } from "../derived.ts";
import { historyOf } from "../plot/history.ts";
import { drawHistory } from "../plot/history_drawing.ts";
import { plotOption } from "../plot/options.ts";
import { PlotPanel } from "../plot/panel.ts";
import type { ViewContext } from "../view.ts";

const HEIGHT = 284;

export function history(context: ViewContext): () => void {
  const { study } = context;
  const redraw = () => panel.redraw();
  const axis = plotOption(context, "axis", "Along", { trial: "Trial", time: "Time" }, redraw);
  const scale = plotOption(context, "scale", "Scale", { linear: "Linear", log: "Log" }, redraw);
  const panel: PlotPanel = new PlotPanel(context, {
    heading: "Optimization history",
    testid: "optimization-history",
    height: () => HEIGHT,
    controls: [axis.element, scale.element],
    draw: (theme, size) =>
      drawHistory(
        historyOf(study),
        study,
        { axis: axis.value, scale: scale.value },
        { theme, size, metric: metricName(study), now: Date.now() / 1000 },
      ),
  });
  return () => {
    axis.close();
    scale.close();
    panel.close();
  };
}
