/** Optimization history: every trial's value, and the best so far. */
import { metricName } from "../derived.ts";
import { historyOf } from "../plot/history.ts";
import { drawHistory, type HistoryOptions } from "../plot/history_drawing.ts";
import { PlotPanel } from "../plot/panel.ts";
import { segments } from "../segments.ts";
import type { ViewContext } from "../view.ts";

const HEIGHT = 284;

export function history(context: ViewContext): () => void {
  const { study, model } = context;
  const options: HistoryOptions = { axis: model.get("axis"), scale: model.get("scale") };
  const keep = (name: "axis" | "scale", value: string) => {
    model.set(name, value);
    model.save_changes();
  };
  const axis = segments("Along", { trial: "Trial", time: "Time" }, options.axis, (value) =>
    keep("axis", value),
  );
  const scale = segments("Scale", { linear: "Linear", log: "Log" }, options.scale, (value) =>
    keep("scale", value),
  );
  const panel = new PlotPanel(context, {
    heading: "Optimization history",
    testid: "optimization-history",
    height: HEIGHT,
    controls: [axis.element, scale.element],
    draw: (theme, size) =>
      drawHistory(historyOf(study), study, options, {
        theme,
        size,
        metric: metricName(study),
        now: Date.now() / 1000,
      }),
  });
  const follow = () => {
    options.axis = model.get("axis");
    options.scale = model.get("scale");
    axis.set(options.axis);
    scale.set(options.scale);
    panel.redraw();
  };
  model.on("change:axis change:scale", follow);
  return () => {
    model.off("change:axis change:scale", follow);
    panel.close();
  };
}
