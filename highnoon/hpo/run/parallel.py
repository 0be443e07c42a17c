"""The driver of a run whose trials run elsewhere, several at a time."""

import queue
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future, wait
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Protocol

import optuna
from optuna.trial import TrialState

from highnoon._notices import notice
from highnoon.exceptions import (
    HighNoonError,
    TrialMemoryError,
    TrialTimeoutError,
    WorkerDiedError,
)
from highnoon.hpo import attributes
from highnoon.hpo.run.interrupts import Interrupts
from highnoon.hpo.run.orders import SECONDS_WHILE_PAUSED, Orders, Pause
from highnoon.hpo.run.recovery import (
    LOST,
    MAX_DEATHS,
    deaths_before,
    end_in_place_of_worker,
    find_trial,
    give_up,
)
from highnoon.hpo.run.tally import Callback, Tally, say_how_it_ended
from highnoon.hpo.states import trial_status

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from highnoon.hpo.run.budget import Budget
    from highnoon.hpo.run.loop import Objective
    from highnoon.hpo.run.progress import Progress
    from highnoon.hpo.run.recovery import GivenUp
    from highnoon.hpo.run.task import Outcome
    from highnoon.hpo.run.watch import Watch
    from highnoon.hpo.study import HighNoonStudy

__all__ = ["ParallelLoop", "Tasks"]

_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_FOR_LAST_RESULTS = 1.0
_MAX_DEATHS_WITHOUT_TRIAL = 3
_THEN: "dict[GivenUp, str]" = {
    "tried again": "is tried again",
    "without parameters": "is given up, for it had no parameters yet",
    "stopped": "had been told to stop",
}


class Tasks(Protocol):
    """Hands tasks to the workers of an engine."""

    def submit(self, token: str, task: int) -> "Future[Outcome]":
        """Have one trial run."""
        ...

    def interrupt(self, cause: str) -> None:
        """Have the running trials given back, as far as the workers can be told."""
        ...


