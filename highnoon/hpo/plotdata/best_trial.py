"""The best trial, and the values that it is compared with."""

import dataclasses
import math
from typing import TYPE_CHECKING

from highnoon.hpo.plotdata.selection import comparable, sign_of, top_rows
from highnoon.hpo.reading import TrialColumns

if TYPE_CHECKING:
    from highnoon.hpo.study import Direction

__all__ = ["Best", "best"]


@dataclasses.dataclass(frozen=True)
class Best:
    """The best trial: completed, feasible, the earliest among equals.

    Attributes:
        number: Its number.
        value: Its value.
        completed: When it ended, in seconds since 1970, NaN where that is not known.
        second: The value of the second best trial, which may be the same, NaN where there is none.
        former: The best of the worse values that had come when it ended, NaN where none had.
    """

    number: int
    value: float
    completed: float
    second: float
    former: float


def best(columns: TrialColumns, direction: "Direction") -> Best | None:
    """Return the best trial, or None where none completed."""
    rows = top_rows(columns, direction, 2)
    if not len(rows):
        return None
    sign, others = sign_of(direction), comparable(columns)
    loss = sign * columns.value[others]
    in_time = columns.completed[others] <= columns.completed[rows[0]]
    worse = loss[in_time & (loss > loss.min())]
    return Best(
        number=int(columns.number[rows[0]]),
        value=float(columns.value[rows[0]]),
        completed=float(columns.completed[rows[0]]),
        second=float(columns.value[rows[1]]) if len(rows) > 1 else math.nan,
        former=sign * float(worse.min()) if len(worse) else math.nan,
    )
