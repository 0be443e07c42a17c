"""Ctrl-C and SIGTERM end a process also while its database does not answer."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import highnoon as hn
from highnoon.hpo.run.spool import spool_folder
from highnoon.hpo.states import trial_status
from highnoon.hpo.storage import StorageURL
from tests.hpo.storage.cutting_proxy import CuttingProxy
from tests.processes import StartPython, wait_until

MODULE = """
import time
from pathlib import Path

SPACE = {"x": ("uniform", -1.0, 1.0)}

def objective(params):
    Path("started").touch()
    while not Path("may_end").exists():
        time.sleep(0.02)
    return params["x"] ** 2
"""

DRIVER = """
import sys
import highnoon as hn
from train_it import SPACE, objective

hpo = hn.HPOTrialManager("s", storage=sys.argv[1])
hpo.optimize(objective, SPACE, n_trials=5, n_jobs=int(sys.argv[2]), show_progress=False)
"""

SECONDS = 30.0  # it takes 4 on a machine that has nothing else to do


class Silence:
    """A database, by a way to it that can be made to lead nowhere."""

    def __init__(self, url: str) -> None:
        self._parsed = StorageURL.parse(url)
        self.url = url
        self._proxy: CuttingProxy | None = None
        self._writer: sqlite3.Connection | None = None
        port = self._parsed.url.port
        if port is not None:
            self._proxy = CuttingProxy(port)
            self.url = url.replace(f":{port}/", f":{self._proxy.port}/")

    def begin(self) -> None:
        if self._proxy is not None:
            self._proxy.silent = True
        else:
            assert self._parsed.sqlite_file is not None
            self._writer = sqlite3.connect(self._parsed.sqlite_file, isolation_level=None)
            self._writer.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        if self._proxy is not None:
            self._proxy.silent = False
        if self._writer is not None:
            self._writer.close()

    def close(self) -> None:
        self.end()
        if self._proxy is not None:
            self._proxy.__exit__()


@pytest.fixture
def silence(database_url: str) -> Iterator[Silence]:
    made = Silence(database_url)
    yield made
    made.close()


@pytest.fixture
def start(
    start_python: StartPython, tmp_path: Path, silence: Silence
) -> Callable[[str], "subprocess.Popen[str]"]:
    """Start a driver, or a worker, on a study that has one trial, and wait until it runs one."""
    (tmp_path / "train_it.py").write_text(MODULE)
    hpo = hn.HPOTrialManager("s", storage=silence.url)
    hpo.optimize(lambda p: 1.0, {"x": ("uniform", -1.0, 1.0)}, n_trials=1, show_progress=False)

    def begin(what: str) -> "subprocess.Popen[str]":
        if what == "worker":
            command = ["-m", "highnoon.cli", "worker", "s", "--storage", silence.url]
            process = start_python(*command, "--objective", "train_it:objective")
        else:
            process = start_python("-c", DRIVER, silence.url, what)
        wait_until((tmp_path / "started").exists)
        return process

    return begin


def ended_by(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    sent = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - sent < SECONDS
    return process.returncode, err


KINDS = {signal.SIGINT: ("Interrupted.", -signal.SIGINT), signal.SIGTERM: ("Terminated.", 143)}


@pytest.mark.parametrize(
    ("what", "number"),
    [("1", signal.SIGINT), ("1", signal.SIGTERM), ("worker", signal.SIGTERM)],
)
def test_a_result_that_cannot_be_told_is_kept_when_a_signal_comes(
    silence: Silence, start: Callable, tmp_path: Path, what: str, number: signal.Signals
) -> None:
    process = start(what)
    silence.begin()
    (tmp_path / "may_end").touch()
    wait_until(lambda: list(spool_folder().glob("*/*.json")))
    code, err = ended_by(process, number)
    word, status = KINDS[number]
    assert code == status
    assert f"{word} The database " in err
    assert f"did not answer for seconds after {number.name}" in err
    assert "The result of trial 1 is kept in" in err
    assert "During handling" not in err
    silence.end()
    hpo = hn.HPOTrialManager("s", storage=silence.url)
    hpo.optimize(lambda p: 1.0, {"x": ("uniform", -1.0, 1.0)}, n_trials=1, show_progress=False)
    assert [trial_status(trial) for trial in hpo.trials] == ["completed"] * 3
    assert hpo.trials[1].value == hpo.trials[1].params["x"] ** 2


@pytest.mark.parametrize(
    ("what", "number"),
    [("1", signal.SIGTERM), ("2", signal.SIGINT), ("worker", signal.SIGINT)],
)
def test_a_trial_that_cannot_be_given_back_holds_up_nobody(
    silence: Silence, start: Callable, what: str, number: signal.Signals
) -> None:
    process = start(what)
    silence.begin()
    _, err = ended_by(process, number)
    assert f"{KINDS[number][0]} The database " in err
    assert "Finished trials are kept; those that ran are tried again." in err


def test_a_slow_callback_is_not_cut_short(
    start_python: StartPython, tmp_path: Path, url: str
) -> None:
    (tmp_path / "train_it.py").write_text(MODULE)
    (tmp_path / "may_end").touch()
    program = DRIVER.replace("n_trials=5", "n_trials=5, callbacks=[wait]").replace(
        "hpo.optimize",
        """
import time
def wait(study, trial):
    print("waiting", flush=True)
    time.sleep(5)
    print("waited", flush=True)
hpo.optimize""",
    )
    process = start_python("-c", program, url, "1")
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "waited\n")
    assert "Interrupted. 1 finished trial is kept." in err
