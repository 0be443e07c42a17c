"""How figures look: colours, marks, axes, and the words above and inside them."""

import dataclasses
import datetime
import html
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from highnoon.hpo.states import TrialStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ACCENT",
    "BEST",
    "BEST_TEXT",
    "GRID",
    "INK",
    "INK_2",
    "LINE",
    "MARKS",
    "PANEL",
    "SUNK",
    "Mark",
    "add_key",
    "add_titles",
    "best_mark",
    "faded",
    "local_times",
    "new_figure",
    "padded",
    "say",
    "scatter_of",
    "write",
]

PANEL, INK, INK_2 = "#ffffff", "#1f1f1f", "#5c5c5c"
EDGE, LINE, GRID, SUNK = "#8a8a8a", "#e0e0e0", "#ebebeb", "#f5f5f5"
ACCENT, BEST, BEST_TEXT = "#1976d2", "#cc7000", "#a85a00"

_MANY = 2000


@dataclasses.dataclass(frozen=True)
class Mark:
    """How trials of one status are drawn: colour, plotly's symbol, and the sign beside the word."""

    colour: str
    symbol: str
    sign: str
    line: float = 1.25


MARKS: Mapping[TrialStatus, Mark] = {
    "completed": Mark("#475a73", "circle", "●", 0),
    "pruned": Mark("#878787", "triangle-down-open", "▽"),
    "running": Mark("#00806a", "circle-open-dot", "◔", 1.75),
    "failed": Mark("#c5281c", "x-thin-open", "✕", 2),
    "diverged": Mark("#8a3fb0", "triangle-up", "▲", 0),
    "infeasible": Mark(INK_2, "circle-x-open", "⊘"),
    "lost": Mark(INK_2, "square-open", "□"),
    "queued": Mark(INK_2, "circle-open", "◌"),
}

_AXIS = {
    "zeroline": False,
    "automargin": False,
    "exponentformat": "e",
    "tickfont": {"size": 11, "color": INK_2},
}
_X_AXIS = {
    **_AXIS,
    "showgrid": False,
    "showline": True,
    "linecolor": EDGE,
    "linewidth": 1,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": EDGE,
    "nticks": 9,
}
_Y_AXIS = {
    **_AXIS,
    "showgrid": True,
    "gridcolor": GRID,
    "gridwidth": 1,
    "showline": False,
    "ticks": "",
    "nticks": 6,
}
_TEMPLATE = go.layout.Template(
    layout={
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 11, "color": INK_2},
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": PANEL,
            "bordercolor": EDGE,
            "font": {"size": 11, "color": INK},
            "align": "left",
        },
        "xaxis": _X_AXIS,
        "yaxis": _Y_AXIS,
        "annotationdefaults": {"font": {"size": 11, "color": INK_2}, "showarrow": False},
    }
)


def new_figure(*, height: int = 320, left: int = 48, right: int = 56) -> go.Figure:
    """Return an empty figure; lengths are in pixels."""
    figure = go.Figure()
    style(figure, height=height, left=left, right=right)
    return figure


def style(figure: go.Figure, *, height: int, left: int = 48, right: int = 56) -> None:
    """Give a figure its look; lengths are in pixels."""
    figure.update_layout(
        template=_TEMPLATE,
        height=height,
        margin={"l": left, "r": right, "t": 52, "b": 36},
    )


def write(figure: go.Figure, text: str, **place: Any) -> None:
    """Write on a figure, whatever its axes: `x` and `y` are shares of its plotting area.

    Args:
        figure: The figure.
        text: What to write; may hold plotly's markup.
        **place: Where and how, as arguments of `add_annotation`.
    """
    figure.add_annotation(text=text, xref="paper", yref="paper", **place)


def add_titles(figure: go.Figure, x: str, y: str) -> None:
    """Name the axes: y above its upper end, x below its right end."""
    write(
        figure,
        html.escape(y),
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        xshift=-40,
        yshift=4,
    )
    write(
        figure,
        html.escape(x),
        x=1,
        y=0,
        xanchor="right",
        yanchor="top",
        yshift=-20,
    )


def add_key(
    figure: go.Figure, statuses: Iterable[TrialStatus], *more: tuple[str, str, str]
) -> None:
    """Say above a figure what its marks mean.

    Args:
        figure: The figure.
        statuses: Those that it shows.
        *more: Colour, sign and words of what it shows besides.
    """
    entries = [*more, *((MARKS[s].colour, MARKS[s].sign, s) for s in MARKS if s in set(statuses))]
    text = "   ".join(
        f'<span style="color:{colour}">{sign}</span> {words}' for colour, sign, words in entries
    )
    write(
        figure,
        text,
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        xshift=-40,
        yshift=22,
    )


def say(figure: go.Figure, text: str) -> go.Figure:
    """Leave a figure without axes and let it say why, or what to do."""
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    write(figure, html.escape(text), x=0.5, y=0.5, font={"size": 13})
    return figure


def scatter_of(count: int) -> Any:
    """Return the kind of trace that draws so many points quickly."""
    return go.Scattergl if count > _MANY else go.Scatter


def best_mark(x: Any, y: float, number: int) -> list[go.Scatter]:
    """Return the traces of the mark of the best trial: a dot in a ring."""
    hover = f"trial {number}, the best<br>%{{y}}<extra></extra>"
    common: dict[str, Any] = {"x": [x], "y": [y], "mode": "markers", "cliponaxis": False}
    ring = {"symbol": "circle", "size": 11, "color": PANEL, "line": {"width": 1.5, "color": BEST}}
    dot = {"symbol": "circle", "size": 5.5, "color": BEST}
    return [
        go.Scatter(**common, marker=ring, hoverinfo="skip"),
        go.Scatter(**common, marker=dot, hovertemplate=hover, name="best"),
    ]


def padded(ends: tuple[float, float], below: float = 0.12, above: float = 0.06) -> list[float]:
    """Return ends with room beyond them, as shares of the range."""
    low, high = ends
    span = high - low or abs(high) * 0.1 or 1.0
    return [low - below * span, high + above * span]


def faded(colour: str, opacity: float) -> str:
    """Return a colour such as `"#475a73"` with an opacity."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def local_times(seconds: "NDArray[np.float64]") -> list[datetime.datetime | None]:
    """Return seconds since 1970 as this machine's local times, None for NaN."""
    return [None if s != s else datetime.datetime.fromtimestamp(s) for s in seconds.tolist()]
