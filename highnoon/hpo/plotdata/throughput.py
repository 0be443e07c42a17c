"""What pruning saved, and when a study will reach its goal."""

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.reading import TrialColumns
from highnoon.hpo.states import FINISHED, TrialStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Pace", "SavedByPruning", "pace", "saved_by_pruning"]

_RECENT = 20


@dataclasses.dataclass(frozen=True)
class SavedByPruning:
    """An estimate: what pruned trials would have taken beyond what they took.

    It rests on trials whose start and end are known. A completed trial counts whether or not it
    violates a constraint.

    Attributes:
        seconds: Time of workers: the mean duration of completed trials times `pruned`, less what
            the pruned ones took. 0 where that is negative or none was pruned; NaN where some were
            and none completed, so that nothing is known.
        share: `seconds` as a part of what the study would have taken without pruning, 0 to 1: of
            them and the durations of all finished trials, which are the completed, pruned,
            diverged and failed ones. NaN where `seconds` is.
        pruned: How many trials were pruned.
        mean_duration: Mean seconds of a completed trial, NaN where there is none.
    """

    seconds: float
    share: float
    pruned: int
    mean_duration: float


@dataclasses.dataclass(frozen=True)
class Pace:
    """How fast trials finish.

    Attributes:
        per_hour: Finished trials in an hour in which some trial runs, over the last `n_trials`;
            NaN before the first.
        n_trials: Finished trials that it rests on, at most 20.
        finished: Finished trials in all: completed, pruned, diverged and failed ones.
        remaining: Trials to go to the goal; None where there is no goal.
        seconds_left: Seconds to the goal at that pace: 0 where it is reached; None where there is
            no goal, no pace, or no trial runs.
        active: Seconds, since the trial before those, in which some trial ran.
        worked: Seconds that trials ran in that time, summed over trials.
    """

    per_hour: float
    n_trials: int
    finished: int
    remaining: int | None
    seconds_left: float | None
    active: float
    worked: float

    def busy(self, workers: int) -> float:
        """Return for which share of `active` so many workers had a trial; NaN where none runs."""
        return (
            min(1.0, self.worked / (self.active * workers)) if self.active * workers else math.nan
        )


def saved_by_pruning(columns: TrialColumns) -> SavedByPruning:
    """Estimate the time of workers that pruning saved."""
    duration = columns.completed - columns.started

    def durations(*statuses: TrialStatus) -> "NDArray[np.float64]":
        return duration[columns.is_status(*statuses) & (duration >= 0)]

    completed, pruned, finished = durations("completed"), durations("pruned"), durations(*FINISHED)
    mean = float(completed.mean()) if len(completed) else math.nan
    if not len(pruned):
        return SavedByPruning(0.0, 0.0, 0, mean)
    seconds = float(np.maximum(0.0, mean * len(pruned) - pruned.sum()))
    share = 0.0 if seconds == 0 else seconds / (seconds + float(finished.sum()))
    return SavedByPruning(seconds, share, len(pruned), mean)


def pace(columns: TrialColumns, now: float, goal: int | None = None) -> Pace:
    """Return how fast trials finish and how long a goal is away.

    Time in which no trial ran, as between two runs, does not count.

    Args:
        columns: The trials.
        now: Seconds since 1970.
        goal: How many finished trials are wanted in all; see `StudyState.goal`.
    """
    finished = columns.is_status(*FINISHED)
    count = int(finished.sum())
    ends = np.sort(columns.completed[finished & ~np.isnan(columns.completed)])
    recent = ends[-_RECENT:]
    active = worked = 0.0
    if len(recent):
        since = ends[-_RECENT - 1] if len(ends) > _RECENT else -np.inf
        active, worked = _active_and_worked(columns, since, now)
    per_hour = 3600 * len(recent) / active if active > 0 else math.nan
    remaining = None if goal is None else max(0, goal - count)
    left = None
    if remaining == 0:
        left = 0.0
    elif remaining is not None and active > 0 and columns.is_status("running").any():
        left = remaining / per_hour * 3600
    return Pace(per_hour, len(recent), count, remaining, left, active, worked)


def _active_and_worked(columns: TrialColumns, since: float, now: float) -> tuple[float, float]:
    """Return the seconds of a time in which some trial ran, and those of all trials in it."""
    running = columns.is_status("running")
    counted = ~np.isnan(columns.started) & (running | ~np.isnan(columns.completed))
    end = np.where(running, now, columns.completed)[counted]
    start = np.maximum(columns.started[counted], since)
    order = np.argsort(start)
    start, end = start[order], np.minimum(end, now)[order]
    return _length_of_union(start, end), float(np.maximum(0.0, end - start).sum())


def _length_of_union(start: "NDArray[np.float64]", end: "NDArray[np.float64]") -> float:
    """Return how much intervals, ordered by their starts, cover together."""
    if not len(start):
        return 0.0
    covered = np.maximum.accumulate(end)
    before = np.concatenate([[-np.inf], covered[:-1]])
    return float(np.maximum(0.0, end - np.maximum(start, before)).sum())
