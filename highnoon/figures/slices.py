"""The value against each parameter."""

import math
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from highnoon.figures.axes import axis_layout, jittered
from highnoon.figures.theme import (
    BEST,
    INK,
    add_key,
    add_titles,
    best_mark,
    new_figure,
    padded,
    say,
    style,
)
from highnoon.figures.values import statuses_in, value_traces

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Slices

__all__ = ["slices_figure"]

_PER_ROW = 4


def slices_figure(info: "Slices", *, metric: str = "value") -> go.Figure:
    """Draw the value against each parameter, on one value axis; a bar is where the ten best lie.

    Args:
        info: What to draw.
        metric: What to call the value.
    """
    ends = info.value_range
    if ends is None or not info.parameters:
        return say(new_figure(), "No trial has a value yet.")
    columns = min(_PER_ROW, len(info.parameters))
    rows = math.ceil(len(info.parameters) / columns)
    figure = make_subplots(
        rows,
        columns,
        shared_yaxes=True,
        subplot_titles=[part.axis.name for part in info.parameters],
        horizontal_spacing=0.12 / columns,
        vertical_spacing=0.24 / rows,
    )
    style(figure, height=80 + 200 * rows, right=16)
    figure.update_annotations(font={"size": 11, "color": INK})
    shown = padded(ends)
    for place, part in enumerate(info.parameters):
        row, column = place // columns + 1, place % columns + 1
        x = jittered(part.axis, part.x, info.number)
        traces = value_traces(
            x.tolist(), np.where(np.isnan(x), np.nan, info.value), info.status, info.number, ends
        )
        best = np.flatnonzero((info.number == info.best) & ~np.isnan(x))
        if len(best):
            traces += best_mark(
                float(x[best[0]]), float(info.value[best[0]]), int(info.number[best[0]])
            )
        if part.top is not None:
            traces.append(_top_bar(part.top, part.top_choices, shown[0]))
        figure.add_traces(traces, rows=row, cols=column)
        figure.update_xaxes(axis_layout(part.axis), row=row, col=column)
    figure.update_yaxes(range=shown)
    add_titles(figure, "", metric)
    key = [(INK, "▬", "range of the 10 best")]
    if info.best is not None:
        key.append((BEST, "◉", "best"))
    add_key(figure, statuses_in(info.status, info.value), *key)
    return figure


def _top_bar(top: tuple[float, float], choices: tuple[int, ...], y: float) -> go.Scatter:
    """Return a bar over a range, or one for each choice."""
    parts = [(code - 0.25, code + 0.25) for code in choices] or [top]
    x = [end for low, high in parts for end in (low, high, None)]
    return go.Scatter(
        x=x,
        y=[None if place is None else y for place in x],
        mode="lines",
        name="range of the 10 best",
        line={"color": INK, "width": 4},
        cliponaxis=False,
        hoverinfo="skip",
    )
