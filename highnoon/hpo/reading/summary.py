"""What a list of studies shows of one."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from optuna.study import StudyDirection

from highnoon.hpo import attributes
from highnoon.hpo.flags import Order
from highnoon.hpo.states import TrialStatus
from highnoon.hpo.study import Direction

__all__ = ["StudySummary", "directions_of", "workers_of"]


@dataclasses.dataclass(frozen=True)
class StudySummary:
    """What a list of studies shows of one.

    Attributes:
        name: Its name.
        directions: `"minimize"` or `"maximize"` for each objective; HighNoon tunes one.
        counts: How many trials have each status; those that none has are left out.
        best_value: The best value of a completed trial as `best_of` finds it; None where there is
            none, or several objectives.
        last_activity: When a trial started or ended last, in seconds since 1970, or None.
        workers: Names of the workers that run trials, sorted. One that died is among them until
            its trial is given up; stock Optuna leaves no names.
        paused: Who paused it, or None where trials may start.
        archived: Who archived it, so that lists leave it out, or None.
    """

    name: str
    directions: tuple[Direction, ...]
    counts: Mapping[TrialStatus, int]
    best_value: float | None
    last_activity: float | None
    workers: tuple[str, ...]
    paused: Order | None
    archived: Order | None

    @property
    def n_trials(self) -> int:
        """Number of its trials, whatever became of them."""
        return sum(self.counts.values())


def directions_of(names: Iterable[str]) -> tuple[Direction, ...]:
    """Return directions by the names that Optuna has for them."""
    return tuple(
        "maximize" if name == StudyDirection.MAXIMIZE.name else "minimize" for name in names
    )


def workers_of(attrs: Iterable[tuple[str, Any]]) -> tuple[str, ...]:
    """Return the workers that attributes of trials name, sorted."""
    workers = set()
    for key, value in attrs:
        if key == attributes.RUN and isinstance(value, dict):
            workers.add(value.get("worker"))
        elif key == attributes.LEASE and isinstance(value, list) and value:
            workers.add(value[0])
    return tuple(sorted(worker for worker in workers if isinstance(worker, str)))
