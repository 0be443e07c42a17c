"""Which parameters matter, with how sure that is."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from highnoon.exceptions import ConfigError
from highnoon.hpo._requirements import require
from highnoon.hpo.importance import MIN_TRIALS
from highnoon.hpo.plotdata.ped_anova import ped_anova
from highnoon.hpo.plotdata.selection import sign_of
from highnoon.hpo.reading import ParameterColumn, TrialColumns
from highnoon.hpo.study import create_or_join

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from optuna.trial import FrozenTrial

    from highnoon.hpo.study import Direction

__all__ = ["FANOVA_RESAMPLES", "Importance", "ImportanceEvaluator", "importance"]

ImportanceEvaluator = Literal["ped-anova", "fanova"]

_MOST_DRAWS = 2_000_000
FANOVA_RESAMPLES = 20
"""How many resamples fANOVA draws unless told."""

_FANOVA_TRIALS = 200
_FANOVA_TREES = 8


@dataclasses.dataclass(frozen=True, eq=False)
class Importance:
    """The importance of each parameter over bootstrap resamples of the completed trials.

    In a resample the scores of all parameters sum to 1. There is no score of the trials themselves
    beside the median: resampling shifts scores, so that it may lie outside the interval.

    Attributes:
        evaluator: `"PED-ANOVA"` or `"fANOVA"`.
        n_trials: Completed trials that it rests on.
        resamples: How many resamples were drawn.
        trials_each: Trials in each of them.
        names: The parameters, the most important first; empty where there is a `reason`.
        median: float64; median score of each.
        low: float64; 10th percentile.
        high: float64; 90th percentile.
        reason: Why there are no scores, or None.
    """

    evaluator: str
    n_trials: int
    resamples: int
    trials_each: int
    names: tuple[str, ...]
    median: "NDArray[np.float64]"
    low: "NDArray[np.float64]"
    high: "NDArray[np.float64]"
    reason: str | None

    @property
    def rests_on(self) -> str:
        """A sentence that says what it rests on."""
        if self.reason is not None:
            return self.reason
        each = f" of {self.trials_each}" if self.trials_each < self.n_trials else ""
        return (
            f"{self.evaluator} over {self.n_trials} completed trials. Line: 80 % of "
            f"{self.resamples} resamples{each}; where lines overlap, the order is open."
        )


def importance(
    columns: TrialColumns,
    direction: "Direction",
    evaluator: ImportanceEvaluator = "ped-anova",
    *,
    resamples: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Importance:
    """Return how important parameters are for the value.

    PED-ANOVA assesses every parameter; fANOVA those that all completed trials drew.

    Args:
        columns: The trials.
        direction: What is better.
        evaluator: `"ped-anova"`, which is quick, or `"fanova"`, which takes ten seconds for twelve
            parameters and needs scikit-learn.
        resamples: How many resamples to draw. Left out: 200 for PED-ANOVA, but no more than make
            two million trials together; 20 for fANOVA. Those of fANOVA have at most 200 trials and
            its forests 8 trees, where Optuna's have all trials and 64: Optuna's take minutes.
        seed: Makes the resamples repeatable.
        progress: Called with how many resamples fANOVA has scored, of how many; what it raises
            ends the computation.

    Raises:
        ConfigError: There is no such evaluator, or the number is below 1.
        MissingDependencyError: fANOVA without scikit-learn.
    """
    if evaluator not in ("ped-anova", "fanova"):
        raise ConfigError(f'evaluator must be "ped-anova" or "fanova", got {evaluator!r}.')
    if resamples is not None and (
        isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 1
    ):
        raise ConfigError(f"resamples must be an integer of at least 1, got {resamples!r}.")
    fanova = evaluator == "fanova"
    if fanova:
        require("sklearn", "fANOVA", install="scikit-learn")
    rows = np.flatnonzero(columns.is_status("completed"))
    count = len(rows)
    each = min(count, _FANOVA_TRIALS) if fanova else count
    if resamples is None:
        resamples = FANOVA_RESAMPLES if fanova else min(200, max(20, _MOST_DRAWS // max(1, each)))
    name = "fANOVA" if fanova else "PED-ANOVA"
    loss = sign_of(direction) * columns.value[rows]
    reason = _reason(loss)
    if reason is not None:
        none = np.empty(0)
        return Importance(name, count, 0, 0, (), none, none, none, reason)
    parameters = [
        dataclasses.replace(column, values=column.values[rows])
        for column in columns.parameters.values()
        if not np.isnan(column.values[rows]).all()
    ]
    draws = np.random.default_rng(seed).integers(count, size=(resamples, each))
    if fanova:
        parameters = [column for column in parameters if not np.isnan(column.values).any()]
        scores = _fanova(parameters, loss, draws, seed, progress)
    else:
        at_once = max(1, _MOST_DRAWS // each)
        blocks = (draws[first : first + at_once] for first in range(0, resamples, at_once))
        scores = np.concatenate([ped_anova(parameters, loss, block) for block in blocks])
    if not parameters:
        none = np.empty(0)
        reason = "No parameter was drawn by all completed trials."
        return Importance(name, count, 0, 0, (), none, none, none, reason)
    total = scores.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, scores / np.where(total > 0, total, 1), 1 / len(parameters))
    low, median, high = np.percentile(shares, [10, 50, 90], axis=0)
    order = np.argsort(-median, kind="stable")
    return Importance(
        evaluator=name,
        n_trials=count,
        resamples=resamples,
        trials_each=each,
        names=tuple(parameters[place].name for place in order),
        median=median[order],
        low=low[order],
        high=high[order],
        reason=None,
    )


def _reason(loss: "NDArray[np.float64]") -> str | None:
    if len(loss) < MIN_TRIALS:
        return (
            f"{len(loss)} of {MIN_TRIALS} completed trials. With fewer, the order would be chance."
        )
    if loss.min() == loss.max():
        return f"All {len(loss)} completed trials have the same value; no parameter matters yet."
    return None


def _fanova(
    parameters: Sequence[ParameterColumn],
    loss: "NDArray[np.float64]",
    draws: "NDArray[np.int64]",
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> "NDArray[np.float64]":
    """Return [R, parameters]: the scores that Optuna's fANOVA finds in resamples."""
    from optuna.importance import FanovaImportanceEvaluator
    from optuna.pruners import NopPruner
    from optuna.samplers import RandomSampler
    from optuna.storages import InMemoryStorage

    scores = np.zeros((len(draws), len(parameters)))
    trials = _trials(parameters, loss)
    for resample, rows in enumerate(draws):
        study, _ = create_or_join(
            "resample",
            InMemoryStorage(),
            direction="minimize",
            join=False,
            sampler=RandomSampler(),
            pruner=NopPruner(),
        )
        study.add_trials([trials[row] for row in rows])
        evaluator = FanovaImportanceEvaluator(n_trees=_FANOVA_TREES, seed=seed + resample)
        found = evaluator.evaluate(study, [column.name for column in parameters])
        scores[resample] = [found[column.name] for column in parameters]
        if progress is not None:
            progress(resample + 1, len(draws))
    scores[~np.isfinite(scores)] = 0.0
    return scores


def _trials(
    parameters: Sequence[ParameterColumn], loss: "NDArray[np.float64]"
) -> "list[FrozenTrial]":
    """Return Optuna's trials, made of columns."""
    from optuna.distributions import CategoricalDistribution
    from optuna.trial import create_trial

    distributions = {
        column.name: column.distribution
        if column.choices is None
        else CategoricalDistribution(column.choices)
        for column in parameters
    }
    return [
        create_trial(
            value=float(value),
            params={column.name: column.shown(row) for column in parameters},
            distributions=distributions,
        )
        for row, value in enumerate(loss)
    ]
