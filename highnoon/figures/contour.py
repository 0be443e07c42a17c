"""Two parameters against each other."""

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from highnoon.figures.axes import axis_layout, jittered
from highnoon.figures.theme import (
    BEST,
    INK_2,
    MARKS,
    SUNK,
    add_key,
    add_titles,
    best_mark,
    new_figure,
    say,
)

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Contour, Rank

__all__ = ["contour_figure", "rank_figure"]

_DARK = MARKS["completed"].colour
_SCALE = [[0.0, _DARK], [1.0, SUNK]]


def contour_figure(info: "Contour", *, direction: str, metric: str = "value") -> go.Figure:
    """Draw the best values over a plane, the darker the better, and the trials they rest on.

    Args:
        info: What to draw.
        direction: `"minimize"` or `"maximize"`.
        metric: What to call the value.
    """
    figure = new_figure(height=400)
    if not len(info.number):
        return say(figure, "No completed trial has both parameters yet.")
    if info.grid.size:
        figure.add_trace(
            go.Contour(
                x=info.grid_x,
                y=info.grid_y,
                z=info.grid,
                colorscale=_SCALE,
                reversescale=direction == "maximize",
                showscale=False,
                connectgaps=True,
                contours={"coloring": "fill"},
                line={"width": 0.5, "color": "#ffffff"},
                hoverinfo="skip",
            )
        )
    colours = {"color": INK_2, "opacity": 0.8}
    _add_trials(figure, info, info.at_x, info.at_y, direction, colours)
    note = info.reason or f"darker: better {metric}"
    add_titles(figure, info.x.name, info.y.name)
    add_key(figure, (), (INK_2, "●", "trial"), (BEST, "◉", "best"), ("transparent", "", note))
    return figure


def rank_figure(info: "Rank", *, direction: str, metric: str = "value") -> go.Figure:
    """Draw trials in a plane, the darker the better their rank.

    Args:
        info: What to draw.
        direction: `"minimize"` or `"maximize"`.
        metric: What to call the value.
    """
    figure = new_figure(height=400)
    if not len(info.number):
        return say(figure, "No completed trial has both parameters yet.")
    shades = {
        "color": info.rank,
        "cmin": 0,
        "cmax": 1,
        "colorscale": [[0.0, _DARK], [1.0, "#dfe4ea"]],
        "line": {"width": 0.5, "color": _DARK},
    }
    x, y = jittered(info.x, info.at_x, info.number), jittered(info.y, info.at_y, info.number)
    _add_trials(figure, info, x, y, direction, shades)
    add_titles(figure, info.x.name, info.y.name)
    add_key(
        figure, (), (_DARK, "●", f"better {metric}"), ("#b9c2cd", "●", "worse"), (BEST, "◉", "best")
    )
    return figure


def _add_trials(
    figure: go.Figure,
    info: "Contour | Rank",
    x: np.ndarray,
    y: np.ndarray,
    direction: str,
    marker: dict[str, Any],
) -> None:
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            customdata=np.stack([info.number, info.value], axis=1),
            mode="markers",
            name="trials",
            marker={"size": 7, "symbol": "circle", **marker},
            hovertemplate="trial %{customdata[0]}<br>%{customdata[1]:.6g}<extra></extra>",
        )
    )
    best = int(info.value.argmin() if direction == "minimize" else info.value.argmax())
    figure.add_traces(best_mark(float(x[best]), float(y[best]), int(info.number[best])))
    figure.update_xaxes(axis_layout(info.x)).update_yaxes(axis_layout(info.y), showgrid=False)
