"""Grid search beside a queue of trials."""

from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import GridSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

__all__ = ["QueueableGridSampler"]


class QueueableGridSampler(GridSampler):
    """Optuna's grid sampler, which also takes queued trials: enqueued ones and those given back.

    A queued trial is no point of the grid. What it leaves open is drawn from the grid's levels;
    Optuna's own class refuses that, and fails when a queued trial is the last but one.
    """

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the value at the trial's point, or any level for a queued trial."""
        if "grid_id" in trial.system_attrs:
            return super().sample_independent(study, trial, param_name, param_distribution)
        levels = self._search_space[param_name]
        return levels[int(self._rng.rng.randint(len(levels)))]

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Stop the study after the last point of the grid."""
        if "grid_id" in trial.system_attrs:
            super().after_trial(study, trial, state, values)
