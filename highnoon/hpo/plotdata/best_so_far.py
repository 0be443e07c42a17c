"""How the best value came down, or up, from trial to trial."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.plotdata.selection import (
    comparable,
    shown_status,
    shown_value,
    sign_of,
    value_range,
)
from highnoon.hpo.reading import STATUSES, TrialColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from highnoon.hpo.study import Direction

__all__ = ["History", "Steps", "history"]

_GROWING = [STATUSES.index("running"), STATUSES.index("queued")]


@dataclasses.dataclass(frozen=True, eq=False)
class Steps:
    """The best value so far: it holds from one entry to the next, and the last one to the end.

    Attributes:
        at: float64; where a better value came: a trial number, or seconds since 1970.
        value: float64; the best value from there on.
        number: int64; the trial that reached it.
    """

    at: "NDArray[np.float64]"
    value: "NDArray[np.float64]"
    number: "NDArray[np.int64]"

    def __len__(self) -> int:
        return len(self.at)


@dataclasses.dataclass(frozen=True, eq=False)
class History:
    """The trials of a study, a row each, and the best value so far.

    Attributes:
        direction: `"minimize"` or `"maximize"`.
        number: int64.
        status: int8, index into `STATUSES`; a trial that violates a constraint is infeasible.
        value: float64; a completed trial's value, the last report of one that was pruned or runs,
            NaN where there is none.
        completed: float64; seconds since 1970, NaN where it has not ended.
        without_value: int64; numbers of the trials that ended without a place on the value axis.
        by_number: The best value so far in the order of the trials' numbers, over completed
            feasible trials.
        by_time: Likewise in the order in which they ended.
    """

    direction: "Direction"
    number: "NDArray[np.int64]"
    status: "NDArray[np.int8]"
    value: "NDArray[np.float64]"
    completed: "NDArray[np.float64]"
    without_value: "NDArray[np.int64]"
    by_number: Steps
    by_time: Steps

    @property
    def best(self) -> int | None:
        """Number of the best trial, the earliest among equals, or None."""
        return int(self.by_number.number[-1]) if len(self.by_number) else None

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The part of the value axis worth showing; what lies beyond is for marks at its edge.

        It ends at the 90th percentile of the completed trials, where there are ten of them.
        """
        return value_range(self.value, self.status, self.direction)


def history(columns: TrialColumns, direction: "Direction") -> History:
    """Return what a plot of the optimization's history shows."""
    status, value = shown_status(columns), shown_value(columns)
    ended = ~np.isin(status, _GROWING)
    rows = comparable(columns)
    timed = rows[~np.isnan(columns.completed[rows])]
    timed = timed[np.argsort(columns.completed[timed], kind="stable")]
    return History(
        direction=direction,
        number=columns.number,
        status=status,
        value=value,
        completed=columns.completed,
        without_value=columns.number[ended & np.isnan(value)],
        by_number=_steps(columns, rows, columns.number.astype(np.float64), direction),
        by_time=_steps(columns, timed, columns.completed, direction),
    )


def _steps(
    columns: TrialColumns,
    rows: "NDArray[np.int64]",
    at: "NDArray[np.float64]",
    direction: "Direction",
) -> Steps:
    """Return where the running best of rows, in their order, changes."""
    best = np.minimum.accumulate(sign_of(direction) * columns.value[rows])
    better = rows[np.diff(best, prepend=np.inf) < 0]
    return Steps(at[better], columns.value[better], columns.number[better])
