"""The distribution of values."""

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from highnoon.figures.theme import ACCENT, add_titles, new_figure, say

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Edf

__all__ = ["edf_figure"]


def edf_figure(info: "Edf", *, metric: str = "value") -> go.Figure:
    """Draw which share of the completed trials has at most a value.

    Args:
        info: What to draw.
        metric: What to call the value.
    """
    figure = new_figure()
    if not info.n_trials:
        return say(figure, "No completed trials yet.")
    figure.add_trace(
        go.Scatter(
            x=[info.value[0], *info.value],
            y=[0.0, *info.share],
            mode="lines",
            name="share",
            line={"color": ACCENT, "width": 2, "shape": "hv"},
            hovertemplate="%{y:.0%} at most %{x:.6g}<extra></extra>",
        )
    )
    figure.update_yaxes(range=[0, 1.04], tickformat=".0%")
    add_titles(figure, metric, f"share of {info.n_trials} completed trials")
    return figure
