"""Which share of the trials is at least as low as a value."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.plotdata.selection import comparable
from highnoon.hpo.reading import TrialColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Edf", "edf"]


@dataclasses.dataclass(frozen=True, eq=False)
class Edf:
    """The empirical distribution function of the values of completed feasible trials.

    Attributes:
        value: float64; the distinct values, ascending.
        share: float64; the share of trials whose value is that or lower; the last is 1.
        n_trials: How many trials there are.
    """

    value: "NDArray[np.float64]"
    share: "NDArray[np.float64]"
    n_trials: int


def edf(columns: TrialColumns) -> Edf:
    """Return what a plot of the distribution of values shows."""
    values, counts = np.unique(columns.value[comparable(columns)], return_counts=True)
    total = int(counts.sum())
    return Edf(values, np.cumsum(counts) / max(1, total), total)
