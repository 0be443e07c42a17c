"""What an objective asks of the trial that it runs in."""

from typing import Any

import optuna

from highnoon._notices import notice_once
from highnoon.hpo._context import RunningTrial, running_trial

__all__ = ["TrialReporting"]


class TrialReporting:
    """Methods for use inside an objective; outside a trial they do nothing, with one notice.

    They belong to the trial that runs in the current context, whichever manager is asked.
    """

    TrialPruned = optuna.TrialPruned

    def report(self, value: float, step: int, **series: float) -> None:
        """Report the running trial's value at a step, for the pruner; further series are kept.

        Belongs to the trial that runs in the current context, whichever manager is asked. Outside a
        trial it does nothing, so that `objective(best_params)` works.

        Example:
            ```python
            hpo.report(val_loss, epoch, train_loss=train_loss)
            ```
        """
        trial = self._running_trial("report")
        if trial is not None:
            trial.report(value, step, **series)

    def should_prune(self) -> bool:
        """Whether the running trial should stop early; False outside a trial."""
        trial = self._running_trial("should_prune")
        return trial is not None and trial.should_prune()

    def set_attr(self, name: str, value: Any) -> None:
        """Keep a JSON-compatible value with the running trial; outside one, nothing happens."""
        trial = self._running_trial("set_attr")
        if trial is not None:
            trial.set_attr(name, value)

    @staticmethod
    def _running_trial(method: str) -> RunningTrial | None:
        trial = running_trial()
        if trial is None:
            notice_once(f"hpo.{method}() was called outside a trial; it does nothing there.")
        return trial
