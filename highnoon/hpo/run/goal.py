"""How many finished trials a study's runs want in all, kept with it for those who watch."""

from typing import TYPE_CHECKING

from highnoon.hpo import attributes
from highnoon.hpo.states import is_finished_trial

if TYPE_CHECKING:
    import optuna

__all__ = ["keep_goal"]


def keep_goal(study: "optuna.Study", adds: int | None, total: int | None) -> None:
    """Note, when a run starts, what it wants of its study. Writes at most one attribute.

    What other runs want counts while a trial of theirs runs, or while nothing has finished: two
    workers that start on a new study with 25 trials each make 50. The wish of a run that was cut
    short is forgotten by the next run, where no other goes on. Two runs that start within the same
    moment may both count from the same goal.

    Args:
        study: The study.
        adds: Finished trials that the run adds at most, or None.
        total: Finished trials over all runs at which it stops, or None. Where both are None, only
            time limits the run, and the goal is left as it is.
    """
    if adds is None and total is None:
        return
    trials = study.get_trials(deepcopy=False)
    finished = sum(map(is_finished_trial, trials))
    kept = study.user_attrs.get(attributes.GOAL)
    others = any(trial.state.name == "RUNNING" for trial in trials)
    before = max(finished, kept or 0) if others or not finished else finished
    limits = []
    if adds is not None:
        limits.append(before + adds)
    if total is not None:
        limits.append(max(before, total))
    goal = min(limits)
    if goal != kept:
        study.set_user_attr(attributes.GOAL, goal)
