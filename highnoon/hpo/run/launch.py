"""The tasks of a parallel run: what is sent to the workers, and to which."""

import random
import tempfile
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from highnoon.exceptions import StudyError
from highnoon.hpo import attributes
from highnoon.hpo.carried import handovers
from highnoon.hpo.reference import OpenStudy, StudyReference
from highnoon.hpo.run.proxy import StorageProxy, needs_proxy
from highnoon.hpo.run.task import Outcome, RunReference, TaskRunner, run_task

if TYPE_CHECKING:
    from highnoon.hpo.run.engines import Engine
    from highnoon.hpo.run.loop import Objective
    from highnoon.hpo.run.orders import Orders
    from highnoon.hpo.run.parallel import Tasks
    from highnoon.hpo.run.processes import ProcessPool
    from highnoon.hpo.space import SearchSpace

__all__ = ["Launch"]


_MOST_BYTES_TO_SEND = 2**20
"""A larger objective, with a data set in it, goes to our own processes as a file, once to each."""


@dataclass(frozen=True)
class Launch:
    """Prepares the workers of an engine for a run.

    Attributes:
        engine: Where trials run.
        opened: The study, as this process has it.
        label: What to call its storage in errors.
        space: What trials are drawn from.
        seed: Makes the trials' own seeds repeatable.
        sampler_seed: Makes the draws repeatable.
        share: Called with how other processes open the study, and with None in the end.
    """

    engine: "Engine"
    opened: OpenStudy
    label: str
    space: "SearchSpace"
    seed: int | None
    sampler_seed: int | None
    share: Callable[[StudyReference | None], None]

    def __call__(self, objective: "Objective", orders: "Orders", stack: ExitStack) -> "Tasks":
        """Return the tasks of a run; what they need is closed with the stack.

        Args:
            objective: What the trials call.
            orders: What the run obeys.
            stack: Closes what the tasks need.

        Raises:
            StudyError: The objective or the study cannot be sent to another process.
        """
        entropy = random.SystemRandom().getrandbits(62) if self.seed is None else self.seed
        executor = self.engine.executor
        run = uuid.uuid4().hex
        if executor is not None and self.engine.in_threads:
            runner = TaskRunner(
                self.opened,
                objective,
                self.space,
                seed=None,
                entropy=entropy,
                own_sampler=False,
                stop_before=orders.stop_before,
                run=run,
            )
            return _EngineTasks(executor, lambda: self._end(run), runner.run)
        storage = self.opened.storage
        if needs_proxy(storage, same_machine=self.engine.on_this_machine):
            proxy = StorageProxy(storage)
            stack.callback(proxy.close)
            storage = proxy.storage
        study = StudyReference.of(self.opened.study, storage, self.opened.components)
        self.share(study)
        stack.callback(self.share, None)
        pickled = work = _pickled(objective, self.space)
        if executor is None and len(work) > _MOST_BYTES_TO_SEND:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="highnoon-"))
            work = Path(folder, "objective.pickle")
            work.write_bytes(pickled)
        reference = RunReference(
            run=run,
            study=study,
            label=self.label,
            work=work,
            seed=self.sampler_seed,
            entropy=entropy,
            stop_before=orders.stop_before,
            names_dead=executor is None,
        )
        if executor is not None:
            return _EngineTasks(executor, lambda: self._end(run), run_task, reference)
        pool = self.engine.pool(pickled, storage)
        stack.callback(pool.shutdown, cancel_futures=True)
        return _PoolTasks(pool, reference)

    def _end(self, run: str) -> None:
        """Have tasks of a run that start from now on do nothing."""
        self.opened.study.set_user_attr(attributes.RUN_OVER + run, value=True)


class _EngineTasks:
    """Tasks in the workers of someone else's executor, which cannot be told to end a trial.

    Their trials are given back in their place; they notice at their next report. Tasks that wait
    in the engine and cannot be cancelled any more do nothing when they start.
    """

    def __init__(
        self,
        executor: Executor,
        end: Callable[[], None],
        function: Callable[..., Outcome],
        *arguments: object,
    ) -> None:
        self._executor = executor
        self._end = end
        self._function = function
        self._arguments = arguments

    def submit(self, token: str, task: int) -> "Future[Outcome]":
        return self._executor.submit(self._function, *self._arguments, token, task)

    def interrupt(self, cause: str) -> None:  # noqa: ARG002, to them it is all the same
        self._end()


class _PoolTasks:
    """Tasks in processes of our own."""

    def __init__(self, pool: "ProcessPool", reference: RunReference) -> None:
        self._pool = pool
        self._reference = reference

    def submit(self, token: str, task: int) -> "Future[Outcome]":
        return self._pool.submit(run_task, self._reference, token, task)

    def interrupt(self, cause: str) -> None:
        self._pool.interrupt(cause)


def _pickled(objective: "Objective", space: "SearchSpace") -> bytes:
    """Pickle by value what is defined in the script or notebook itself."""
    from highnoon.hpo.run import pickling

    try:
        return pickling.dumps((objective, space, handovers()))
    except StudyError:
        raise
    except Exception as error:
        raise StudyError(
            f"The objective cannot be sent to another process: {type(error).__name__}: {error}. "
            "It, and what it refers to, must have a pickle: open files, locks and database "
            "connections have none; open them inside the objective."
        ) from error
