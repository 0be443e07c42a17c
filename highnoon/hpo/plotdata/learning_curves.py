"""What trials reported step by step."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.plotdata.selection import comparable, shown_status, sign_of
from highnoon.hpo.reading import ReportColumns, TrialColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from highnoon.hpo.study import Direction

__all__ = ["Curve", "Curves", "curves"]


@dataclasses.dataclass(frozen=True, eq=False)
class Curve:
    """The reports of one trial, in the order of their steps.

    Attributes:
        number: The trial.
        status: Index into `STATUSES`.
        step: int64.
        value: float64; may be infinite or NaN.
    """

    number: int
    status: int
    step: "NDArray[np.int64]"
    value: "NDArray[np.float64]"


@dataclasses.dataclass(frozen=True, eq=False)
class Curves:
    """The reports of the trials that have some, one curve after the other.

    Completed feasible trials come first, the best of them at the head; then the others by number.

    Attributes:
        number: int64; the trial of each curve.
        status: int8; its status, index into `STATUSES`, infeasible where a constraint is violated.
        start: int64; where each curve starts in `step` and `value`, and at the end their length.
        step: int64; all steps.
        value: float64; all values, which may be infinite or NaN.
        best: Number of the study's best trial, where it has a curve, else None.
    """

    number: "NDArray[np.int64]"
    status: "NDArray[np.int8]"
    start: "NDArray[np.int64]"
    step: "NDArray[np.int64]"
    value: "NDArray[np.float64]"
    best: int | None

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, place: int) -> Curve:
        """Return one curve by its place, 0 for the first."""
        place = range(len(self))[place]
        part = slice(self.start[place], self.start[place + 1])
        return Curve(
            int(self.number[place]), int(self.status[place]), self.step[part], self.value[part]
        )

    def __iter__(self) -> Iterator[Curve]:
        return (self[place] for place in range(len(self)))


def curves(columns: TrialColumns, reports: ReportColumns, direction: "Direction") -> Curves:
    """Return what a plot of the learning curves shows.

    Args:
        columns: The trials.
        reports: Their reports, by trial and step.
        direction: What is better.
    """
    first = np.searchsorted(reports.number, columns.number, side="left")
    after = np.searchsorted(reports.number, columns.number, side="right")
    rank = np.full(len(columns), np.inf)
    ranked = comparable(columns)
    rank[ranked] = sign_of(direction) * columns.value[ranked]
    rows = np.argsort(rank, kind="stable")
    rows = rows[after[rows] > first[rows]]
    start = np.concatenate([[0], np.cumsum(after[rows] - first[rows])]).astype(np.int64)
    taken = np.arange(start[-1]) + np.repeat(first[rows] - start[:-1], np.diff(start))
    best = columns.best(direction)
    has_curve = best is not None and len(rows) > 0 and rows[0] == best
    return Curves(
        number=columns.number[rows],
        status=shown_status(columns)[rows],
        start=start,
        step=reports.step[taken],
        value=reports.value[taken],
        best=int(columns.number[best]) if best is not None and has_curve else None,
    )
