"""Workers over time."""

import time
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from highnoon.figures.theme import INK, MARKS, add_key, faded, local_times, new_figure, say
from highnoon.hpo.reading import STATUSES

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Timeline

__all__ = ["timeline_figure"]

_LANE = 24


def timeline_figure(info: "Timeline", *, now: float | None = None) -> go.Figure:
    """Draw a lane for each worker and a bar for each of its trials, in local time.

    Args:
        info: What to draw.
        now: Seconds since 1970, where running trials end; the present where it is not given.
    """
    figure = new_figure(height=110 + _LANE * max(3, len(info.lanes)), left=110, right=16)
    if not len(info.lane):
        return say(figure, "No trial has started yet.")
    end = np.where(np.isnan(info.end), time.time() if now is None else now, info.end)
    statuses = []
    for code in np.unique(info.status):
        status = STATUSES[code]
        statuses.append(status)
        rows = info.status == code
        colour = MARKS[status].colour
        figure.add_trace(
            go.Bar(
                y=info.lane[rows],
                x=np.maximum(0, end[rows] - info.start[rows]) * 1000,
                base=local_times(info.start[rows]),
                customdata=np.stack([info.number[rows], end[rows] - info.start[rows]], axis=1),
                orientation="h",
                width=0.7,
                name=status,
                marker={
                    "color": faded(colour, 0.45),
                    "line": {"width": 1, "color": colour},
                    "pattern": {"shape": "/" if status == "running" else "", "fgcolor": colour},
                },
                hovertemplate=(
                    f"trial %{{customdata[0]}}, {status}<br>%{{customdata[1]:.3g}} s<extra></extra>"
                ),
            )
        )
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(type="date")
    names = [worker or "not known" for worker in info.lanes]
    names = ["" if place and name == names[place - 1] else name for place, name in enumerate(names)]
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=names,
        tickfont={"color": INK},
        autorange=False,
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
    )
    add_key(figure, statuses)
    return figure
