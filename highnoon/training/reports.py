"""What a run tells the trial that it is part of."""

import math
import weakref
from collections.abc import Sequence

from highnoon.hpo._context import RunningTrial, running_trial
from highnoon.training.curriculum import Stage
from highnoon.training.hyperparameters import STAGES_ATTRIBUTE

__all__ = ["TrialReports"]

_reports_so_far: "weakref.WeakKeyDictionary[RunningTrial, int]" = weakref.WeakKeyDictionary()


class TrialReports:
    """Reports evaluations to the running trial, if there is one.

    A trial that trains several times counts on, so that no step is reported twice.

    Args:
        stages: The run's stages, kept as an attribute of the trial.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._trial = running_trial()
        self._before = 0
        if self._trial is not None:
            self._before = _reports_so_far.get(self._trial, 0)
            self._trial.set_attr(STAGES_ATTRIBUTE, [stage.to_dict() for stage in stages])

    def report(self, loss: float, number: int, **series: float) -> None:
        """Report the held-out loss of evaluation `number`; a loss of nan marks a divergence.

        Raises:
            optuna.TrialPruned: The trial should stop.
        """
        if self._trial is None:
            return
        step = self._before + number
        _reports_so_far[self._trial] = step
        self._trial.report_automatically(loss, step, **series)
        if math.isfinite(loss) and self._trial.should_prune():
            import optuna

            raise optuna.TrialPruned(f"Pruned at evaluation {step}, held-out loss {loss:.4f}.")
