"""What a run says before its first trial."""

from typing import TYPE_CHECKING

from highnoon._notices import notice
from highnoon.hpo.states import is_finished_trial

if TYPE_CHECKING:
    import optuna

    from highnoon.hpo.run.budget import Budget
    from highnoon.hpo.space import SearchSpace

__all__ = ["announce"]


def announce(
    study: "optuna.Study",
    budget: "Budget",
    space: "SearchSpace",
    *,
    joined: bool,
    points: int | None,
) -> None:
    """Say which study goes on, how large a grid is, or that trials are few for the space.

    Args:
        study: The study.
        budget: How long the run will go on.
        space: What its trials are drawn from.
        joined: Whether the study was there before, and that was not said yet.
        points: Points of the grid, or None where there is no grid.
    """
    expected = budget.remaining(study)
    there = sum(map(is_finished_trial, study.get_trials(deepcopy=False)))
    if joined:
        running = "running more" if expected is None else f"running {expected} more"
        notice(f"joined {study.study_name}: {there} trials there, {running}")
    if points is not None:
        notice(f"The grid has {points} points.")
    elif expected is not None and there == 0 and expected < space.recommended_trials:
        parameters = "1 parameter" if len(space) == 1 else f"{len(space)} parameters"
        trials = "1 trial is" if expected == 1 else f"{expected} trials are"
        notice(
            f"{trials} few for {parameters}; {space.recommended_trials} or more are recommended."
        )
