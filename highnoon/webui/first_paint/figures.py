"""What the summary strip says, computed as `widgets/src/derived.ts` does."""

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from highnoon.hpo.reading import StudyState, TrialColumns

__all__ = ["Best", "best_of", "saved_by_pruning"]


class Best(NamedTuple):
    """The best trial: its value, those of the second and of the best before it, NaN for none."""

    number: int
    value: float
    second: float
    former: float
    completed: float


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


def saved_by_pruning(trials: "TrialColumns") -> tuple[float, float] | None:
    """Return seconds of worker time and their share of all, or None where nothing is known."""
    time = trials.completed - trials.started
    timed = time >= 0
    completed, pruned = (time[trials.is_status(each) & timed] for each in ("completed", "pruned"))
    if not (len(completed) and len(pruned)):
        return None
    seconds = max(0.0, float(completed.mean() * len(pruned) - pruned.sum()))
    return seconds, seconds / (seconds + float(completed.sum() + pruned.sum()))
