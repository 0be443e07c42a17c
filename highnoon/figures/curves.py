"""Learning curves."""

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from highnoon.figures.theme import (
    BEST,
    BEST_TEXT,
    MARKS,
    add_key,
    add_titles,
    faded,
    new_figure,
    say,
    scatter_of,
)
from highnoon.hpo.reading import STATUSES
from highnoon.hpo.states import TrialStatus

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Curve, Curves

__all__ = ["curves_figure"]

_WIDTHS = {"running": 1.75, "diverged": 1.5, "failed": 1.5}
_OPACITIES = {"completed": 0.34, "pruned": 0.45}
_DASHES = {"diverged": "dash", "failed": "dot"}
_ENDS = ("pruned", "diverged", "failed")


def curves_figure(info: "Curves", *, metric: str = "value") -> go.Figure:
    """Draw what trials reported, a line each; on a logarithmic axis where all is above 0.

    Args:
        info: What to draw.
        metric: What to call the value.
    """
    figure = new_figure()
    if not len(info):
        return say(figure, "No reports yet. hpo.report(value, step) adds a point to a curve.")
    finite = info.value[np.isfinite(info.value)]
    log = len(finite) > 0 and bool(finite.min() > 0)
    by_status: dict[TrialStatus, list[Curve]] = {}
    best: Curve | None = None
    for curve in info:
        if curve.number == info.best:
            best = curve
        else:
            by_status.setdefault(STATUSES[curve.status], []).append(curve)
    for status in reversed(list(MARKS)):
        if status in by_status:
            figure.add_traces(_traces(by_status[status], status))
    if best is not None:
        figure.add_trace(
            go.Scatter(
                x=best.step,
                y=_finite(best),
                mode="lines",
                name="best",
                line={"color": BEST, "width": 2.5},
                hovertemplate=f"trial {best.number}, the best<br>%{{x}}: %{{y:.6g}}<extra></extra>",
            )
        )
        last = float(best.value[-1])
        if np.isfinite(last):
            figure.add_annotation(
                x=int(best.step[-1]),
                y=np.log10(last) if log else last,
                text=f"{best.number} best",
                font={"color": BEST_TEXT},
                xanchor="left",
                xshift=6,
            )
    if log:
        figure.update_yaxes(type="log")
    add_titles(figure, "step", f"{metric}, log" if log else metric)
    more = [(BEST, "—", "best")] if best is not None else []
    add_key(figure, by_status, *more)
    return figure


def _traces(curves: "list[Curve]", status: TrialStatus) -> list[Any]:
    """Return one trace of lines with gaps between them, and one of the marks at their ends."""
    mark = MARKS[status]
    steps: list[Any] = []
    values: list[Any] = []
    numbers: list[Any] = []
    ends: list[tuple[int, float, int]] = []
    for curve in curves:
        shown = _finite(curve)
        steps += [*curve.step.tolist(), None]
        values += [*shown, None]
        numbers += [curve.number] * (len(shown) + 1)
        known = np.flatnonzero(np.isfinite(curve.value))
        if len(known):
            last = known[-1]
            ends.append((int(curve.step[last]), float(curve.value[last]), curve.number))
    hover = f"trial %{{customdata}}, {status}<br>%{{x}}: %{{y:.6g}}<extra></extra>"
    single = all(len(curve.step) == 1 for curve in curves)
    lines = scatter_of(len(steps))(
        x=steps,
        y=values,
        customdata=numbers,
        mode="markers" if single else "lines",
        name=status,
        line={
            "color": faded(mark.colour, _OPACITIES.get(status, 1)),
            "width": _WIDTHS.get(status, 1),
            "dash": _DASHES.get(status, "solid"),
        },
        hovertemplate=hover,
    )
    if status not in _ENDS or not ends:
        return [lines]
    x, y, number = zip(*ends, strict=True)
    marks = scatter_of(len(ends))(
        x=x,
        y=y,
        customdata=number,
        mode="markers",
        name=f"{status}, last report",
        marker={
            "symbol": mark.symbol,
            "size": 7,
            "color": mark.colour,
            "line": {"color": mark.colour, "width": mark.line or None},
        },
        hovertemplate=hover,
    )
    return [lines, marks]


def _finite(curve: "Curve") -> list[float | None]:
    return [value if np.isfinite(value) else None for value in curve.value.tolist()]
