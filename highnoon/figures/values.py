"""Trials on a value axis: a mark by status, and one at the edge for what lies beyond it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from highnoon.figures.theme import MARKS, scatter_of
from highnoon.hpo.reading import STATUSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["statuses_in", "value_traces"]


def value_traces(
    x: Sequence[Any],
    value: "NDArray[np.float64]",
    status: "NDArray[np.int8]",
    number: "NDArray[np.int64]",
    ends: tuple[float, float],
) -> list[Any]:
    """Return the traces of trials: those within the ends, and carets at the edge for the others.

    Args:
        x: Where each stands; any that is None or NaN is not drawn.
        value: float64; those that are NaN are not drawn.
        status: int8, index into `STATUSES`.
        number: int64.
        ends: What of the value axis is shown.
    """
    drawn = ~np.isnan(value)
    inside = drawn & (value >= ends[0]) & (value <= ends[1])
    scatter = scatter_of(len(value))
    traces = []
    for code in np.unique(status[drawn]):
        mark = MARKS[STATUSES[code]]
        for chosen, symbol, size in (
            (inside, mark.symbol, 7),
            (drawn & (value > ends[1]), "arrow-up-open", 6),
            (drawn & (value < ends[0]), "arrow-down-open", 6),
        ):
            rows = np.flatnonzero(chosen & (status == code)).tolist()
            if not len(rows):
                continue
            traces.append(
                scatter(
                    x=[x[row] for row in rows],
                    y=np.clip(value[rows], *ends),
                    customdata=np.stack([number[rows], value[rows]], axis=1),
                    mode="markers",
                    name=STATUSES[code],
                    marker={
                        "symbol": symbol,
                        "size": size,
                        "color": mark.colour,
                        "opacity": 0.8,
                        "line": {"width": mark.line or None, "color": mark.colour},
                    },
                    hovertemplate=(
                        f"trial %{{customdata[0]}}, {STATUSES[code]}<br>%{{customdata[1]:.6g}}"
                        "<extra></extra>"
                    ),
                )
            )
    return traces


def statuses_in(status: "NDArray[np.int8]", value: "NDArray[np.float64]") -> list[Any]:
    """Return the statuses of the trials that have a value."""
    return [STATUSES[code] for code in np.unique(status[~np.isnan(value)])]
