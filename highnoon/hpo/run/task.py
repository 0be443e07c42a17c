"""One trial as a task: what a worker of any engine runs."""

import contextlib
import os
import pickle
import signal
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from highnoon.exceptions import StudyError
from highnoon.hpo import attributes
from highnoon.hpo.carried import take_over
from highnoon.hpo.provenance import worker_name
from highnoon.hpo.reference import OpenStudy, StudyReference
from highnoon.hpo.run.loop import Objective, TrialLoop
from highnoon.hpo.run.orders import Orders
from highnoon.hpo.run.recovery import LOST, find_trial, give_up
from highnoon.hpo.states import trial_status
from highnoon.hpo.storage import storage_errors
from highnoon.hpo.trial import LiveTrial

if TYPE_CHECKING:
    from highnoon.hpo.space import SearchSpace

__all__ = ["Outcome", "RunReference", "TaskRunner", "interrupt_tasks", "run_task"]

_MOST_RUNS = 4

_runners: "OrderedDict[tuple[int, str], TaskRunner]" = OrderedDict()
_loops: set[TrialLoop] = set()
_lock = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """What a task returns.

    Attributes:
        number: Number of its trial, None where there was none left to draw.
        stopped: Whether the sampler said that the study is at its end.
        interrupted: Name of the signal that ended the trial, or None.
        worker: Who ran it.
    """

    number: int | None
    stopped: bool
    interrupted: str | None
    worker: str


@dataclass(frozen=True)
class RunReference:
    """All that a process needs for the tasks of a run.

    Attributes:
        run: A text of the run's own.
        study: Leads to the study.
        label: What to call its storage in errors.
        work: The objective, the search space and what goes along, pickled by value; or the file
            that holds them.
        seed: The sampler's, or None.
        entropy: Base of the trials' own seeds.
        stop_before: Id of the stop order that was there when the run started, or None.
        names_dead: Whether the engine says which worker died, so that its trial is found by that.
    """

    run: str
    study: StudyReference
    label: str
    work: bytes | Path = field(repr=False)
    seed: int | None
    entropy: int
    stop_before: str | None
    names_dead: bool

    def runner(self) -> "TaskRunner":
        """Return what runs the tasks, made once in this process.

        Raises:
            StudyError: The objective cannot be loaded here.
        """
        key = (os.getpid(), self.run)
        with _lock:
            runner = _runners.get(key)
            if runner is None:
                runner = _runners[key] = self._runner()
                while len(_runners) > _MOST_RUNS:
                    _runners.popitem(last=False)
            return runner

    def _runner(self) -> "TaskRunner":
        try:
            work = self.work.read_bytes() if isinstance(self.work, Path) else self.work
            objective, space, along = pickle.loads(work)
            take_over(along)
        except Exception as error:
            raise StudyError(
                f"The objective cannot be loaded in the worker {worker_name()}: "
                f"{type(error).__name__}: {error}. What it uses must be installed there, or be "
                "defined in the script or notebook itself, which is sent along."
            ) from error
        with storage_errors(self.label):
            opened = self.study.open()
        return TaskRunner(
            opened,
            objective,
            space,
            seed=self.seed,
            entropy=self.entropy,
            stop_before=self.stop_before,
            run=None if self.names_dead else self.run,
        )


class TaskRunner:
    """Runs the tasks of one run in this process.

    Args:
        opened: The study.
        objective: What the trials call.
        space: What they are drawn from.
        seed: The sampler's, or None.
        entropy: Base of the trials' own seeds.
        own_sampler: Whether this process draws with a sampler of its own, not with the study's.
        stop_before: Id of the stop order that was there when the run started; see `Orders`.
        run: A text of the run's own, where its tasks are in someone else's hands. Then a task that
            starts when the run is over does nothing, and a trial is written before the objective is
            called, with the token by which it is found when its worker dies; not within a second,
            as a storage does that holds writes back.
    """

    def __init__(
        self,
        opened: OpenStudy,
        objective: Objective,
        space: "SearchSpace",
        *,
        seed: int | None,
        entropy: int,
        own_sampler: bool = True,
        stop_before: str | None = None,
        run: str | None = None,
    ) -> None:
        self._opened = opened
        self._objective = objective
        self._space = space
        self._seed = seed
        self._entropy = entropy
        self._own_sampler = own_sampler
        self._stop_before = stop_before
        self._run = run

    def run(self, token: str, task: int) -> Outcome:
        """Draw one trial and run it, or find the one that this task ran already.

        Args:
            token: A text of the task's own, kept with its trial.
            task: Number of the task in its run.
        """
        study = self._opened.study
        if self._run_is_over():
            return self._outcome(None)
        if self._own_sampler:
            self._opened.take_sampler(self._space, self._seed, task)
            study.stop_requested = False
        earlier = find_trial(study, token)
        if earlier is not None:
            if earlier.state.is_finished() and trial_status(earlier) != "lost":
                return self._outcome(earlier.number)
            if not earlier.state.is_finished() and (
                give_up(study, self._opened.storage, earlier, LOST) == "stopped"
            ):
                return self._outcome(earlier.number)
        watch = self._opened.watch
        orders = Orders(watch, stop_before=self._stop_before)
        loop = TrialLoop(study, self._space, watch, seed=self._entropy, token=token, orders=orders)
        _loops.add(loop)
        try:
            with loop.interrupts.caught():
                live = loop.draw()
                if live is None:
                    return self._outcome(None)
                self._write(live, loop)
                if self._run_is_over():  # whoever ended it may have looked before this trial began
                    loop.give_back(live, "stop")
                    return self._outcome(live.number, interrupted="stop")
                try:
                    finished = loop.run_trial(live, self._objective)
                except (KeyboardInterrupt, SystemExit):
                    if loop.interrupts.received is None:
                        raise
                    return self._outcome(live.number, interrupted=loop.interrupts.received)
                return self._outcome(finished.number)
        finally:
            _loops.discard(loop)

    def _run_is_over(self) -> bool:
        if self._run is None:
            return False
        opened = self._opened
        attrs = opened.storage.get_study_user_attrs(opened.study._study_id)
        return attributes.RUN_OVER + self._run in attrs

    def _write(self, live: LiveTrial, loop: TrialLoop) -> None:
        flush = getattr(self._opened.storage, "flush", None)
        if self._run is None or flush is None:
            return
        try:
            flush()
        except Exception as error:
            loop.fail(live, error)
            raise

    def _outcome(self, number: int | None, *, interrupted: str | None = None) -> Outcome:
        stopped = self._own_sampler and self._opened.study.stop_requested
        return Outcome(number, stopped, interrupted, worker_name())


def run_task(reference: RunReference, token: str, task: int) -> Outcome:
    """Run one trial in this process; what is sent to the workers of an engine."""
    runner = reference.runner()
    with storage_errors(reference.label):
        return runner.run(token, task)


def interrupt_tasks(cause: str) -> None:
    """End the trials that run in this process; they are given back.

    Args:
        cause: `"SIGINT"`, `"SIGTERM"`, or `"stop"` for the wish of the one who started the run.
    """
    loops = list(_loops)
    for loop in loops:
        loop.interrupts.cause = cause
    if not loops:
        return
    number = signal.SIGINT if cause == "SIGINT" else signal.SIGTERM
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        import _thread

        _thread.interrupt_main()
        return
    with contextlib.suppress(ProcessLookupError):
        signal.pthread_kill(main, number)
