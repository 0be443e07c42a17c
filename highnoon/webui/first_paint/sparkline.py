"""A trial's reports as a line of a few pixels, as `widgets/src/table/sparkline.ts` draws it."""

import math
from typing import TYPE_CHECKING

import numpy as np

from highnoon.webui.first_paint.markup import Markup, svg

if TYPE_CHECKING:
    from highnoon.webui.first_paint.shown import Shown

__all__ = ["curve_cell"]

_WIDTH, _HEIGHT, _MARGIN = 56, 20, 3


def curve_cell(shown: "Shown", row: int) -> Markup:
    """Return the reports of a trial; the best one's span is the least that the height spans."""
    kind = "best" if row == shown.best else shown.status(row)
    attributes = {
        "class": f"hn-spark hn-mark-{kind}",
        "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
        "aria-hidden": "true",
    }
    steps, values = shown.curve(row)
    if not len(steps):
        return svg("svg", attributes)
    low, high = float(values.min()), float(values.max())
    span = max(high - low, shown.best_span)
    last = max(1, shown.last_step - int(steps[0]), int(steps[-1] - steps[0]))
    top = low + span if shown.study.direction == "maximize" else high
    x = _MARGIN + (steps - steps[0]) / last * (_WIDTH - 2 * _MARGIN)
    share = (top - values) / span if span > 0 else np.full(len(values), 0.5)
    y = _MARGIN + share * (_HEIGHT - 2 * _MARGIN)
    shapes = [svg("circle", {"cx": f"{x[-1]:.4g}", "cy": f"{y[-1]:.4g}", "r": 1.5})]
    if len(x) > 1:
        kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _WIDTH)).round().astype(int))
        points = " ".join(f"{x[i]:.1f},{y[i]:.1f}" for i in kept if math.isfinite(y[i]))
        shapes.insert(0, svg("polyline", {"points": points}))
    return svg("svg", attributes, *shapes)
