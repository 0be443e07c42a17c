/** The distribution of values: which share of the trials is at least as low as a value. */
import { metricName } from "../derived.ts";
import { drawEdf } from "../plot/edf_drawing.ts";
import { edfOf } from "../plot/edf.ts";
import { plotOption } from "../plot/options.ts";
import { PlotPanel } from "../plot/panel.ts";
import type { ViewContext } from "../view.ts";

const HEIGHT = 240;

export function edf(context: ViewContext): () => void {
  const { study } = context;
  const scale = plotOption(context, "scale", "Scale", { linear: "Linear", log: "Log" }, () =>
    panel.redraw(),
  );
  const panel: PlotPanel = new PlotPanel(context, {
    heading: "Distribution of values",
    testid: "edf",
    height: () => HEIGHT,
    controls: [scale.element],
    drag: "zoom",
    draw: (theme, size) =>
      drawEdf(edfOf(study), study, scale.value, metricName(study), { theme, size }),
  });
  return () => {
    scale.close();
    panel.close();
  };
}
