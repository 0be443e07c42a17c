"""How long a run goes on."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from highnoon.exceptions import ConfigError
from highnoon.hpo.states import is_finished_trial

if TYPE_CHECKING:
    import optuna

__all__ = ["Budget"]


@dataclass
class Budget:
    """Limits of one run; it ends when the first of them is reached.

    Attributes:
        n_trials: Trials that this run adds, infeasible and interrupted ones not counted.
        total_trials: Finished trials that the study is to have, over all workers.
        timeout: Seconds after which no new trial starts.
    """

    n_trials: int | None = None
    total_trials: int | None = None
    timeout: float | None = None
    done: int = 0
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        for name in ("n_trials", "total_trials"):
            value = getattr(self, name)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int) or value < 1
            ):
                raise ConfigError(f"{name} must be an integer of at least 1, got {value!r}.")
        if self.timeout is not None and not (
            isinstance(self.timeout, int | float) and self.timeout > 0
        ):
            raise ConfigError(
                f"timeout must be a positive number of seconds, got {self.timeout!r}."
            )

    def is_spent(self, study: "optuna.Study") -> bool:
        """Whether no further trial should start."""
        if self.n_trials is not None and self.done >= self.n_trials:
            return True
        if self.timeout is not None and self.elapsed >= self.timeout:
            return True
        return self.total_trials is not None and self._finished(study) >= self.total_trials

    def remaining(self, study: "optuna.Study") -> int | None:
        """Trials that this run may still add, or None where only time limits it."""
        left = []
        if self.n_trials is not None:
            left.append(self.n_trials - self.done)
        if self.total_trials is not None:
            left.append(self.total_trials - self._finished(study))
        return max(0, min(left)) if left else None

    @property
    def elapsed(self) -> float:
        """Seconds since the run started."""
        return time.monotonic() - self.started

    @staticmethod
    def _finished(study: "optuna.Study") -> int:
        return sum(map(is_finished_trial, study.get_trials(deepcopy=False)))
