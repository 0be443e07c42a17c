"""A trial whose worker died is given up and tried again; one whose worker lives is left alone."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import optuna
import pytest

import highnoon as hn
from highnoon.exceptions import ConfigError
from highnoon.hpo.states import trial_status

SPACE = {"x": ("uniform", -1.0, 1.0)}
GRACE_PERIOD = 1.5

WORKER = f"""
import sys, time
import highnoon as hn
hpo = hn.HPOTrialManager("s", storage="sqlite:///s.db", grace_period={GRACE_PERIOD})
def objective(params):
    print("started", flush=True)
    time.sleep(float(sys.argv[1]))
    return params["x"]
hpo.optimize(objective, {SPACE!r}, n_trials=1, show_progress=False)
"""


@pytest.fixture
def start_worker(tmp_path: Path):
    """Start a process that runs one trial of the study for so many seconds."""
    workers = []

    def start(seconds: float) -> subprocess.Popen[str]:
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(seconds)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        workers.append(worker)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "started\n"
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.communicate()


def join(folder: Path) -> hn.HPOTrialManager:
    return hn.HPOTrialManager(
        "s", storage=f"sqlite:///{folder / 's.db'}", grace_period=GRACE_PERIOD
    )


def run_for(hpo: hn.HPOTrialManager, seconds: float) -> None:
    def objective(params: dict[str, float]) -> float:
        time.sleep(0.2)
        return params["x"]

    hpo.optimize(objective, SPACE, timeout=seconds, n_trials=1000, show_progress=False)


def test_the_trial_of_a_killed_worker_is_given_up_and_its_parameters_are_tried_again(
    tmp_path: Path, start_worker
) -> None:
    os.kill(start_worker(60).pid, signal.SIGKILL)
    hpo = join(tmp_path)
    assert trial_status(hpo.trials[0]) == "running"
    run_for(hpo, 5 * GRACE_PERIOD)
    lost, *others = hpo.trials
    assert trial_status(lost) == "interrupted"
    assert lost.user_attrs["highnoon:interrupted"] == "lost"
    retries = [trial for trial in others if trial.user_attrs.get("highnoon:retry_of") == 0]
    assert [trial_status(retry) for retry in retries] == ["completed"]
    assert retries[0].params == lost.params
    assert "running" not in map(trial_status, hpo.trials)


def test_a_long_trial_of_a_worker_that_lives_is_left_alone(tmp_path: Path, start_worker) -> None:
    worker = start_worker(4 * GRACE_PERIOD)
    hpo = join(tmp_path)
    run_for(hpo, 3 * GRACE_PERIOD)
    assert worker.wait(60) == 0
    assert trial_status(hpo.trials[0]) == "completed"
    assert all("highnoon:retry_of" not in trial.user_attrs for trial in hpo.trials)


def test_a_trial_that_was_asked_for_lives_until_it_is_told(tmp_path: Path) -> None:
    asking, watching = join(tmp_path), join(tmp_path)
    trial = asking.ask(SPACE)
    run_for(watching, 3 * GRACE_PERIOD)
    assert asking.tell(trial, 0.5).state.name == "COMPLETE"


def test_a_trial_that_optuna_runs_by_itself_is_left_alone(tmp_path: Path) -> None:
    hpo = join(tmp_path)
    stock = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 's.db'}")
    trial = stock.ask()
    run_for(hpo, 3 * GRACE_PERIOD)
    assert stock.tell(trial, 1.0).state.name == "COMPLETE"


def test_no_thread_is_left_behind_when_a_run_ends(tmp_path: Path) -> None:
    hpo = join(tmp_path)
    before = set(threading.enumerate())
    run_for(hpo, 0.5)
    deadline = time.monotonic() + 10
    while set(threading.enumerate()) - before:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("grace_period", [0, -1.0, float("inf"), float("nan"), "60"])
def test_a_grace_period_that_is_no_positive_number_is_refused(grace_period) -> None:
    with pytest.raises(ConfigError, match="grace_period must be a positive number of seconds"):
        hn.HPOTrialManager(grace_period=grace_period)
