"""The trial that is running in the current context, as the objective's helpers see it.

`highnoon.training` reports through this module, so that a `Trainer` needs no manager.
"""

from contextvars import ContextVar
from typing import Any, Protocol

__all__ = ["RunningTrial", "current_trial", "running_trial"]


class RunningTrial(Protocol):
    """What code inside an objective may ask of its trial."""

    @property
    def number(self) -> int:
        """Number of the trial in its study, from 0."""
        ...

    @property
    def first_number(self) -> int:
        """Number of the first of the trials that this one tries again; its own where it is none."""
        ...

    @property
    def seed(self) -> int:
        """A seed of the trial's own: repeatable where the study's manager was given one."""
        ...

    def report(self, value: float, step: int, **series: float) -> None:
        """Report the objective's value at a step, by hand; further series are kept beside it."""
        ...

    def report_automatically(self, value: float, step: int, **series: float) -> None:
        """Report on behalf of a library; silent once anything was reported by hand."""
        ...

    def should_prune(self) -> bool:
        """Whether the trial should stop early, going by what it reported."""
        ...

    def set_attr(self, name: str, value: Any) -> None:
        """Keep a JSON-compatible value with the trial."""
        ...


current_trial: ContextVar[RunningTrial | None] = ContextVar("highnoon_current_trial", default=None)


def running_trial() -> RunningTrial | None:
    """Return the trial running in this context, or None outside any trial."""
    return current_trial.get()
