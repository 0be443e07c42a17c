"""A trial whose worker died is given up and tried again; one whose worker lives is left alone."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

import highnoon as hn
from highnoon.exceptions import ConfigError
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS, StartPython, wait_until

SPACE = {"x": ("uniform", -1.0, 1.0)}
GRACE_PERIOD = 4.0

WORKER = f"""
import os, time
import highnoon as hn
hpo = hn.HPOTrialManager("s", storage="sqlite:///s.db", grace_period={GRACE_PERIOD})
def objective(params):
    print("started", flush=True)
    while not os.path.exists("go on"):
        time.sleep(0.05)
    return params["x"]
hpo.optimize(objective, {SPACE!r}, n_trials=1, show_progress=False)
"""


@pytest.fixture
def start_worker(start_python: StartPython) -> Callable[[], "subprocess.Popen[str]"]:
    """Start a process that runs one trial of the study, until there is a file `go on`."""

    def start() -> "subprocess.Popen[str]":
        worker = start_python("-c", WORKER)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "started\n"
        return worker

    return start


def join(folder: Path) -> hn.HPOTrialManager:
    return hn.HPOTrialManager(
        "s", storage=f"sqlite:///{folder / 's.db'}", grace_period=GRACE_PERIOD
    )


def retries_of(hpo: hn.HPOTrialManager, number: int) -> list[optuna.trial.FrozenTrial]:
    return [t for t in hpo.trials if t.user_attrs.get("highnoon:retry_of") == number]


def run_for(
    hpo: hn.HPOTrialManager, seconds: float, *, until: Callable[[], object] = lambda: False
) -> None:
    def objective(params: dict[str, float]) -> float:
        time.sleep(0.2)
        if until():
            hpo.study.stop()
        return params["x"]

    hpo.optimize(objective, SPACE, timeout=seconds, n_trials=1000, show_progress=False)


def test_the_trial_of_a_killed_worker_is_given_up_and_its_parameters_are_tried_again(
    tmp_path: Path, start_worker
) -> None:
    os.kill(start_worker().pid, signal.SIGKILL)
    hpo = join(tmp_path)
    assert trial_status(hpo.trials[0]) == "running"
    run_for(hpo, 180, until=lambda: [t for t in retries_of(hpo, 0) if t.state.is_finished()])
    lost = hpo.trials[0]
    assert trial_status(lost) == "lost"
    assert lost.user_attrs["highnoon:interrupted"] == "lost"
    (retry,) = retries_of(hpo, 0)
    assert trial_status(retry) == "completed"
    assert retry.params == lost.params
    assert "running" not in map(trial_status, hpo.trials)


def test_trials_whose_owner_lives_are_left_alone(tmp_path: Path, start_worker) -> None:
    worker = start_worker()
    asking = join(tmp_path)
    asked = asking.ask(SPACE)
    stock = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 's.db'}")
    without_a_lease = stock.ask()
    hpo = join(tmp_path)
    run_for(hpo, 2 * GRACE_PERIOD)
    assert [trial_status(trial) for trial in hpo.trials[:3]] == ["running"] * 3
    assert asking.tell(asked, 0.5).state.name == "COMPLETE"
    assert stock.tell(without_a_lease, 1.0).state.name == "COMPLETE"
    (tmp_path / "go on").touch()
    assert worker.wait(WAIT_SECONDS) == 0
    assert trial_status(hpo.trials[0]) == "completed"
    assert all("highnoon:retry_of" not in trial.user_attrs for trial in hpo.trials)


def test_no_thread_is_left_behind_when_a_run_ends(tmp_path: Path) -> None:
    hpo = join(tmp_path)
    before = set(threading.enumerate())
    run_for(hpo, 60, until=lambda: True)
    wait_until(lambda: not set(threading.enumerate()) - before)


@pytest.mark.parametrize("grace_period", [0, -1.0, float("inf"), float("nan"), "60"])
def test_a_grace_period_that_is_no_positive_number_is_refused(grace_period) -> None:
    with pytest.raises(ConfigError, match="grace_period must be a positive number of seconds"):
        hn.HPOTrialManager(grace_period=grace_period)
