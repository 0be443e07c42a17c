"""What the summary strip says, computed as `widgets/src/derived.ts` does."""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from highnoon.hpo.states import FINISHED

if TYPE_CHECKING:
    from highnoon.hpo.reading import StudyState, TrialColumns

__all__ = ["Best", "Pace", "best_of", "pace", "saved_by_pruning"]

# The pace is that of this many trials.
_RECENT = 30


class Best(NamedTuple):
    """The best trial: its value, those of the second and of the best before it, NaN for none."""

    number: int
    value: float
    second: float
    former: float
    completed: float


class Pace(NamedTuple):
    """Finished trials in an hour, share of time that workers had one, seconds to the goal."""

    per_hour: float = math.nan
    busy: float = math.nan
    left: float = math.nan


def best_of(study: "StudyState", trials: "TrialColumns") -> Best | None:
    """Return the best trial, or None where none completed."""
    best = trials.best(study.direction)
    if best is None:
        return None
    sign = -1.0 if study.direction == "maximize" else 1.0
    others = trials.is_status("completed") & trials.feasible
    others[best] = False
    before = others & (trials.completed <= trials.completed[best])
    second, former = (
        sign * float((sign * trials.value[rows]).min()) if rows.any() else math.nan
        for rows in (others, before)
    )
    return Best(
        int(trials.number[best]),
        float(trials.value[best]),
        second,
        former,
        float(trials.completed[best]),
    )


def pace(study: "StudyState", trials: "TrialColumns", workers: int, now: float) -> Pace:
    """Return how fast trials finish, going by the last ones.

    Args:
        study: The study's state.
        trials: All its trials.
        workers: How many run.
        now: Seconds since 1970.
    """
    finished = np.flatnonzero(trials.is_status(*FINISHED) & (trials.completed > 0))
    if len(finished) < 2:
        return Pace()
    recent = finished[np.argsort(trials.completed[finished], kind="stable")][-_RECENT:]
    end = now if workers else float(trials.completed[recent[-1]])
    start = float(np.nanmin(trials.started[recent], initial=math.inf))
    span = end - start
    if not 0 < span < math.inf:
        return Pace()
    per_hour = len(recent) / span * 3600
    until = np.where(trials.is_status("running"), end, trials.completed)
    worked = np.minimum(until, end) - np.maximum(trials.started, start)
    busy = math.nan
    if workers:
        busy = min(1.0, float(worked[worked > 0].sum()) / (span * workers))
    left = math.nan
    if workers and study.goal is not None:
        done = int(trials.is_status(*FINISHED).sum())
        left = max(0, study.goal - done) / per_hour * 3600
    return Pace(per_hour, busy, left)


def saved_by_pruning(trials: "TrialColumns") -> tuple[float, float] | None:
    """Return seconds of worker time and their share of all, or None where nothing is known."""
    time = trials.completed - trials.started
    timed = time >= 0
    completed, pruned = (time[trials.is_status(each) & timed] for each in ("completed", "pruned"))
    if not (len(completed) and len(pruned)):
        return None
    seconds = max(0.0, float(completed.mean() * len(pruned) - pruned.sum()))
    return seconds, seconds / (seconds + float(completed.sum() + pruned.sum()))
