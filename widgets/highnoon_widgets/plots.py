"""Plots of a study, live: its history, learning curves, workers and values."""

import traitlets

from highnoon_widgets.view import View

__all__ = ["Edf", "LearningCurves", "OptimizationHistory", "Timeline"]


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


class LearningCurves(View):
    """What trials reported step by step, some 200 of them where there are more.

    The value axis is logarithmic where all that it shows is above 0.

    Attributes:
        axis: What runs along the x axis: `"step"`; `"epoch"` or `"tokens"` of trials that report
            series of that name, as a `Trainer` does; or `"time"` since the trial's start, over
            which reports are spread evenly unless it reports `seconds`.

    Example:
        ```python
        LearningCurves(hpo)
        ```
    """

    _part = traitlets.Unicode("curves").tag(sync=True)
    axis = traitlets.Enum(["step", "epoch", "tokens", "time"], "step").tag(sync=True)


class Edf(View):
    """The share of completed trials at or below each value.

    Attributes:
        scale: `"linear"` or `"log"`, which takes values above 0.

    Example:
        ```python
        Edf(hpo)
        ```
    """

    _part = traitlets.Unicode("edf").tag(sync=True)
    scale = traitlets.Enum(["linear", "log"], "linear").tag(sync=True)


class Timeline(View):
    """Which worker ran which trial, and when, each state in its colour.

    Attributes:
        by: What has a lane: `"worker"` or `"trial"`.

    Example:
        ```python
        Timeline(hpo)
        ```
    """

    _part = traitlets.Unicode("timeline").tag(sync=True)
    by = traitlets.Enum(["worker", "trial"], "worker").tag(sync=True)
