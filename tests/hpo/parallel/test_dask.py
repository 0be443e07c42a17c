"""Dask as the engine, with workers that are killed."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from highnoon import HPOTrialManager
from highnoon.hpo import attributes
from highnoon.hpo.states import trial_status
from tests.processes import wait_until

if TYPE_CHECKING:
    from distributed import Client

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SPACE = {"x": ("uniform", -1.0, 1.0)}


@pytest.fixture(scope="module")
def client() -> "Iterator[Client]":
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=4,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize("in_memory", [True, False])
def test_four_killed_workers_cost_no_result_and_none_is_there_twice(
    client: "Client", in_memory: bool, url: str, tmp_path: Path
) -> None:
    n_trials = 60
    all_killed = tmp_path / "all killed"
    hpo = HPOTrialManager("s", storage=None if in_memory else url, sampler="random", pruner="none")
    killed: set[int] = set()

    def objective(params: dict[str, float]) -> float:
        hpo.set_attr("pid", os.getpid())
        time.sleep(0.02)
        if hpo.study.get_trials(deepcopy=False)[-1].number > 0.75 * n_trials:
            wait_until(all_killed.exists)
        return params["x"]

    def kill_workers() -> None:
        for least in (0.1 * n_trials, 0.3 * n_trials, 0.5 * n_trials, 0.7 * n_trials):
            while True:
                trials = hpo.study.get_trials(deepcopy=False)
                pid = trials[-1].user_attrs.get("pid") if trials else None
                if len(trials) > least and pid not in {None, *killed}:
                    killed.add(pid)
                    os.kill(pid, signal.SIGKILL)
                    break
                time.sleep(0.01)
        all_killed.touch()

    killer = threading.Thread(target=kill_workers, daemon=True)
    killer.start()
    hpo.optimize(objective, SPACE, n_trials=n_trials, executor=client.get_executor())
    killer.join(60)
    assert len(killed) == 4
    counts = Counter(trial_status(trial) for trial in hpo.trials)
    assert counts == {"completed": n_trials, "lost": counts["lost"]}, [
        (trial.number, trial.user_attrs) for trial in hpo.trials if trial.state.name == "FAIL"
    ]
    done = [trial for trial in hpo.trials if trial_status(trial) == "completed"]
    assert len({trial.params["x"] for trial in done}) == n_trials
    assert len({trial.user_attrs[attributes.RUN]["token"] for trial in done}) == n_trials
    assert not killed & {int(t.user_attrs["pid"]) for t in done[-5:]}
