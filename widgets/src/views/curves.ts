/** Learning curves: what trials reported step by step. */
import { chosenCurves, curvesOf } from "../plot/curves.ts";
import { MOST_CURVES } from "../plot/curve_lines.ts";
import { drawCurves } from "../plot/curves_drawing.ts";
import { PlotPanel } from "../plot/panel.ts";
import { plotOption } from "../plot/options.ts";
import { ReportAxes } from "../plot/report_axes.ts";
import type { Size } from "../plot/template.ts";
import type { Theme } from "../plot/theme.ts";
import type { ViewContext } from "../view.ts";

const HEIGHT = 284;
const AXES = { step: "Step", epoch: "Epoch", tokens: "Tokens", time: "Time" };
/** The series that an axis is made of. */
const NAMES = { step: null, epoch: "epoch", tokens: "tokens", time: "seconds" } as const;

export function curves(context: ViewContext): () => void {
  const { source, study } = context;
  const axis = plotOption(context, "axis", "Along", AXES, () => panel.redraw());
  const axes = new ReportAxes(source, () => panel.redraw());
  const draw = (theme: Theme, size: Size) => {
    const info = curvesOf(study);
    const places = NAMES[axis.value];
    const drawing = drawCurves(
      info,
      study,
      {
        axis: axis.value,
        ...(places ? { places: (number: number) => axes.places(number, places) } : {}),
      },
      { theme, size, selected: source.selected, now: Date.now() / 1000 },
    );
    // One trial tells which axes there are.
    const one = info.best ?? info.curves.at(-1)?.number;
    const wanted = places ? chosenCurves(info, source.selected, MOST_CURVES) : [];
    void axes.want(places ? wanted.map(({ number }) => number) : one === undefined ? [] : [one]);
    axis.offer(new Set([...axes.offered, "step", "time"] as (keyof typeof AXES)[]));
    return drawing;
  };
  const panel: PlotPanel = new PlotPanel(context, {
    heading: "Learning curves",
    testid: "learning-curves",
    height: () => HEIGHT,
    controls: [axis.element],
    draw,
  });
  return () => {
    axis.close();
    panel.close();
  };
}
