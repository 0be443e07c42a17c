"""One worker process, spoken to from several threads."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from highnoon.exceptions import WorkerDiedError
from highnoon.hpo.run.processes import ProcessPool
from highnoon.hpo.run.worker_process import WorkerProcess, default_start_method
from tests.processes import WAIT_SECONDS


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    worker = WorkerProcess({}, (), default_start_method())
    yield worker
    worker.kill()
    worker.end(5.0)


def within(seconds: float, action: Callable[[], Any]) -> Any:
    """Return what an action returns, if it does so in time."""
    outcome: list[Any] = []
    thread = threading.Thread(target=lambda: outcome.append(action()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert outcome, "it did not return"
    return outcome[0]


def test_a_call_and_a_wish_to_end_do_not_mix(worker: WorkerProcess) -> None:
    ended = threading.Event()

    def interrupt() -> None:
        while not ended.is_set():
            worker.interrupt("stop")  # which means nothing while no trial runs

    other = threading.Thread(target=interrupt)
    other.start()
    data = b"x" * 4_000_000
    try:
        for _ in range(5):
            worker.call(len, [data])
            result = within(WAIT_SECONDS, lambda: worker.result(watch=lambda _: None))
            assert result == (True, len(data))
    finally:
        ended.set()
        other.join()


def test_a_call_that_has_not_begun_as_the_pool_is_interrupted_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupted = threading.Event()
    start = ProcessPool._start

    def start_late(pool: ProcessPool) -> WorkerProcess:
        assert interrupted.wait(WAIT_SECONDS)
        return start(pool)

    monkeypatch.setattr(ProcessPool, "_start", start_late)
    pool = ProcessPool(1)
    try:
        future = pool.submit(len, "abc")
        pool.interrupt("stop")
        interrupted.set()
        with pytest.raises(WorkerDiedError, match="before the call began"):
            future.result(WAIT_SECONDS)
    finally:
        pool.shutdown()
