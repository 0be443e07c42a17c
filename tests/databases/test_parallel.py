"""Trials in several processes on each database, with a worker killed among them."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from highnoon import HPOTrialManager
from highnoon.hpo.states import trial_status
from tests.processes import is_first

SPACE = {"x": ("uniform", -1.0, 1.0)}


def test_a_killed_worker_costs_nothing_but_its_trial(database_url: str, tmp_path: Path) -> None:
    hpo = HPOTrialManager("s", storage=database_url, sampler="random", pruner="none")

    def objective(params: dict[str, float]) -> float:
        hpo.report(params["x"], 0)
        if hpo.trials[-1].number >= 3 and is_first(tmp_path / "killed"):
            os.kill(os.getpid(), 9)
        return params["x"]

    hpo.optimize(objective, SPACE, n_trials=10, n_jobs=2)
    counts = Counter(trial_status(trial) for trial in hpo.trials)
    assert counts == {"completed": 10, "lost": 1}
    assert all(t.intermediate_values for t in hpo.trials if trial_status(t) == "completed")


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def test_trials_run_in_an_executor(database_url: str, pool: ProcessPoolExecutor) -> None:
    hpo = HPOTrialManager("s", storage=database_url, sampler="random", pruner="none")
    offset = 1.0
    hpo.optimize(lambda params: params["x"] + offset, SPACE, n_trials=6, executor=pool)
    assert [trial.value for trial in hpo.trials] == [t.params["x"] + 1.0 for t in hpo.trials]
