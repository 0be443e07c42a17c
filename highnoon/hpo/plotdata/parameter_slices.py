"""How the value depends on each parameter, seen from the side."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.plotdata.axes import Axis
from highnoon.hpo.plotdata.selection import (
    columns_named,
    shown_status,
    shown_value,
    top_rows,
    value_range,
)
from highnoon.hpo.reading import ParameterColumn, TrialColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from highnoon.hpo.study import Direction

__all__ = ["Slice", "Slices", "slices"]


@dataclasses.dataclass(frozen=True, eq=False)
class Slice:
    """One parameter.

    Attributes:
        axis: Its scale.
        x: float64; its value in each trial, NaN where it was not drawn; an index of the choices of
            a categorical one.
        top: Lowest and highest value among the ten best trials, or None where none drew it.
        top_choices: Indices of the choices that the ten best have; empty where it has no choices.
        share: Which part of the scale the ten best span, 0 to 1: of the choices, those they have.
            None where none drew it.
    """

    axis: Axis
    x: "NDArray[np.float64]"
    top: tuple[float, float] | None
    top_choices: tuple[int, ...]
    share: float | None


@dataclasses.dataclass(frozen=True, eq=False)
class Slices:
    """The trials that have a place on the value axis, a row each, and the parameters.

    Attributes:
        direction: `"minimize"` or `"maximize"`.
        number: int64.
        status: int8, index into `STATUSES`; a trial that violates a constraint is infeasible.
        value: float64; its value, or its last report where it was pruned or runs.
        best: Number of the best trial, or None.
        parameters: A slice for each.
    """

    direction: "Direction"
    number: "NDArray[np.int64]"
    status: "NDArray[np.int8]"
    value: "NDArray[np.float64]"
    best: int | None
    parameters: tuple[Slice, ...]

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The part of the value axis worth showing; what lies beyond is for marks at its edge.

        It ends at the 90th percentile of the completed trials, where there are ten of them.
        """
        return value_range(self.value, self.status, self.direction)


def slices(
    columns: TrialColumns, direction: "Direction", parameters: Sequence[str] | None = None
) -> Slices:
    """Return what slice plots show.

    Args:
        columns: The trials.
        direction: What is better.
        parameters: Which parameters, in this order; all of them where none are given.

    Raises:
        ConfigError: No trial has one of the parameters.
    """
    chosen = columns_named(columns, parameters)
    value = shown_value(columns)
    rows = np.flatnonzero(~np.isnan(value))
    top = top_rows(columns, direction)
    best = columns.best(direction)
    return Slices(
        direction=direction,
        number=columns.number[rows],
        status=shown_status(columns)[rows],
        value=value[rows],
        best=None if best is None else int(columns.number[best]),
        parameters=tuple(_slice(column, rows, top) for column in chosen),
    )


def _slice(column: ParameterColumn, rows: "NDArray[np.int64]", top: "NDArray[np.int64]") -> Slice:
    axis = Axis.of(column)
    of_top = column.values[top]
    of_top = of_top[~np.isnan(of_top)]
    if not len(of_top):
        return Slice(axis, column.values[rows], None, (), None)
    ends = float(of_top.min()), float(of_top.max())
    choices: tuple[int, ...] = ()
    if axis.choices is None:
        share = float(np.ptp(axis.place(of_top)))
    else:
        choices = tuple(np.unique(of_top).astype(int).tolist())
        share = len(choices) / len(axis.choices)
    return Slice(axis, column.values[rows], ends, choices, share)
