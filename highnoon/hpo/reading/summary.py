"""What a list of studies shows of one."""

import dataclasses
import math
import operator
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from optuna.study import StudyDirection

from highnoon.hpo import attributes
from highnoon.hpo.flags import Order, StudyFlags
from highnoon.hpo.states import FINISHED, TrialStatus
from highnoon.hpo.study import Direction

__all__ = ["StudySummary", "directions_of", "front_size", "improvements", "workers_of"]

# Seconds for which a run may draw its next trial.
_BETWEEN_TRIALS = 10.0

StudyStatus = Literal["running", "paused", "finished", "stopped", "unfinished", "idle", "empty"]
"""`"stopped"`: somebody or a run stopped it; `"unfinished"`: no trial runs before its goal is
reached; `"idle"`: no trial runs, and no goal is known."""


@dataclasses.dataclass(frozen=True)
class StudySummary:
    """What a list of studies shows of one.

    Attributes:
        name: Its name.
        directions: `"minimize"` or `"maximize"` for each objective; HighNoon tunes one.
        counts: How many trials have each status; those that none has are left out.
        history: Number and value of each trial that was better than all before it, as `best_of`
            compares them; the last is the best. Empty where there are several objectives.
        last_activity: When a trial started or ended last, in seconds since 1970, or None.
        workers: Names of the workers that run trials, sorted. One that died is among them until
            its trial is given up; stock Optuna leaves no names.
        flags: What it was told: paused, stopped, archived; why a run gave up.
        goal: How many finished trials its runs want in all, or None.
        metric: What its value is called, or None.
        last_start: When a trial started last, in seconds since 1970, or None.
        front: Where there are several objectives, how many trials no other one is better than in
            all of them, else None.
    """

    name: str
    directions: tuple[Direction, ...]
    counts: Mapping[TrialStatus, int]
    history: tuple[tuple[int, float], ...]
    last_activity: float | None
    workers: tuple[str, ...]
    flags: StudyFlags
    goal: int | None
    metric: str | None
    last_start: float | None
    front: int | None = None

    @property
    def status(self) -> StudyStatus:
        """How it stands, in one word."""
        if self.flags.paused is not None:
            return "paused"
        if self.counts.get("running"):
            return "running"
        if not self.counts:
            return "empty"
        if self._stopped() is not None:
            return "stopped"
        if self.goal is None:
            return "idle"
        if self.finished >= self.goal:
            return "finished"
        idle = time.time() - (self.last_activity or 0.0)
        return "running" if idle < _BETWEEN_TRIALS else "unfinished"

    @property
    def reason(self) -> str | None:
        """Who or what stopped it: `by ana@gpu-3`, `after 5 failures in a row`; None if unknown."""
        return self._stopped() if self.status == "stopped" else None

    def _stopped(self) -> str | None:
        """Return what ended the runs since the last trial started, or None."""
        stop = self.flags.stop
        # Orders are given to the second.
        if stop is not None and stop.at.timestamp() >= math.floor(self.last_start or 0.0):
            return f"by {stop.by}"
        return self.gave_up

    @property
    def gave_up(self) -> str | None:
        """Why a run ended itself since the last trial started, or None where none did."""
        said = self.flags.gave_up
        if said is None or said.at.timestamp() < (self.last_start or 0.0):
            return None
        return said.why

    @property
    def finished(self) -> int:
        """How many of its trials count as ones that were asked for."""
        return sum(self.counts.get(status, 0) for status in FINISHED)

    @property
    def best_value(self) -> float | None:
        """The best value of a completed trial, or None."""
        return self.history[-1][1] if self.history else None

    @property
    def paused(self) -> Order | None:
        """Who paused it, or None where trials may start."""
        return self.flags.paused

    @property
    def archived(self) -> Order | None:
        """Who archived it, so that lists leave it out, or None."""
        return self.flags.archived

    @property
    def n_trials(self) -> int:
        """Number of its trials, whatever became of them."""
        return sum(self.counts.values())


def improvements(
    values: Iterable[tuple[int, float]], directions: tuple[Direction, ...]
) -> tuple[tuple[int, float], ...]:
    """Return those of numbers and values, in any order, that are better than all before them."""
    if len(directions) != 1:
        return ()
    sign = -1.0 if directions[0] == "maximize" else 1.0
    better: list[tuple[int, float]] = []
    for number, value in sorted(values):
        if not better or sign * value < sign * better[-1][1]:
            better.append((number, value))
    return tuple(better)


def front_size(points: Iterable[Sequence[float]], directions: tuple[Direction, ...]) -> int:
    """Return how many of some trials' values no other one's are better than in all objectives.

    Values that are equal to others in all of them count each.
    """
    signs = [-1.0 if direction == "maximize" else 1.0 for direction in directions]
    front: list[tuple[float, ...]] = []
    # None is dominated by one that comes after it.
    for point in sorted(tuple(map(operator.mul, signs, values)) for values in points):
        if not any(
            other != point and all(map(operator.le, other, point)) for other in reversed(front)
        ):
            front.append(point)
    return len(front)


def directions_of(names: Iterable[str]) -> tuple[Direction, ...]:
    """Return directions by the names that Optuna has for them."""
    return tuple(
        "maximize" if name == StudyDirection.MAXIMIZE.name else "minimize" for name in names
    )


def workers_of(trials: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the workers that the attributes of each trial name, sorted."""
    return tuple(sorted({name for attrs in trials if (name := _worker_of(attrs)) is not None}))


def _worker_of(attrs: Mapping[str, Any]) -> str | None:
    """Return who runs a trial, or who drew it for others to run."""
    run, lease = attrs.get(attributes.RUN), attrs.get(attributes.LEASE)
    name = run.get("worker") if isinstance(run, dict) else None
    if name is None and isinstance(lease, list) and lease:
        name = lease[0]
    return name if isinstance(name, str) else None
