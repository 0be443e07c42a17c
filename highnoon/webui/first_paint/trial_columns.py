"""The columns of the table's first rows, as `widgets/src/table/columns.ts` makes them."""

import dataclasses
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from optuna.distributions import FloatDistribution, IntDistribution

from highnoon.hpo.reading import STATUSES
from highnoon.webui.first_paint import formats
from highnoon.webui.first_paint.markup import Markup, h, mark
from highnoon.webui.first_paint.sparkline import curve_cell

if TYPE_CHECKING:
    from highnoon.hpo.reading import ParameterColumn
    from highnoon.webui.first_paint.shown import Shown

__all__ = ["Column", "columns_of"]

_DIGIT, _HEADER_LETTER, _PADDING, _SORT_ARROW = 7.2, 6.2, 17, 12
# Of a long value no more is seen than fits the column.
_MOST_LETTERS = 80
_NEWEST_FIRST = Markup("Trial" + h("span.hn-sort", None, "↓"))


@dataclasses.dataclass(frozen=True)
class Column:
    """A column: its title in at most two lines, its width in pixels, and the cell of a row.

    `place` says whether it is shown always, left or right, or between them as far as there is room.
    """

    id: str
    header: str
    width: int
    cell: Callable[[int], str]
    place: Literal["left", "middle", "right"]
    is_right_aligned: bool = False
    is_muted: Callable[[int], bool] | None = None


def columns_of(shown: "Shown") -> list[Column]:
    """Return the columns of trials."""
    trials, decimals = shown.trials, shown.decimals
    metric = shown.study.metric or "value"

    def state(row: int) -> str:
        kind = "best" if row == shown.best else shown.status(row)
        return h("span.hn-state", None, mark(kind), h("span", None, kind))

    def worker(row: int) -> str:
        if STATUSES[trials.status[row]] == "queued":
            return "next free"
        code = int(trials.worker[row])
        return trials.workers[code][:_MOST_LETTERS] if code >= 0 else "–"

    letters = min(16, _longest(trials.workers))
    value = _column(
        "value",
        metric[:1].upper() + metric[1:],
        max(8, decimals + 4),
        lambda row: formats.value(shown.value(row), decimals),
        is_right_aligned=True,
    )
    middle = [
        dataclasses.replace(
            _column("curve", "Curve", 0, lambda row: curve_cell(shown, row)), width=72
        ),
        *(_parameter_column(parameter, shown) for parameter in trials.parameters.values()),
    ]
    return [
        dataclasses.replace(
            _column("number", "Trial", 4, lambda row: str(trials.number[row])), header=_NEWEST_FIRST
        ),
        dataclasses.replace(_column("state", "State", 0, state), width=108),
        dataclasses.replace(value, is_muted=lambda row: shown.status(row) != "completed"),
        *(dataclasses.replace(column, place="middle") for column in middle),
        *(
            dataclasses.replace(column, place="right")
            for column in (
                _column("step", "Step", 6, shown.step, is_right_aligned=True),
                _column("time", "Time min:s", 8, shown.time, is_right_aligned=True),
                dataclasses.replace(
                    _column("worker", "Worker", letters, worker),
                    width=max(86, math.ceil(letters * _DIGIT + _PADDING)),
                ),
            )
        ),
    ]


def _column(
    name: str,
    title: str,
    characters: int,
    cell: Callable[[int], str],
    *,
    is_right_aligned: bool = False,
) -> Column:
    header = _in_two_lines(title[:_MOST_LETTERS])
    letters = _longest(re.split("[\u200b ]", header))
    width = _PADDING + max(characters * _DIGIT, letters * _HEADER_LETTER + _SORT_ARROW)
    return Column(name, header, math.ceil(width), cell, "left", is_right_aligned)


def _parameter_column(parameter: "ParameterColumn", shown: "Shown") -> Column:
    distribution, choices = parameter.distribution, parameter.choices
    is_numeric = choices is None or all(
        isinstance(choice, int | float) and not isinstance(choice, bool) for choice in choices
    )
    if choices is not None:
        characters = min(14, _longest(map(_choice_text, choices)))
    elif isinstance(distribution, IntDistribution):
        ends = (distribution.low, distribution.high)
        characters = _longest(formats.integer(end) for end in ends)
    else:
        is_wide = getattr(distribution, "log", False) or getattr(distribution, "low", 0) < 0
        characters = 7 if is_wide else 6

    def cell(row: int) -> str:
        value = float(parameter.values[row])
        if math.isnan(value):
            return "–"
        if choices is not None:
            return _choice_text(choices[int(value)])[:_MOST_LETTERS]
        if isinstance(distribution, IntDistribution):
            return formats.integer(value)
        log = isinstance(distribution, FloatDistribution) and distribution.log
        return formats.number(value, log=log)

    column = _column(
        f"parameter:{parameter.name}", parameter.name, characters, cell, is_right_aligned=is_numeric
    )
    return dataclasses.replace(column, is_muted=lambda row: shown.status(row) == "queued")


def _choice_text(choice: Any) -> str:
    """Return a choice as the page writes it: whole floats as JavaScript does."""
    if isinstance(choice, float) and choice.is_integer() and abs(choice) < 1e21:
        return str(int(choice))
    return str(choice)


def _in_two_lines(title: str) -> str:
    """Part a long name at an underscore or a space, so that its lines are about equal."""
    if len(title) <= 9:
        return title
    parted, best = title, len(title)
    for found in re.finditer("[_ ]", title):
        at = found.start()
        if max(at, len(title) - at) < best:
            best = max(at, len(title) - at)
            parted = title if found[0] == " " else f"{title[:at]}\u200b{title[at:]}"
    return parted


def _longest(texts: Iterable[str] | Sequence[str]) -> int:
    return max(map(len, texts), default=0)
