/** Learning curves: what trials reported step by step. */
import { curvesOf } from "../plot/curves.ts";
import { drawCurves } from "../plot/curves_drawing.ts";
import { PlotPanel } from "../plot/panel.ts";
import { plotOption } from "../plot/options.ts";
import type { ViewContext } from "../view.ts";

const HEIGHT = 284;

export function curves(context: ViewContext): () => void {
  const { source, study } = context;
  const axis = plotOption(context, "axis", "Along", { step: "Step", time: "Time" }, () =>
    panel.redraw(),
  );
  const panel: PlotPanel = new PlotPanel(context, {
    heading: "Learning curves",
    testid: "learning-curves",
    height: () => HEIGHT,
    controls: [axis.element],
    draw: (theme, size) =>
      drawCurves(
        curvesOf(study),
        study,
        { axis: axis.value },
        {
          theme,
          size,
          selected: source.selected,
          now: Date.now() / 1000,
        },
      ),
  });
  return () => {
    axis.close();
    panel.close();
  };
}
