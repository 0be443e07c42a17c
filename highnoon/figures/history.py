"""The optimization history."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import plotly.graph_objects as go

from highnoon.figures.theme import (
    BEST,
    BEST_TEXT,
    MARKS,
    add_key,
    add_titles,
    best_mark,
    local_times,
    new_figure,
    padded,
    say,
    write,
)
from highnoon.figures.values import statuses_in, value_traces
from highnoon.hpo.reading import STATUSES
from highnoon.hpo.run.progress import format_value

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import History

__all__ = ["history_figure"]


def history_figure(
    info: "History", *, by: Literal["trial", "time"] = "trial", metric: str = "value"
) -> go.Figure:
    """Draw trials and the best value so far.

    Args:
        info: What to draw.
        by: Whether x is the trial's number or when it ended; then what runs is not shown.
        metric: What to call the value.
    """
    figure = new_figure()
    ends = info.value_range
    if ends is None:
        return say(figure, "No trial has a value yet." if len(info.number) else "No trials yet.")
    by_time = by == "time"
    x: list[Any] = local_times(info.completed) if by_time else info.number.tolist()
    value = np.where(np.isnan(info.completed), np.nan, info.value) if by_time else info.value
    figure.add_traces(value_traces(x, value, info.status, info.number, ends))
    steps = info.by_time if by_time else info.by_number
    if len(steps):
        at: list[Any] = local_times(steps.at) if by_time else steps.at.tolist()
        last = max(place for place in x if place is not None)
        figure.add_trace(
            go.Scatter(
                x=[*at, last],
                y=[*steps.value, steps.value[-1]],
                mode="lines",
                name="best so far",
                line={"color": BEST, "width": 2, "shape": "hv"},
                hoverinfo="skip",
            )
        )
        figure.add_traces(best_mark(at[-1], float(steps.value[-1]), int(steps.number[-1])))
        figure.add_annotation(
            x=last,
            y=steps.value[-1],
            text=format_value(float(steps.value[-1])),
            font={"color": BEST_TEXT},
            xanchor="left",
            xshift=6,
        )
    shown = padded(ends)
    without = _add_trials_without_value(figure, info, x, shown[0] + 0.03 * (shown[1] - shown[0]))
    figure.update_yaxes(range=shown)
    beyond = int(((value > ends[1]) | (value < ends[0])).sum())
    if beyond:
        minimize = info.direction == "minimize"
        limit = format_value(ends[1] if minimize else ends[0])
        write(
            figure,
            f"{beyond} {'above' if minimize else 'below'} {limit}",
            x=1,
            y=1,
            xanchor="right",
            yanchor="bottom",
            yshift=4,
        )
    add_titles(figure, "time" if by_time else "trial", metric)
    add_key(figure, {*statuses_in(info.status, value), *without}, (BEST, "—", "best so far"))
    return figure


def _add_trials_without_value(
    figure: go.Figure, info: "History", x: list[Any], y: float
) -> list[Any]:
    """Draw the trials that ended without a value on the axis, and return their statuses."""
    rows = np.flatnonzero(np.isin(info.number, info.without_value))
    statuses = []
    for code in np.unique(info.status[rows]):
        own = rows[info.status[rows] == code]
        mark = MARKS[STATUSES[code]]
        statuses.append(STATUSES[code])
        figure.add_trace(
            go.Scatter(
                x=[x[row] for row in own],
                y=np.full(len(own), y),
                customdata=info.number[own],
                mode="markers",
                name=f"{STATUSES[code]}, no value",
                marker={
                    "symbol": mark.symbol,
                    "size": 7,
                    "color": mark.colour,
                    "line": {"width": mark.line or None, "color": mark.colour},
                },
                hovertemplate=f"trial %{{customdata}}, {STATUSES[code]}<extra></extra>",
            )
        )
    return statuses
