"""A picture of a study that a saved notebook shows where no kernel runs: no script, one image."""

import base64
import html
from typing import TYPE_CHECKING, Any

import numpy as np

from highnoon.hpo.plotdata import history
from highnoon.hpo.reading import STATUSES
from highnoon.hpo.run.progress import format_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ipywidgets

    from highnoon.hpo.plotdata import History
    from highnoon.hpo.reading import StudyFeed

__all__ = ["show_with_still", "studies_still", "study_still"]

_WIDTH, _HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 12, 28
# A saved notebook is to stay small however many trials there are.
_MANY_MARKS = 1_000
_MANY_STUDIES = 50
_INK, _GRID, _BEST, _COMPLETED, _PRUNED = "#5c5c5c", "#e0e0e0", "#cc7000", "#475a73", "#878787"


def show_with_still(widget: "ipywidgets.Widget", still: str) -> None:
    """Show a widget in a cell, with a still picture, as HTML, above it until the page has drawn it.

    They are two outputs, since JupyterLab looks at no other format of one that has a widget.
    """
    from IPython.display import display

    display({"text/html": still, "text/plain": ""}, raw=True)
    view = {"model_id": widget.model_id, "version_major": 2, "version_minor": 0}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}, raw=True)


def study_still(feed: "StudyFeed") -> str:
    """Return HTML: the study's name, counts and best value, and the history as one SVG image."""
    columns, study = feed.columns, feed.study
    info = history(columns, study.direction)
    counts = ", ".join(f"{count} {status}" for status, count in columns.counts().items())
    lines = [f"<b>{html.escape(study.name)}</b> · {study.direction} · {counts or 'no trials yet'}"]
    best = columns.best(study.direction)
    if best is not None:
        drawn = ", ".join(
            f"{name} = {parameter.shown(best)!r}"
            for name, parameter in columns.parameters.items()
            if not np.isnan(parameter.values[best])
        )
        lines.append(
            f"Best {html.escape(study.metric or 'value')} {format_value(columns.value[best])} "
            f"(trial {columns.number[best]}): {html.escape(drawn)}"
        )
        image = base64.b64encode(_picture(info).encode()).decode()
        lines.append(
            f'<img alt="Value of each trial and the best so far" width="{_WIDTH}" '
            f'height="{_HEIGHT}" src="data:image/svg+xml;base64,{image}">'
        )
    lines.append("A picture of the study as it was; run the cell to see it live.")
    return '<div class="hn-still">' + "<br>".join(lines) + "</div>"


def studies_still(studies: "Sequence[Mapping[str, Any]]") -> str:
    """Return HTML: a table of studies, the rows of a `BrowserSource`, the latest of them first."""
    kept = [study for study in studies if not study["archived"]]
    kept.sort(key=lambda study: study["activity"] or 0, reverse=True)
    rows = []
    for study in kept[:_MANY_STUDIES]:
        history = study["history"] if len(study["directions"]) == 1 else []
        cells = (
            study["name"],
            study["storage"],
            study["status"],
            format_value(history[-1][1]) if history else "–",
            ", ".join(f"{count} {status}" for status, count in study["counts"].items() if count),
        )
        rows.append("".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells))
    heads = "".join(f"<th>{head}</th>" for head in ("study", "storage", "state", "best", "trials"))
    more = len(kept) - len(rows)
    return (
        '<div class="hn-still"><table>'
        + "".join(f"<tr>{row}</tr>" for row in [heads, *rows])
        + f"</table>{f'and {more} more. ' if more else ''}"
        + "The studies as they were; run the cell to see them live.</div>"
    )


def _picture(info: "History") -> str:
    """Return the history as SVG."""
    low, high = info.value_range or (0.0, 1.0)
    margin = (high - low or abs(high) or 1.0) * 0.06
    low, high = low - margin, high + margin
    last = max(int(info.number[-1]), 1)

    def x(number: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * number / last, 1)

    def y(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="{_INK}">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    for value in np.linspace(low, high, 5)[1:-1].tolist():
        parts.append(
            f'<path d="M{_LEFT} {y(value)}H{_WIDTH - _RIGHT}" stroke="{_GRID}"/>'
            f'<text x="{_LEFT - 6}" y="{y(value) + 4}" text-anchor="end">{value:.4g}</text>'
        )
    base = _HEIGHT - _BOTTOM
    parts.append(
        f'<path d="M{_LEFT} {base}H{_WIDTH - _RIGHT}" stroke="{_INK}"/>'
        f'<text x="{_LEFT}" y="{base + 18}">0</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{base + 18}" text-anchor="end">trial {last}</text>'
    )
    for status, color in (("pruned", _PRUNED), ("completed", _COMPLETED)):
        rows = np.flatnonzero((info.status == STATUSES.index(status)) & np.isfinite(info.value))
        rows = rows[:: -(-len(rows) // _MANY_MARKS) or 1]
        shown = zip(info.number[rows].tolist(), info.value[rows].tolist(), strict=True)
        marks = "".join(f"M{x(number)} {y(value)}h0" for number, value in shown)
        if marks:
            parts.append(
                f'<path d="{marks}" stroke="{color}" stroke-width="5" stroke-linecap="round" '
                'stroke-opacity=".7"/>'
            )
    steps = info.by_number
    line = f"M{x(steps.at[0])} {y(steps.value[0])}" + "".join(
        f"H{x(at)}V{y(value)}" for at, value in zip(steps.at[1:], steps.value[1:], strict=True)
    )
    parts.append(
        f'<path d="{line}H{x(last)}" fill="none" stroke="{_BEST}" stroke-width="2"/></svg>'
    )
    return "".join(parts)
