"""What follows when a trial of a run has ended, wherever it ran."""

import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import optuna
from optuna.trial import FrozenTrial

from highnoon._notices import logger, notice
from highnoon.exceptions import SearchSpaceError, TooManyFailuresError
from highnoon.hpo import attributes
from highnoon.hpo.flags import GaveUp
from highnoon.hpo.states import best_of, is_finished_trial, trial_status
from highnoon.hpo.study import direction_of

if TYPE_CHECKING:
    from highnoon.hpo.run.budget import Budget
    from highnoon.hpo.run.progress import Progress

__all__ = ["Callback", "Tally", "say_how_it_ended"]

Callback = Callable[[optuna.Study, FrozenTrial], object]

_MAX_REFUSED_IN_A_ROW = 50
_MAX_FAILURES_IN_A_ROW = 5


class Tally:
    """Counts the trials of a run, shows its progress, and calls its callbacks.

    Args:
        study: The study.
        budget: Counts the trials that were asked for.
        callbacks: Called with the study and each trial that ended.
        progress: Shows them.
    """

    def __init__(
        self,
        study: optuna.Study,
        budget: "Budget",
        callbacks: Sequence[Callback],
        progress: "Progress",
    ) -> None:
        self._study = study
        self._budget = budget
        self._callbacks = callbacks
        self._progress = progress
        self._direction = direction_of(study)
        self._best = best_of(study.get_trials(deepcopy=False), self._direction)
        self._failures: list[FrozenTrial] = []
        self._refused = 0

    def add(self, finished: FrozenTrial) -> None:
        """Count a trial that ended.

        Raises:
            TooManyFailuresError: It is the fifth in a row that failed.
            SearchSpaceError: It is the fiftieth in a row that the objective refused.
        """
        counted = is_finished_trial(finished)
        self._budget.done += counted
        trials = [finished] if self._best is None else [self._best, finished]
        self._best = best_of(trials, self._direction)
        self._progress.update(finished, self._best, counted=counted)
        for callback in self._callbacks:
            self._call(callback, finished)
        failed = attributes.FAILURE in finished.user_attrs
        self._failures = [*self._failures, finished] if failed else []
        self._refused = self._refused + 1 if trial_status(finished) == "infeasible" else 0
        if self._refused >= _MAX_REFUSED_IN_A_ROW:
            self._give_up(f"after {self._refused} infeasible trials in a row")
            raise SearchSpaceError(_too_many_refused(finished))
        if len(self._failures) >= _MAX_FAILURES_IN_A_ROW:
            kinds = _kinds(self._failures)
            self._give_up(f"after {len(self._failures)} failures in a row: {kinds}")
            raise TooManyFailuresError(_too_many_failures(self._failures))

    def close(self) -> None:
        """Leave the last state of the progress standing."""
        self._progress.close(self._best)

    def _give_up(self, why: str) -> None:
        self._study.set_user_attr(attributes.GAVE_UP, GaveUp.now(why).to_json())

    def _call(self, callback: Callback, finished: FrozenTrial) -> None:
        try:
            callback(self._study, finished)
        except Exception:
            name = getattr(callback, "__name__", repr(callback))
            logger.warning(
                "Callback %s failed on trial %d (%s); the study goes on.\n%s",
                name,
                finished.number,
                trial_status(finished),
                traceback.format_exc().rstrip(),
            )


def say_how_it_ended(trial: FrozenTrial) -> None:
    """Tell the user of a trial that failed or was refused; others need no words."""
    if attributes.FAILURE in trial.user_attrs:
        failure = trial.user_attrs[attributes.FAILURE]
        first_line = failure["message"].partition("\n")[0]
        place = f" ({failure['place']})" if failure.get("place") else ""
        notice(f"Trial {trial.number} failed: {failure['type']}: {first_line}{place}")
    elif trial_status(trial) == "infeasible":
        notice(f"Trial {trial.number} is infeasible: {trial.user_attrs[attributes.INFEASIBLE]}")


def _kinds(failures: Sequence[FrozenTrial]) -> str:
    kinds = Counter(trial.user_attrs[attributes.FAILURE]["type"] for trial in failures)
    if len(kinds) == 1:
        return f"all {next(iter(kinds))}"
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def _too_many_failures(failures: Sequence[FrozenTrial]) -> str:
    last = failures[-1]
    return (
        f"Stopped after {len(failures)} failures in a row: {_kinds(failures)}. "
        f"Trial {last.number} said: {last.user_attrs[attributes.FAILURE]['message']}\n"
        f"Its traceback: trial.user_attrs[{attributes.FAILURE!r}]['traceback']"
    )


def _too_many_refused(last: FrozenTrial) -> str:
    return (
        f"{_MAX_REFUSED_IN_A_ROW} trials in a row were infeasible. Trial {last.number}: "
        f"{last.user_attrs[attributes.INFEASIBLE]} Narrow the search space towards the feasible."
    )
