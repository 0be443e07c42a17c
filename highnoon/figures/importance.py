"""Which parameters matter."""

import html
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from highnoon.figures.theme import INK, MARKS, new_figure, say, write

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Importance

__all__ = ["importance_figure"]

_BAR = 24
_COLOUR = MARKS["completed"].colour


def importance_figure(info: "Importance") -> go.Figure:
    """Draw a bar for each parameter's median score, with a line over 80 % of the resamples.

    Args:
        info: What to draw.
    """
    count = len(info.names)
    longest = max(map(len, info.names), default=0)
    figure = new_figure(height=110 + _BAR * max(3, count), left=24 + 7 * min(longest, 30))
    if info.reason is not None:
        return say(figure, info.reason)
    figure.add_trace(
        go.Bar(
            x=info.median,
            y=list(range(count)),
            orientation="h",
            width=0.55,
            name="importance",
            marker={"color": _COLOUR, "opacity": 0.8},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": info.high - info.median,
                "arrayminus": info.median - info.low,
                "color": INK,
                "thickness": 1.5,
                "width": 0,
            },
            customdata=list(zip(info.names, info.low, info.high, strict=True)),
            hovertemplate=(
                "%{customdata[0]}<br>%{x:.3f}, 80 % from %{customdata[1]:.3f} to "
                "%{customdata[2]:.3f}<extra></extra>"
            ),
        )
    )
    for place, median in enumerate(info.median):
        figure.add_annotation(
            text=f"{median:.2f}",
            xref="paper",
            x=1,
            y=place,
            xanchor="left",
            xshift=8,
            font={"color": INK},
        )
    figure.update_xaxes(range=[0, float(info.high.max()) * 1.02], visible=False)
    figure.update_yaxes(
        tickvals=list(range(count)),
        ticktext=list(info.names),
        ticksuffix=" ",
        tickfont={"color": INK},
        autorange=False,
        range=[count - 0.5, -0.5],
        showgrid=False,
    )
    write(
        figure,
        html.escape(info.rests_on),
        x=0,
        y=0,
        xanchor="left",
        yanchor="top",
        yshift=-8,
    )
    return figure
