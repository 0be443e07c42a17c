"""Plots of a study, live: its history, learning curves, workers and values."""

import traitlets

from highnoon_widgets.view import View

__all__ = ["OptimizationHistory"]


class OptimizationHistory(View):
    """Every trial's value, and the best so far.

    Attributes:
        axis: What runs along the x axis: `"trial"` or `"time"`.
        scale: `"linear"` or `"log"`, which takes values above 0.

    Example:
        ```python
        OptimizationHistory(hpo, scale="log")
        ```
    """

    _part = traitlets.Unicode("history").tag(sync=True)
    axis = traitlets.Enum(["trial", "time"], "trial").tag(sync=True)
    scale = traitlets.Enum(["linear", "log"], "linear").tag(sync=True)
