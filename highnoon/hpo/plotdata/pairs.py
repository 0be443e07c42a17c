"""Two parameters against each other: the landscape of values, and the ranks of trials."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from highnoon.exceptions import ConfigError
from highnoon.hpo.plotdata.axes import Axis
from highnoon.hpo.plotdata.selection import column_of, comparable, sign_of
from highnoon.hpo.reading import TrialColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from highnoon.hpo.study import Direction

__all__ = ["MIN_CONTOUR_TRIALS", "Contour", "Rank", "contour", "rank"]

MIN_CONTOUR_TRIALS = 30
"""Trials below which lines of equal value would be drawn through thin air."""

_CELLS = 24


@dataclasses.dataclass(frozen=True, eq=False)
class Contour:
    """The best value at each place of a plane, and the trials that tell of it.

    Attributes:
        x: Scale of the first parameter.
        y: Scale of the second.
        number: int64; completed feasible trials that drew both.
        at_x: float64; their first parameter; an index of the choices of a categorical one.
        at_y: float64; their second.
        value: float64; their values.
        grid_x: float64; centres of the cells along x; all values of a parameter that has few.
        grid_y: float64; likewise along y.
        grid: float64, a row for each of `grid_y`; the best value in each cell, NaN where no trial
            lies. Empty where there is a `reason`.
        reason: Why there is no grid, or None.
    """

    x: Axis
    y: Axis
    number: "NDArray[np.int64]"
    at_x: "NDArray[np.float64]"
    at_y: "NDArray[np.float64]"
    value: "NDArray[np.float64]"
    grid_x: "NDArray[np.float64]"
    grid_y: "NDArray[np.float64]"
    grid: "NDArray[np.float64]"
    reason: str | None


@dataclasses.dataclass(frozen=True, eq=False)
class Rank:
    """Where good and bad trials lie in a plane.

    Attributes:
        x: Scale of the first parameter.
        y: Scale of the second.
        number: int64; completed feasible trials that drew both.
        at_x: float64; their first parameter; an index of the choices of a categorical one.
        at_y: float64; their second.
        value: float64; their values.
        rank: float64; 0 for the best of all completed feasible trials to 1 for the worst; equal
            values have the mean of their ranks.
    """

    x: Axis
    y: Axis
    number: "NDArray[np.int64]"
    at_x: "NDArray[np.float64]"
    at_y: "NDArray[np.float64]"
    value: "NDArray[np.float64]"
    rank: "NDArray[np.float64]"


def contour(columns: TrialColumns, direction: "Direction", x: str, y: str) -> Contour:
    """Return what a contour plot of two parameters shows.

    Raises:
        ConfigError: No trial has one of the parameters, or they are the same.
    """
    across, along, rows = _pair(columns, x, y)
    at_x, at_y = columns.parameters[x].values[rows], columns.parameters[y].values[rows]
    value = columns.value[rows]
    none = np.empty(0)
    points = (across, along, columns.number[rows], at_x, at_y, value)
    if len(rows) < MIN_CONTOUR_TRIALS:
        return Contour(
            *points,
            none,
            none,
            none.reshape(0, 0),
            f"{len(rows)} of {MIN_CONTOUR_TRIALS} completed trials. With fewer, the lines between "
            "them would be guesses.",
        )
    grid_x, cell_x = _cells(across, at_x)
    grid_y, cell_y = _cells(along, at_y)
    sign = sign_of(direction)
    grid = np.full((len(grid_y), len(grid_x)), np.inf)
    np.minimum.at(grid, (cell_y, cell_x), sign * value)
    grid = np.where(np.isinf(grid), np.nan, sign * grid)
    return Contour(*points, grid_x, grid_y, grid, None)


def rank(columns: TrialColumns, direction: "Direction", x: str, y: str) -> Rank:
    """Return what a rank plot of two parameters shows.

    Raises:
        ConfigError: No trial has one of the parameters, or they are the same.
    """
    across, along, rows = _pair(columns, x, y)
    everyone = comparable(columns)
    ordered = np.sort(sign_of(direction) * columns.value[everyone])
    own = sign_of(direction) * columns.value[rows]
    first = np.searchsorted(ordered, own, side="left")
    last = np.searchsorted(ordered, own, side="right") - 1
    return Rank(
        across,
        along,
        columns.number[rows],
        columns.parameters[x].values[rows],
        columns.parameters[y].values[rows],
        columns.value[rows],
        (first + last) / 2 / max(1, len(ordered) - 1),
    )


def _pair(columns: TrialColumns, x: str, y: str) -> tuple[Axis, Axis, "NDArray[np.int64]"]:
    if x == y:
        raise ConfigError(f"Choose two different parameters, got {x!r} twice.")
    first, second = column_of(columns, x), column_of(columns, y)
    rows = comparable(columns)
    rows = rows[~np.isnan(first.values[rows]) & ~np.isnan(second.values[rows])]
    return Axis.of(first), Axis.of(second), rows


def _cells(
    axis: Axis, values: "NDArray[np.float64]"
) -> tuple["NDArray[np.float64]", "NDArray[np.int64]"]:
    """Return the centres of cells along an axis, and the cell of each value."""
    distinct, cell = np.unique(values, return_inverse=True)
    if len(distinct) <= _CELLS:
        return distinct, cell
    cell = np.clip((axis.place(values) * _CELLS).astype(np.int64), 0, _CELLS - 1)
    return axis.value((np.arange(_CELLS) + 0.5) / _CELLS), cell
