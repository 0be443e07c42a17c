"""A pool of worker processes that outlives the death of its workers."""

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from highnoon.exceptions import TrialMemoryError, TrialTimeoutError, WorkerDiedError
from highnoon.hpo.run.worker_process import (
    StartMethod,
    WorkerProcess,
    default_start_method,
)

__all__ = ["Limits", "ProcessPool", "cores", "thread_caps"]

_GIBIBYTE = 2**30
_SECONDS_TO_GIVE_BACK = 5.0

_Call = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Limits:
    """What a trial may take.

    Attributes:
        seconds: The longest that it may run.
        memory: The most bytes that its process may have resident.
    """

    seconds: float | None = None
    memory: int | None = None


class ProcessPool(Executor):
    """Runs calls in persistent local processes, each in one process after the other.

    Unlike `ProcessPoolExecutor` it goes on when a worker dies: the call that the worker was running
    ends with `WorkerDiedError`, and a new worker takes its place. A call that exceeds a limit ends
    with `TrialTimeoutError` or `TrialMemoryError`, and its worker with it.

    Args:
        workers: Number of processes, started as they are needed.
        preload: Modules that every worker has imported, for almost nothing on Linux.
        limits: Of each call.
        start_method: How workers are started.
        recycle_at: Bytes of resident memory above which a worker is replaced after a call; 4 GiB
            or the worker's share of four fifths of the machine's memory unless given.
    """

    def __init__(
        self,
        workers: int,
        *,
        preload: Sequence[str] = (),
        limits: Limits | None = None,
        start_method: StartMethod | None = None,
        recycle_at: int | None = None,
    ) -> None:
        self._preload = tuple(preload)
        self._limits = limits if limits is not None else Limits()
        self._start_method: StartMethod = (
            default_start_method() if start_method is None else start_method
        )
        self._environment = thread_caps(workers)
        self._recycled_at = _memory_per_worker(workers) if recycle_at is None else recycle_at
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._working: dict[int, WorkerProcess] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._interrupted = False
        self._seats = [
            threading.Thread(
                target=self._sit, args=(seat,), name=f"highnoon-worker-{seat}", daemon=True
            )
            for seat in range(workers)
        ]
        for thread in self._seats:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run a call in a worker; it and its arguments must have a pickle."""
        if kwargs:
            raise TypeError("ProcessPool.submit takes positional arguments only.")
        if self._closed:
            raise RuntimeError("The pool is closed; it takes no more calls.")
        future: Future[Any] = Future()
        self._calls.put((future, fn, args))
        return future

    def interrupt(self, cause: str) -> None:
        """Have every running trial given back, and kill the workers that do not within seconds.

        Calls that have not begun by then end with `WorkerDiedError`.

        Args:
            cause: `"SIGINT"`, `"SIGTERM"` or `"stop"`.
        """
        with self._lock:
            self._interrupted = True
            working = list(self._working.values())
        for worker in working:
            worker.interrupt(cause)
        deadline = time.monotonic() + _SECONDS_TO_GIVE_BACK
        while time.monotonic() < deadline:
            with self._lock:
                if not any(worker in self._working.values() for worker in working):
                    return
            time.sleep(0.02)
        for worker in working:
            worker.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002
        """End the workers after the calls that were submitted."""
        self._closed = True
        while cancel_futures:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                break
            if call is not None:
                call[0].cancel()
        for _ in self._seats:
            self._calls.put(None)
        if wait:
            for thread in self._seats:
                thread.join()

    def _sit(self, seat: int) -> None:
        """Keep one worker busy, from the first call to the last."""
        worker: WorkerProcess | None = None
        try:
            while (call := self._calls.get()) is not None:
                future, function, arguments = call
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    if worker is None:
                        worker = self._start()
                    self._run(seat, worker, future, function, arguments)
                except BaseException as error:
                    future.set_exception(error)
                if worker is not None and (
                    worker.ended(0.0) is not None or worker.memory() > self._recycled_at
                ):
                    worker.end(_SECONDS_TO_GIVE_BACK)
                    worker = None
        finally:
            if worker is not None:
                worker.end(_SECONDS_TO_GIVE_BACK)

    def _start(self) -> WorkerProcess:
        try:
            worker = WorkerProcess(self._environment, self._preload, self._start_method)
        except OSError as error:
            raise WorkerDiedError(f"No worker process could be started: {error}") from error
        return worker

    def _run(
        self,
        seat: int,
        worker: WorkerProcess,
        future: "Future[Any]",
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
    ) -> None:
        watch = _Watch(self._limits)
        with self._lock:
            if self._interrupted:
                raise WorkerDiedError("The pool was interrupted before the call began.")
            self._working[seat] = worker
        try:
            worker.call(function, arguments)
            returned, value = worker.result(watch=watch)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            status = worker.ended(_SECONDS_TO_GIVE_BACK)
            worker.kill()
            raise self._death(worker, status, watch) from None
        finally:
            with self._lock:
                del self._working[seat]
        if returned:
            future.set_result(value)
        else:
            future.set_exception(value)

    def _death(self, worker: WorkerProcess, status: int | None, watch: "_Watch") -> WorkerDiedError:
        message = watch.exceeded or (
            f"Its worker process {worker.name} died: {_what_happened(status)}."
        )
        return watch.error_type(message, worker=worker.name, log=worker.log())


class _Watch:
    """Kills a worker whose call exceeds a limit, and remembers why."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._started: float | None = None
        self.exceeded: str | None = None
        self.error_type: type[WorkerDiedError] = WorkerDiedError

    def __call__(self, worker: WorkerProcess) -> None:
        seconds, memory = self._limits.seconds, self._limits.memory
        now = time.monotonic()
        if self._started is None:
            self._started = now
        if seconds is not None and now - self._started > seconds:
            self._end(worker, TrialTimeoutError, f"It ran longer than trial_timeout={seconds:g} s.")
        elif memory is not None and (used := worker.memory()) > memory:
            self._end(
                worker,
                TrialMemoryError,
                f"Its process took {used / _GIBIBYTE:.2f} GiB of memory, more than "
                f"trial_memory={memory} bytes ({memory / _GIBIBYTE:.2f} GiB).",
            )

    def _end(self, worker: WorkerProcess, error_type: type[WorkerDiedError], message: str) -> None:
        self.exceeded, self.error_type = message, error_type
        worker.kill()


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_caps(workers: int) -> dict[str, str]:
    """Return environment variables that share the cores out, those left alone that are set."""
    threads = str(max(1, cores() // workers))
    caps = {
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": "1",
    }
    return {name: value for name, value in caps.items() if name not in os.environ}


def _memory_per_worker(workers: int) -> int:
    """Return the memory at which a worker is replaced by a new one after a trial."""
    import psutil

    return min(4 * _GIBIBYTE, int(0.8 * psutil.virtual_memory().total / workers))


def _what_happened(status: int | None) -> str:
    if status is None or status >= 0:
        return f"it exited with status {status}" if status is not None else "it does not answer"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    if name == "SIGKILL":
        return "it was killed (SIGKILL), by someone or because memory ran out"
    return f"it was ended by {name}"
