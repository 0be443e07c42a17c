"""All parameters side by side, a line for each trial."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.plotdata.axes import Axis
from highnoon.hpo.plotdata.selection import columns_named, top_rows
from highnoon.hpo.reading import TrialColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from highnoon.hpo.study import Direction

__all__ = ["Parallel", "parallel"]


@dataclasses.dataclass(frozen=True, eq=False)
class Parallel:
    """Completed feasible trials, the best first.

    Attributes:
        direction: `"minimize"` or `"maximize"`.
        number: int64.
        value: float64.
        axes: The parameters' scales.
        places: float64, a row per trial and a column per axis; 0 to 1 from the low end to the high
            end, NaN where the trial did not draw it.
    """

    direction: "Direction"
    number: "NDArray[np.int64]"
    value: "NDArray[np.float64]"
    axes: tuple[Axis, ...]
    places: "NDArray[np.float64]"


def parallel(
    columns: TrialColumns, direction: "Direction", parameters: Sequence[str] | None = None
) -> Parallel:
    """Return what parallel coordinates show.

    Args:
        columns: The trials.
        direction: What is better.
        parameters: Which parameters, in this order; all of them where none are given.

    Raises:
        ConfigError: No trial has one of the parameters.
    """
    chosen = columns_named(columns, parameters)
    rows = top_rows(columns, direction, len(columns))
    axes = tuple(map(Axis.of, chosen))
    places = np.empty((len(rows), len(axes)))
    for place, (axis, column) in enumerate(zip(axes, chosen, strict=True)):
        places[:, place] = axis.place(column.values[rows])
    return Parallel(direction, columns.number[rows], columns.value[rows], axes, places)
