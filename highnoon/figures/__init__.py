"""Plots of a study as plotly figures: what `highnoon.hpo.plotdata` computes, drawn.

Needs plotly, which is imported with the first figure; `HPOTrialManager.plot_history` and its like
draw the study at hand.
"""

import importlib
from typing import TYPE_CHECKING, Any

from highnoon.hpo._requirements import require

__all__ = [
    "Figure",
    "contour_figure",
    "curves_figure",
    "edf_figure",
    "history_figure",
    "importance_figure",
    "parallel_figure",
    "rank_figure",
    "slices_figure",
    "timeline_figure",
]

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from highnoon.figures.contour import contour_figure, rank_figure
    from highnoon.figures.curves import curves_figure
    from highnoon.figures.edf import edf_figure
    from highnoon.figures.history import history_figure
    from highnoon.figures.importance import importance_figure
    from highnoon.figures.parallel import parallel_figure
    from highnoon.figures.slices import slices_figure
    from highnoon.figures.timeline import timeline_figure

_HOMES = {
    "Figure": "plotly.graph_objects",
    "contour_figure": "highnoon.figures.contour",
    "curves_figure": "highnoon.figures.curves",
    "edf_figure": "highnoon.figures.edf",
    "history_figure": "highnoon.figures.history",
    "importance_figure": "highnoon.figures.importance",
    "parallel_figure": "highnoon.figures.parallel",
    "rank_figure": "highnoon.figures.contour",
    "slices_figure": "highnoon.figures.slices",
    "timeline_figure": "highnoon.figures.timeline",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used.

    Raises:
        MissingDependencyError: plotly is not installed.
    """
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require("plotly", "Drawing a figure")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value
