"""Which parameters matter, and how far that can be trusted."""

from typing import TYPE_CHECKING

from highnoon._notices import notice
from highnoon.hpo.states import trial_status

if TYPE_CHECKING:
    import optuna
    from optuna.importance import BaseImportanceEvaluator

__all__ = ["MIN_TRIALS", "ParamImportance", "param_importance"]

MIN_TRIALS = 10
"""Completed trials below which an order of parameters would be chance."""


class ParamImportance(dict[str, float]):
    """Importance by parameter, the most important first; the scores sum to 1.

    Attributes:
        evaluator: What computed the scores, such as `"PED-ANOVA"`.
        n_trials: Completed trials that they rest on.
    """

    def __init__(self, scores: dict[str, float], *, evaluator: str, n_trials: int) -> None:
        super().__init__(scores)
        self.evaluator = evaluator
        self.n_trials = n_trials

    def __repr__(self) -> str:
        scores = ", ".join(f"{name}: {score:.3f}" for name, score in self.items())
        return f"<{self.evaluator} over {self.n_trials} completed trials: {scores or 'no scores'}>"


def param_importance(
    study: "optuna.Study", *, evaluator: "BaseImportanceEvaluator | None" = None
) -> ParamImportance:
    """Return the importance of each parameter for the value.

    PED-ANOVA assesses conditional parameters too; other evaluators leave out what only some trials
    have. With fewer than `MIN_TRIALS` completed trials, or where all values are equal, the result
    is empty and a message says why.

    Args:
        study: The study.
        evaluator: An Optuna evaluator; PED-ANOVA where none is given (Watanabe et al. 2023,
            "PED-ANOVA", https://arxiv.org/abs/2304.10255; for conditional parameters
            https://arxiv.org/abs/2601.20800).
    """
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    if evaluator is None:
        evaluator = PedAnovaImportanceEvaluator()
    name = (
        type(evaluator)
        .__name__.removesuffix("ImportanceEvaluator")
        .replace("PedAnova", "PED-ANOVA")
    )
    trials = [t for t in study.get_trials(deepcopy=False) if trial_status(t) == "completed"]
    reason = None
    if len(trials) < MIN_TRIALS:
        reason = (
            f"{len(trials)} of {MIN_TRIALS} completed trials. "
            "With fewer, the order would be chance."
        )
    elif len({t.values[0] for t in trials}) == 1:
        reason = (
            f"All {len(trials)} completed trials have the same value; no parameter matters yet."
        )
    if reason is not None:
        notice(f"No importance: {reason}")
        return ParamImportance({}, evaluator=name, n_trials=len(trials))
    scores = get_param_importances(study, evaluator=evaluator)
    return ParamImportance(scores, evaluator=name, n_trials=len(trials))
