"""All parameters side by side."""

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from highnoon.figures.axes import words_of
from highnoon.figures.theme import (
    BEST,
    EDGE,
    INK,
    MARKS,
    add_key,
    faded,
    new_figure,
    say,
    scatter_of,
)

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Axis, Parallel

__all__ = ["parallel_figure"]

_COLOUR = MARKS["completed"].colour


def parallel_figure(info: "Parallel", *, metric: str = "value") -> go.Figure:
    """Draw a line for each completed trial through its value and its parameters.

    Args:
        info: What to draw.
        metric: What to call the value, which is the first axis.
    """
    figure = new_figure(right=48)
    if not len(info.number) or not info.axes:
        return say(figure, "No completed trials yet.")
    low, high = float(info.value.min()), float(info.value.max())
    first = np.full(len(info.value), 0.5) if low == high else (info.value - low) / (high - low)
    places = np.column_stack([first, info.places])
    for rows, name, colour, width in (
        (slice(10, None), "others", faded(_COLOUR, 0.2), 1),
        (slice(1, 10), "the 10 best", faded(_COLOUR, 0.85), 1.25),
        (slice(0, 1), "best", BEST, 2),
    ):
        if len(info.number[rows]):
            figure.add_trace(_lines(places[rows], info.number[rows], name, colour, width))
    for place in range(places.shape[1]):
        figure.add_vline(x=place, line={"color": EDGE, "width": 1}, layer="below")
    for y, text in ((0.0, f"{low:.5g}"), (1.0, f"{high:.5g}")):
        _add_tick(figure, 0, y, text)
    for place, axis in enumerate(info.axes, start=1):
        for y, text in _ticks(axis):
            _add_tick(figure, place, y, text)
    names = [metric, *(axis.name for axis in info.axes)]
    figure.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=names,
        showline=False,
        ticks="",
        tickfont={"color": INK},
        range=[-0.3, len(names) - 0.3],
    )
    figure.update_yaxes(visible=False, range=[-0.06, 1.06])
    add_key(figure, (), (BEST, "—", "best"), (_COLOUR, "—", "the 10 best"))
    return figure


def _lines(places: np.ndarray, number: np.ndarray, name: str, colour: str, width: float) -> Any:
    """Return one trace of lines with gaps between trials and where a parameter was not drawn."""
    count, axes = places.shape
    y = np.column_stack([places, np.full(count, np.nan)]).ravel()
    return scatter_of(len(y))(
        x=np.tile(np.arange(axes + 1), count),
        y=[None if value != value else value for value in y.tolist()],
        customdata=np.repeat(number, axes + 1),
        mode="lines",
        name=name,
        line={"color": colour, "width": width},
        hovertemplate="trial %{customdata}<extra></extra>",
    )


def _ticks(axis: "Axis") -> list[tuple[float, str]]:
    if axis.choices is None:
        return [(0.0, f"{axis.low:.4g}"), (1.0, f"{axis.high:.4g}")]
    words = words_of(axis.choices)
    ats = axis.place(np.arange(float(len(words)))).tolist()
    return list(zip(ats, words, strict=True))


def _add_tick(figure: go.Figure, x: float, y: float, text: str) -> None:
    figure.add_annotation(
        x=x, y=y, text=text, xanchor="left", xshift=4, bgcolor="rgba(255,255,255,.8)"
    )