class ParallelLoop:
    """Keeps workers supplied with trials, and records what became of them.

    It offers what `TrialLoop` offers a run.

    Args:
        study: Where trials come from and go to.
        storage: Where the study is kept.
        watch: Watches the trials of other workers and the study's flags.
        workers: Trials that run at once.
        start: Called with the objective, the orders to obey, and a stack that closes at the end;
            returns the tasks.
    """

    def __init__(
        self,
        study: "HighNoonStudy",
        storage: "BaseStorage",
        watch: "Watch",
        *,
        workers: int,
        start: "Callable[[Objective, Orders, ExitStack], Tasks]",
    ) -> None:
        self._study = study
        self._storage = storage
        self._watch = watch
        self._workers = workers
        self._start = start
        self._stop: str | None = None
        self._exhausted = False
        self._running: dict[Future[Outcome], str] = {}
        self._ended: queue.SimpleQueue[Future[Outcome] | None] = queue.SimpleQueue()
        self._submitted = 0
        self._deaths_without_trial = 0
        self.interrupts = Interrupts()
        self.given_back: list[int] = []

    def stop(self, *, now: bool = False) -> None:
        """End the run: after the running trials, or `now`, which gives them back."""
        self._stop = "now" if now else "after"
        self._ended.put(None)

    def run(
        self,
        objective: "Objective",
        budget: "Budget",
        *,
        callbacks: Sequence[Callback] = (),
        progress: "Progress",
    ) -> None:
        """Run trials until the budget is spent or someone says stop.

        Raises:
            TooManyFailuresError: Five trials in a row failed.
            SearchSpaceError: The constraints refused a thousand draws in a row, or the objective
                fifty trials.
            WorkerDiedError: The executor broke, or its workers die before they draw a trial.
            KeyboardInterrupt: Ctrl-C; the running trials were given back.
            SystemExit: SIGTERM, likewise, or the objective's own.
        """
        self._study.stop_requested = False
        orders = Orders.from_now_on(self._watch)
        tally = Tally(self._study, budget, callbacks, progress)
        try:
            with self._watch.watched(), ExitStack() as stack:
                tasks = self._start(objective, orders, stack)
                try:
                    self._drive(tasks, budget, orders, tally)
                except BaseException as error:
                    lost = LOST if isinstance(error, WorkerDiedError) else "stop"
                    self._end_all(tasks, self.interrupts.received or lost, tally)
                    raise
        except KeyError:  # what a storage says of a study or trial that is not there
            self._watch.read()
            orders.check_study()
            raise
        finally:
            tally.close()

    def _drive(self, tasks: Tasks, budget: "Budget", orders: Orders, tally: Tally) -> None:
        pause = Pause(orders, self._study)
        while True:
            orders.check_study()
            if orders.stop is not None:
                self._stop = "now" if orders.stop.immediate else "after"
            while self._may_start(budget) and not pause.holds():
                self._submit(tasks)
            if not self._running:
                if not self._may_start(budget):
                    break
                time.sleep(SECONDS_WHILE_PAUSED)
                continue
            with self.interrupts.interruptible():
                future = self._next_end()
            if self._stop == "now":
                self._end_all(tasks, "stop", tally)
                break
            if future is not None:
                self._settle(future, tally)
        with self.interrupts.interruptible():
            pass

    def _next_end(self) -> "Future[Outcome] | None":
        try:
            return self._ended.get(timeout=_SECONDS_BETWEEN_LOOKS)
        except queue.Empty:
            return None

    def _may_start(self, budget: "Budget") -> bool:
        if (
            self._stop is not None
            or self._study.stop_requested
            or self._exhausted
            or self.interrupts.received is not None
            or len(self._running) >= self._workers
            or budget.is_spent(self._study)
        ):
            return False
        left = budget.remaining(self._study)
        if left is not None and left <= len(self._running):
            return False
        return self._grid_has_points_left()

    def _grid_has_points_left(self) -> bool:
        """Whether the grid has a point for one more task than those that run."""
        sampler = self._study.sampler
        if not isinstance(sampler, optuna.samplers.GridSampler):
            return True
        points = len(sampler._all_grids)
        taken: set[int] = set()
        queued = drawn = 0
        for trial in self._study.get_trials(deepcopy=False):
            queued += trial.state == TrialState.WAITING
            if trial.state != TrialState.WAITING and "grid_id" in trial.system_attrs:
                taken.add(trial.system_attrs["grid_id"])
            if trial.state == TrialState.RUNNING:
                token = trial.user_attrs.get(attributes.RUN, {}).get("token")
                drawn += token in self._running.values()
        return len(self._running) - drawn < points - len(taken) + queued

    def _submit(self, tasks: Tasks) -> None:
        token = uuid.uuid4().hex
        try:
            future = tasks.submit(token, self._submitted)
        except BrokenExecutor as error:
            raise _broke(error) from error
        self._submitted += 1
        self._running[future] = token
        future.add_done_callback(self._ended.put)

    def _settle(self, future: "Future[Outcome]", tally: Tally) -> None:
        """Record the end of a task."""
        token = self._running.pop(future, None)
        if token is None:
            return
        if future.cancelled():  # by the engine, when it lost the result with the worker
            self._recover(token, WorkerDiedError("The engine cancelled its task."), tally)
            return
        error = future.exception()
        if error is None:
            outcome = future.result()
            self._exhausted |= outcome.number is None
            if outcome.stopped:
                self._study.stop_requested = True
            if outcome.number is not None:
                self._deaths_without_trial = 0
                self._add(self._trial(outcome.number), tally)
        elif isinstance(error, WorkerDiedError) or type(error).__name__ == "KilledWorker":
            self._recover(token, _died(error), tally)
        elif isinstance(error, BrokenExecutor):
            self._recover(token, _died(error), tally)
            raise _broke(error) from error
        else:
            raise error

    def _recover(self, token: str, error: WorkerDiedError, tally: Tally) -> None:
        """Settle the trial of a worker that died, after what it could not tell any more."""
        self._watch.replay()
        trial = find_trial(self._study, token, error.worker)
        if trial is None:
            self._deaths_without_trial += 1
            if self._deaths_without_trial >= _MAX_DEATHS_WITHOUT_TRIAL:
                raise error
            notice(f"{error} It had no trial yet; another one takes its place.")
            return
        self._deaths_without_trial = 0
        if trial.state.is_finished():
            self._add(trial, tally)
            return
        deaths = 1 + deaths_before(self._study, trial)
        if isinstance(error, TrialTimeoutError | TrialMemoryError):
            end_in_place_of_worker(self._storage, trial, error)
        elif deaths >= MAX_DEATHS:
            text = f"{error} It is the worker number {deaths} to die of these parameters."
            final = WorkerDiedError(text, worker=error.worker, log=error.log)
            end_in_place_of_worker(self._storage, trial, final)
        else:
            given_up = give_up(self._study, self._storage, trial, LOST)
            if given_up is not None:
                notice(f"Trial {trial.number} {_THEN[given_up]}. {error}")
        self._watch.release(trial.number)
        self._add(self._trial(trial.number), tally)

    def _end_all(self, tasks: Tasks, cause: str, tally: Tally) -> None:
        """End what runs: trials are given back, by their workers or in their place."""
        for future in self._running:
            future.cancel()
        tasks.interrupt(cause)
        wait(self._running, timeout=_SECONDS_FOR_LAST_RESULTS)
        for future, token in list(self._running.items()):
            trial = None if future.cancelled() else find_trial(self._study, token)
            if trial is None:
                continue
            if not trial.state.is_finished() and give_up(self._study, self._storage, trial, cause):
                self._watch.release(trial.number)
            ended = self._trial(trial.number)
            if trial_status(ended) == "lost":
                self.given_back.append(ended.number)
            with suppress(HighNoonError):  # the run ends anyway
                self._add(ended, tally)
        self._running.clear()

    def _add(self, finished: "FrozenTrial", tally: Tally) -> None:
        say_how_it_ended(finished)
        tally.add(finished)

    def _trial(self, number: int) -> "FrozenTrial":
        return self._study.get_trials(deepcopy=False)[number]


def _broke(error: BrokenExecutor) -> WorkerDiedError:
    return WorkerDiedError(
        f"The executor broke, as process pools do when a worker is killed: {error} "
        "Finished trials are kept, and what ran is tried again: call optimize() once more "
        "with a new executor, or with n_jobs, which goes on when a worker dies."
    )


def _died(error: BaseException) -> WorkerDiedError:
    if isinstance(error, WorkerDiedError):
        return error
    return WorkerDiedError(f"Its worker died: {error}")
