"""One `optimize`: its checks, its progress, and what is said when it is cut short."""

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from highnoon._notices import notice
from highnoon.exceptions import ConfigError, NoCompletedTrialError, StorageError
from highnoon.hpo.run.goal import keep_goal
from highnoon.hpo.run.loop import TrialLoop
from highnoon.hpo.run.progress import Progress
from highnoon.hpo.states import is_finished_trial
from highnoon.hpo.storage import storage_errors
from highnoon.hpo.storage.retrying import retrying_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from highnoon.hpo.reader import StudyReader
    from highnoon.hpo.run.budget import Budget
    from highnoon.hpo.run.loop import Callback, Objective
    from highnoon.hpo.run.parallel import ParallelLoop

__all__ = ["RunOptions", "StudyRun", "check_functions"]


class RunOptions(TypedDict, total=False):
    """Keyword arguments of `HPOTrialManager.optimize` and `start`."""

    n_trials: int | None
    total_trials: int | None
    timeout: float | None
    constraints: Sequence[str]
    callbacks: "Sequence[Callback] | None"
    show_progress: bool | None
    n_jobs: int | None
    executor: "Executor | None"
    trial_timeout: float | None
    trial_memory: int | None


class StudyRun:
    """Called once, it runs trials and returns the best parameters so far.

    Args:
        reader: Reads the study's results.
        loop: Runs the trials.
        objective: What the trials call.
        budget: How long the run goes on.
        callbacks: Called after each trial.
        points: Points of the grid, or None where there is no grid.
        show_progress: Whether to show progress; None shows it.
        storage_label: What to call the storage in errors.
    """

    def __init__(
        self,
        reader: "StudyReader",
        loop: "TrialLoop | ParallelLoop",
        objective: "Objective",
        budget: "Budget",
        *,
        callbacks: "Sequence[Callback]",
        points: int | None,
        show_progress: bool | None,
        storage_label: str,
    ) -> None:
        self._reader = reader
        self._loop = loop
        self._objective = objective
        self._budget = budget
        self._callbacks = callbacks
        self._points = points
        self._show_progress = show_progress
        self._storage_label = storage_label

    def __call__(self) -> dict[str, Any]:
        """Run to the end.

        Raises:
            NoCompletedTrialError: No trial completed.
            KeyboardInterrupt: Ctrl-C, and no trial completed or the storage does not answer.
            SystemExit: SIGTERM, or the objective's own.
            HighNoonError: As `TrialLoop.run`, or the storage does not answer.
        """
        interrupts = self._loop.interrupts
        with interrupts.caught():
            try:
                return self._run()
            except StorageError as error:
                if interrupts.received is None:
                    raise
                self._end_without_storage(error)
        raise interrupts.ending

    def _run(self) -> dict[str, Any]:
        try:
            with storage_errors(self._storage_label):
                study, budget = self._reader.study, self._budget
                total = budget.remaining(study)
                adds = budget.n_trials
                if total is not None and self._points is not None:
                    total = min(total, self._points)
                    adds = None if adds is None else min(adds, self._points)
                keep_goal(study, adds, budget.total_trials)
                self._loop.run(
                    self._objective,
                    self._budget,
                    callbacks=self._callbacks,
                    progress=Progress(total, shown=self._show_progress),
                )
        except KeyboardInterrupt:
            return self._interrupted()
        except SystemExit:
            if self._loop.interrupts.received is not None:
                notice(f"Terminated. {self._kept()}")
            raise
        return self._reader.best_params

    def _end_without_storage(self, error: StorageError) -> None:
        """Say what a signal ended while the storage did not answer, and ask it no more."""
        retrying = retrying_of(self._reader.study._storage)
        if retrying is not None:
            retrying.abandoned = True
        what = "Terminated" if self._loop.interrupts.received == "SIGTERM" else "Interrupted"
        notice(f"{what}. {error}", level=logging.WARNING)

    def stop(self, *, now: bool = False) -> None:
        """End the run: after the running trial, or `now`, which gives that trial back."""
        self._loop.stop(now=now)

    @property
    def done(self) -> int:
        """Trials that the run added so far."""
        return self._budget.done

    def give_back_running(self) -> bool:
        """Give the running trial back from another thread; False where none is running."""
        return isinstance(self._loop, TrialLoop) and self._loop.give_back_running("SIGTERM")

    def _interrupted(self) -> dict[str, Any]:
        """Return the best so far after Ctrl-C, or let Ctrl-C through where there is none."""
        try:
            best = self._reader.best_params
        except NoCompletedTrialError:
            notice(f"Interrupted. {self._kept()}")
            raise KeyboardInterrupt from None
        notice(f"Interrupted. {self._kept()} Returning the best so far.")
        return best

    def _kept(self) -> str:
        with storage_errors(self._storage_label):
            trials = self._reader.study.get_trials(deepcopy=False)
        finished = sum(map(is_finished_trial, trials))
        kept = f"{finished} finished {'trial is' if finished == 1 else 'trials are'} kept."
        numbers = sorted(self._loop.given_back)
        if not numbers:
            return kept
        if len(numbers) == 1:
            return f"{kept} Trial {numbers[0]} was given back: the next optimize() tries it again."
        listed = f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
        return f"{kept} Trials {listed} were given back: the next optimize() tries them again."


def check_functions(objective: object, callbacks: object) -> None:
    """Check that an objective and callbacks can be called.

    Raises:
        ConfigError: One cannot.
    """
    if not callable(objective):
        raise ConfigError(
            f"objective must be a function of one dict of parameters, got {objective!r}."
        )
    if not isinstance(callbacks, Iterable | None) or not all(map(callable, callbacks or ())):
        raise ConfigError(
            f"callbacks must be a list of functions of a study and a trial, got {callbacks!r}."
        )
