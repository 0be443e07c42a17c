"""The newest trials as HTML, at the size and in the columns of the table that takes their place."""

from typing import TYPE_CHECKING

import numpy as np

from highnoon.webui.first_paint import formats
from highnoon.webui.first_paint.markup import Markup, h
from highnoon.webui.first_paint.trial_columns import Column, columns_of

if TYPE_CHECKING:
    from highnoon.webui.first_paint.shown import Shown

__all__ = ["ROWS", "trials_html"]

ROWS = 30
"""How many trials are drawn at most."""

_FEWEST_ROWS = 13
_ROW_HEIGHT, _HEADER_HEIGHT = 28, 44
_EXAMPLE = "hpo.optimize(objective, search_space, n_trials=50)"


def trials_html(shown: "Shown", count: int, *, storage: str) -> Markup:
    """Return the table's panel, the newest trials first.

    Args:
        shown: The trials that were read whole.
        count: How many the study has.
        storage: Where it is, for a study without trials.
    """
    newest = ", newest first" if count > 1 else ""
    rows = min(ROWS, max(_FEWEST_ROWS, count))
    height = _HEADER_HEIGHT + rows * _ROW_HEIGHT + 2
    body = _rows(shown) if count else _empty(storage)
    panel = h(
        f"section.hn-panel.hn-table{'' if count else '.hn-table-empty'}",
        {"aria-label": "Trials", "data-testid": "trial-table"},
        h(
            "div.hn-panel-head",
            None,
            h("h3.hn-heading", None, "Trials"),
            h("span.hn-caption", None, f"{formats.integer(count)}{newest}"),
        ),
        h("div.hn-filter-row.hn-paint-line"),
        h("div.hn-filter-message"),
        h("div.hn-table-body.hn-paint-body", {"style": f"height:{height}px"}, body),
        h("div.hn-table-foot.hn-caption"),
    )
    return h("div.hn-trials-parts", None, panel, h("section.hn-panel.hn-details"))


def _rows(shown: "Shown") -> Markup:
    columns = columns_of(shown)
    order = np.argsort(shown.trials.number)[::-1][:ROWS]
    heads = _line(columns, [_cell("columnheader", column, column.header) for column in columns])
    rows = [h("div.hn-paint-heads", {"role": "row"}, heads)]
    for row in order.tolist():
        cells = [_cell("cell", column, column.cell(row), row) for column in columns]
        rows.append(
            h(
                f"div.hn-paint-row{'.hn-row-best' if row == shown.best else ''}",
                {"role": "row", "data-trial": int(shown.trials.number[row])},
                _line(columns, cells),
            )
        )
    style = h("style", None, Markup(_style(columns)))
    return h("div.hn-paint-grid", {"role": "table", "aria-label": "Trials"}, style, *rows)


def _cell(role: str, column: Column, text: str, row: int | None = None) -> Markup:
    styles = ".hn-right" if column.is_right_aligned else ""
    if row is not None and column.is_muted is not None and column.is_muted(row):
        styles += ".hn-muted"
    return h(f"span.hn-paint-cell{styles}", {"role": role}, text)


def _line(columns: list[Column], cells: list[Markup]) -> Markup:
    """Return a row's cells; those between left and right wrap, out of sight, where room ends."""
    placed: dict[str, list[Markup]] = {"left": [], "middle": [], "right": []}
    for column, cell in zip(columns, cells, strict=True):
        placed[column.place].append(cell)
    middle = h("span.hn-paint-middle", {"role": "none"}, *placed["middle"])
    return Markup("".join((*placed["left"], middle, *placed["right"])))


def _style(columns: list[Column]) -> str:
    """Return the widths: what is left is shared in proportion, as in the table."""
    rules = []
    places = {"left": 0, "middle": 0, "right": 0}
    for column in columns:
        places[column.place] += 1
        position = places[column.place]
        if column.place == "middle":
            selector = f".hn-paint-middle>:nth-child({position})"
        else:
            position += places["left"] + 1 if column.place == "right" else 0
            selector = f".hn-paint-grid>div>:nth-child({position})"
        rules.append(f"{selector}{{flex:{column.width} 1 {column.width}px}}")
    return "".join(rules)


def _empty(storage: str) -> Markup:
    return h(
        "div.hn-empty",
        None,
        h("b.hn-empty-title", None, "No trials yet"),
        h(
            "p.hn-muted",
            None,
            f"The study exists in {storage}. Start a worker, or run this in a cell; "
            "rows appear here as trials start.",
        ),
        h("pre.hn-code", None, _EXAMPLE),
    )
