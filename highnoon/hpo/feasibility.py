"""Whether the constraints of a search space can be satisfied, found out before any trial."""

from optuna.pruners import NopPruner
from optuna.samplers import RandomSampler
from optuna.storages import InMemoryStorage

from highnoon.exceptions import SearchSpaceError
from highnoon.hpo.space import SearchSpace
from highnoon.hpo.study import create_or_join

__all__ = ["MAX_INFEASIBLE_IN_A_ROW", "check_feasible", "too_many_infeasible"]

MAX_INFEASIBLE_IN_A_ROW = 1000


def check_feasible(space: SearchSpace) -> None:
    """Draw at random, outside the study, until a draw satisfies the constraints.

    Raises:
        SearchSpaceError: A thousand draws did not.
    """
    if not space.constraints:
        return
    study, _ = create_or_join(
        "feasibility",
        InMemoryStorage(),
        direction=None,
        join=False,
        sampler=RandomSampler(seed=0),
        pruner=NopPruner(),
    )
    for _ in range(MAX_INFEASIBLE_IN_A_ROW):
        trial = study.ask()
        space.suggest(trial)
        if all(amount <= 0 for amount in space.violations(trial.params).values()):
            return
    raise too_many_infeasible(space)


def too_many_infeasible(space: SearchSpace) -> SearchSpaceError:
    """Return the error for constraints that draw after draw violates."""
    constraints = " and ".join(f'"{text}"' for text in space.constraints)
    return SearchSpaceError(
        f"{MAX_INFEASIBLE_IN_A_ROW} draws in a row violated {constraints}. Loosen the constraints, "
        "or narrow the search space towards them."
    )
