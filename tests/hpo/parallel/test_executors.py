"""`optimize(..., executor=...)`: trials in the workers of an engine."""

import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from highnoon import HPOTrialManager
from highnoon.exceptions import ConfigError, NoCompletedTrialError, WorkerDiedError
from highnoon.hpo import attributes
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS, is_first, wait_until

SPACE = {"x": ("uniform", -1.0, 1.0)}


class Unstoppable(ThreadPoolExecutor):
    """Runs its calls whatever becomes of their futures, as an engine elsewhere does."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        super().submit(lambda: future.set_result(fn(*args, **kwargs)))
        return future


def manager(storage: str | None = None, **options: Any) -> HPOTrialManager:
    return HPOTrialManager("s", storage=storage, sampler="random", pruner="none", **options)


@pytest.fixture(scope="module", params=["process pool", "loky", "threads"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "threads":
        with ThreadPoolExecutor(2) as pool:
            yield pool
    elif request.param == "process pool":
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pool
    else:
        from loky import ProcessPoolExecutor as Loky

        with Loky(2) as pool:
            yield pool


@pytest.mark.parametrize("in_memory", [True, False])
def test_trials_run_in_the_executor(executor: Executor, in_memory: bool, url: str) -> None:
    hpo = manager(None if in_memory else url)
    offset = 3.0

    def objective(params: dict[str, float]) -> float:
        hpo.report(params["x"], 0)
        hpo.set_attr("thread", [os.getpid(), threading.get_ident()])
        return params["x"] + offset

    best = hpo.optimize(objective, SPACE, n_trials=6, executor=executor)
    assert best == hpo.best_params
    assert [trial_status(trial) for trial in hpo.trials] == ["completed"] * 6
    assert [trial.value for trial in hpo.trials] == [t.params["x"] + offset for t in hpo.trials]
    assert all(trial.intermediate_values == {0: trial.params["x"]} for trial in hpo.trials)
    here = [os.getpid(), threading.get_ident()]
    assert all(trial.user_attrs["thread"] != here for trial in hpo.trials)


def test_a_process_pool_that_breaks_says_so_and_the_next_call_completes_the_trials(
    url: str, tmp_path: Path
) -> None:
    hpo = manager(url)

    def objective(params: dict[str, float]) -> float:
        if hpo.trials[-1].number >= 3 and is_first(tmp_path / "killed"):
            os.kill(os.getpid(), 9)
        return params["x"]

    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(2, mp_context=spawn) as pool,
        pytest.raises(WorkerDiedError, match="Finished trials are kept") as caught,
    ):
        hpo.optimize(objective, SPACE, total_trials=10, executor=pool)
    assert "call optimize() once more with a new executor" in str(caught.value)
    statuses = Counter(trial_status(trial) for trial in hpo.trials)
    assert statuses["running"] == 0
    # One that had drawn no parameters yet has nothing that could be tried again.
    given_back = {t.number for t in hpo.trials if trial_status(t) == "lost" and t.params}
    assert len(given_back) == statuses["queued"] >= 1
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        hpo.optimize(objective, SPACE, total_trials=10, executor=pool)
    statuses_after = Counter(trial_status(trial) for trial in hpo.trials)
    assert statuses_after == {"completed": 10, "lost": statuses["lost"]}
    retried = {trial.user_attrs.get(attributes.RETRY_OF) for trial in hpo.trials} - {None}
    assert retried == given_back


@pytest.mark.parametrize("kind", ["process pool", "threads"])
def test_a_task_that_starts_when_the_run_is_over_does_nothing(
    kind: str, new_database: Callable[[str], str], tmp_path: Path
) -> None:
    # A process pool reaches a file through a proxy, which ends with the run.
    hpo = manager(new_database("sqlite" if kind == "threads" else "postgresql"))

    def objective(params: dict[str, float]) -> float:
        with (tmp_path / "calls").open("a") as file:
            file.write("called\n")
        while not (tmp_path / "over").exists():
            time.sleep(0.05)
        return params["x"]

    if kind == "threads":
        pool: Executor = Unstoppable(1)
    else:  # which takes two calls in advance that cannot be cancelled
        pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    with pool:
        run = hpo.start(objective, SPACE, n_trials=10, executor=pool, n_jobs=3)
        try:
            wait_until((tmp_path / "calls").exists)
            run.stop(now=True)
            with pytest.raises(NoCompletedTrialError):
                run.wait(WAIT_SECONDS)
        finally:
            (tmp_path / "over").touch()
    assert (tmp_path / "calls").read_text() == "called\n"
    assert [trial_status(trial) for trial in hpo.trials][:1] == ["lost"]
    assert not {"running", "completed"} & {trial_status(t) for t in hpo.trials[1:-1]}


def test_limits_do_not_go_with_an_executor() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(ConfigError, match="give n_jobs instead"):
        manager().optimize(lambda params: 0.0, SPACE, executor=pool, trial_timeout=5)


def test_n_jobs_says_how_many_trials_an_executor_is_given_at_once() -> None:
    running: list[int] = []
    most = 0
    lock = threading.Lock()
    pair = threading.Barrier(2)

    def objective(params: dict[str, float]) -> float:
        nonlocal most
        with lock:
            running.append(1)
            most = max(most, len(running))
        pair.wait(WAIT_SECONDS)
        with lock:
            running.pop()
        return 0.0

    with ThreadPoolExecutor(8) as pool:
        manager().optimize(objective, SPACE, n_trials=8, executor=pool, n_jobs=2)
    assert most == 2
