"""The state of a trial in one word, finer than Optuna's."""

import math
from typing import TYPE_CHECKING, Literal

from highnoon.hpo import attributes

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from optuna.trial import FrozenTrial

__all__ = ["FINISHED", "TrialStatus", "best_of", "is_finished_trial", "status_of", "trial_status"]

TrialStatus = Literal[
    "completed", "pruned", "diverged", "infeasible", "failed", "lost", "running", "queued"
]

FINISHED: tuple[TrialStatus, ...] = ("completed", "pruned", "diverged", "failed")
"""What counts as one of the trials that were asked for: not infeasible, not given back."""


def trial_status(trial: "FrozenTrial") -> TrialStatus:
    """Return what became of a trial.

    Optuna's `PRUNED` is `"diverged"` where a value was not finite and `"infeasible"` where a
    constraint refused the parameters; its `FAIL` is `"lost"` where the trial was given back.
    A trial completed by other tools with an infinite value counts as diverged.
    """
    finite = math.isfinite(trial.values[0]) if trial.values else False
    return status_of(trial.state.name, trial.user_attrs, finite=finite)


def status_of(state: str, attrs: "Container[str]", *, finite: bool) -> TrialStatus:
    """Return the status that `trial_status` finds, of what it goes by.

    Args:
        state: Name of Optuna's state.
        attrs: Names of the trial's user attributes.
        finite: Whether it has a value that is finite.
    """
    if attributes.INFEASIBLE in attrs:
        return "infeasible"
    if state == "PRUNED":
        return "diverged" if attributes.DIVERGED in attrs else "pruned"
    if state == "FAIL":
        return "lost" if attributes.INTERRUPTED in attrs else "failed"
    if state == "COMPLETE":
        return "completed" if finite else "diverged"
    return "running" if state == "RUNNING" else "queued"


def is_finished_trial(trial: "FrozenTrial") -> bool:
    """Whether a trial counts as one that was asked for."""
    return trial_status(trial) in FINISHED


def best_of(trials: "Iterable[FrozenTrial]", direction: str) -> "FrozenTrial | None":
    """Return the completed trial with the best finite value, the earliest among equals, or None."""
    best: FrozenTrial | None = None
    sign = -1.0 if direction == "maximize" else 1.0
    for trial in trials:
        if (
            trial.state.name == "COMPLETE"
            and trial_status(trial) == "completed"
            and not any(violation > 0.0 for violation in trial.constraints.values())
            and (best is None or sign * trial.values[0] < sign * best.values[0])
        ):
            best = trial
    return best
