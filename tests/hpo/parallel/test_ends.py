"""However a driver ends, nothing that it started goes on, and no trial is lost."""

import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import psutil
import pytest

from highnoon import HPOTrialManager
from highnoon.hpo import attributes
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS, lines_of, wait_until

from .conftest import Driver

SCRIPT = """
import os, subprocess, sys, time
import highnoon as hn

hpo = hn.HPOTrialManager("s", storage="sqlite:///hpo.db", seed=0)

def objective(params):
    if len(hpo.trials) > 4:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open("sleeping", "a") as file:
            print(os.getpid(), file=file)
        WAIT
    return params["x"] ** 2

best = hpo.optimize(objective, {"x": ("uniform", -1.0, 1.0)}, n_trials=20, n_jobs=2)
print("best", best == hpo.best_params, flush=True)
"""
SLEEPS = SCRIPT.replace("WAIT", "time.sleep(600)")
HANGS = SCRIPT.replace("WAIT", "never_ends()").replace(
    "def objective",
    """
import highnoon.hpo.run.processes
highnoon.hpo.run.processes._SECONDS_TO_GIVE_BACK = 1.0

def never_ends():
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass

def objective""",
)


def statuses(url: str) -> "Counter[str]":
    hpo = HPOTrialManager("s", storage=url)
    return Counter(trial_status(trial) for trial in hpo.trials)


def sleeping(process: "subprocess.Popen[str]", tmp_path: Path) -> list[psutil.Process]:
    """Wait until both workers sleep, and return all processes that came of the driver."""
    wait_until(lambda: len(lines_of(tmp_path / "sleeping")) >= 2)
    return psutil.Process(process.pid).children(recursive=True)


def none_left(processes: list[psutil.Process]) -> bool:
    """Whether all processes end soon."""
    _, alive = psutil.wait_procs(processes, timeout=90)
    return not alive


@pytest.mark.parametrize("source", [SLEEPS, HANGS], ids=["sleeps", "hangs"])
def test_ctrl_c_gives_every_running_trial_back(
    driver: Driver, tmp_path: Path, url: str, source: str
) -> None:
    process = driver(source)
    started = sleeping(process, tmp_path)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out) == (0, "best True\n")
    assert "were given back: the next optimize() tries them again. Returning the best" in err
    assert "Traceback" not in err
    assert none_left(started)
    counts = statuses(url)
    assert counts["lost"] == counts["queued"] == 2
    assert set(counts) == {"completed", "lost", "queued"}
    causes = {
        t.user_attrs.get(attributes.INTERRUPTED) for t in HPOTrialManager("s", storage=url).trials
    }
    assert causes == {None, "SIGINT"}


def test_sigterm_gives_every_running_trial_back(driver: Driver, tmp_path: Path, url: str) -> None:
    process = driver(SLEEPS)
    started = sleeping(process, tmp_path)
    process.terminate()
    out, _ = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out) == (128 + signal.SIGTERM, "")
    assert none_left(started)
    assert statuses(url)["lost"] == statuses(url)["queued"] == 2


def test_a_killed_driver_takes_its_workers_along_and_they_give_their_trials_back(
    driver: Driver, tmp_path: Path, url: str
) -> None:
    process = driver(SLEEPS)
    started = sleeping(process, tmp_path)
    process.kill()
    assert none_left(started)
    assert statuses(url)["lost"] == statuses(url)["queued"] == 2


def test_a_killed_fork_server_takes_its_workers_along_and_the_run_goes_on(
    driver: Driver, tmp_path: Path, url: str
) -> None:
    source = SCRIPT.replace(
        "WAIT", 'time.sleep(600 if len(open("sleeping").readlines()) <= 2 else 0)'
    )
    process = driver(source)
    started = sleeping(process, tmp_path)
    (server,) = (child for child in psutil.Process(process.pid).children() if child.children())
    started.remove(server)
    server.kill()
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out) == (0, "best True\n"), err
    assert none_left(started)
    counts = statuses(url)
    assert counts["completed"] == 20
    assert set(counts) == {"completed", "lost"}
