"""Reports of all trials as flat columns, also of those that still grow."""

from collections.abc import Set as AbstractSet

import numpy as np

from highnoon.hpo.reading.columns import ReportColumns
from highnoon.hpo.reading.growing import GrowingColumns

__all__ = ["Reports"]


class Reports:
    """The reports of a study.

    Those of a trial are read again as a whole when it finishes, since a step may have been
    overwritten; until then it is kept where each stands.
    """

    def __init__(self) -> None:
        self._columns = GrowingColumns(
            number=(np.int64, -1), step=(np.int64, -1), value=(np.float64, np.nan)
        )
        self._places: dict[int, dict[int, int]] = {}

    def set(
        self,
        numbers: np.ndarray,
        steps: np.ndarray,
        values: np.ndarray,
        *,
        growing: AbstractSet[int],
        finished: AbstractSet[int],
    ) -> ReportColumns:
        """Keep what was read, and return what of it is new or differs from what was known.

        Args:
            numbers: Numbers of the trials.
            steps: Steps of the reports.
            values: Their values.
            growing: Numbers of those trials that may get more.
            finished: Numbers of those that will not.
        """
        places = np.full(len(numbers), -1, dtype=np.int64)
        for i in _among(numbers, self._places.keys()):
            places[i] = self._places[int(numbers[i])].get(int(steps[i]), -1)
        old = np.flatnonzero(places >= 0)
        before = self._columns["value"][places[old]]
        same = (before == values[old]) | (np.isnan(before) & np.isnan(values[old]))
        overwritten = old[~same]
        self._columns["value"][places[overwritten]] = values[overwritten]

        new = np.flatnonzero(places < 0)
        first = len(self._columns)
        self._columns.extend(len(new))
        for name, read in (("number", numbers), ("step", steps), ("value", values)):
            self._columns[name][first:] = read[new]

        for number in finished:
            self._places.pop(number, None)
        for number in growing:
            self._places.setdefault(number, {})
        for i in _among(numbers[new], growing):
            self._places[int(numbers[new[i]])][int(steps[new[i]])] = first + int(i)
        changed = np.sort(np.concatenate([new, overwritten]))
        return ReportColumns(numbers[changed], steps[changed], values[changed])

    def count(self, number: int) -> int:
        """Return how many reports an unfinished trial has."""
        return len(self._places[number])

    def columns(self) -> ReportColumns:
        """Return all reports, by trial and step."""
        number, step = self._columns["number"], self._columns["step"]
        order = np.lexsort((step, number))
        return ReportColumns(number[order], step[order], self._columns["value"][order])


def _among(numbers: np.ndarray, some: AbstractSet[int]) -> np.ndarray:
    """Return where numbers of a set stand."""
    return np.flatnonzero(np.isin(numbers, list(some))) if some else np.empty(0, dtype=np.int64)
