"""A database server that is down as something starts, or goes down in the middle of a run."""

import contextlib
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from optuna.study import StudyDirection

from highnoon import HPOTrialManager, StudyControl, StudyReader
from highnoon.exceptions import ConfigError, StorageError
from highnoon.hpo.states import trial_status
from highnoon.hpo.storage import StorageURL, open_storage, retrying
from highnoon.testing.servers import MariaDBServer, PostgresServer, PrivateServer
from tests.processes import WAIT_SECONDS, lines_of, wait_until

SPACE = {"x": ("uniform", -1.0, 1.0)}
GRACE_PERIOD = 8  # of which a busy machine misses no renewal
OUTAGE_SECONDS = float(os.environ.get("HIGHNOON_TEST_OUTAGE_SECONDS", GRACE_PERIOD + 1))

MODULE = """
import os, time
from highnoon.hpo._context import running_trial

def objective(params):
    for step in range(3):
        time.sleep(0.1)
        running_trial().report(params["x"], step)
    with open(f"computed-{os.getpid()}", "a") as file:
        print(repr(params["x"]), file=file)
    return params["x"]
"""


def square(params: dict[str, float]) -> float:
    return params["x"] ** 2


@pytest.fixture
def goes_down(own_server: PrivateServer) -> Iterator[Callable[[float], None]]:
    """Stop the server for some seconds, without waiting for it to be up again."""
    timers: list[threading.Timer] = []

    def stop(seconds: float) -> None:
        own_server.stop()
        timers.append(threading.Timer(seconds, own_server.start))
        timers[-1].start()

    yield stop
    for timer in timers:
        timer.join()


def test_a_server_that_is_not_up_yet_is_waited_for(
    own_server: PrivateServer, said: Callable[[], str]
) -> None:
    url = own_server.create_database()
    own_server.stop()

    def come_up() -> None:
        wait_until(lambda: "does not answer" in said())
        own_server.start()

    coming_up = threading.Thread(target=come_up)
    coming_up.start()
    hpo = HPOTrialManager("s", storage=url)
    coming_up.join()
    hpo.optimize(square, SPACE, n_trials=2, show_progress=False)
    assert [trial_status(trial) for trial in hpo.trials] == ["completed"] * 2
    assert said().count("does not answer") == 1
    shown = re.escape(str(StorageURL.parse(url)))
    assert re.search(f"{shown} does not answer .*refused.* for up to 120 s", said())


def test_a_server_that_goes_down_between_the_manager_and_its_run_is_waited_for(
    own_server: PrivateServer, goes_down: Callable[[float], None]
) -> None:
    hpo = HPOTrialManager("s", storage=own_server.create_database())
    run = hpo.prepare(square, SPACE, {"n_trials": 2, "show_progress": False})
    goes_down(2.0)
    run()
    assert len(hpo.trials) == 2


@pytest.mark.parametrize(
    ("server", "option", "extra"),
    [(PostgresServer, "--max_connections=8", 0), (MariaDBServer, "--max-connections=10", -1)],
)
def test_a_server_with_too_many_clients_is_waited_for(
    server: type[PrivateServer], option: str, extra: int, said: Callable[[], str]
) -> None:
    if not server.is_installed():
        pytest.skip(f"{server.name} is not installed")
    with server(options=[option]) as full:
        url = full.create_database()
        engine = sa.create_engine(StorageURL.parse(url).url, poolclass=sa.NullPool)
        clients: list[sa.Connection] = []

        def connects() -> bool:
            # The one that made the database leaves a moment after it was closed.
            with contextlib.suppress(sa.exc.OperationalError):
                clients.append(engine.connect())
            return len(clients) == int(option.partition("=")[2]) - extra

        wait_until(connects)
        with pytest.raises(sa.exc.OperationalError, match=r"too many|Too many|slots"):
            engine.connect()

        def leave() -> None:
            wait_until(lambda: "does not answer" in said())
            for client in clients:
                client.close()

        leaving = threading.Thread(target=leave)
        leaving.start()
        opened = open_storage(url, create=True, patience=60)
        leaving.join()
        assert opened.get_all_studies() == []
        assert "does not answer" in said()


@pytest.mark.parametrize("wrong", ["password", "host", "database"])
def test_an_address_that_is_wrong_is_an_error_at_once(
    server_url: str, wrong: str, said: Callable[[], str]
) -> None:
    there = StorageURL.parse(server_url).url
    parts = {"password": "wrong", "host": "db.nowhere.invalid", "database": "nope"}
    url = there.set(**{wrong: parts[wrong]}).render_as_string(hide_password=False)
    with pytest.raises(StorageError):
        HPOTrialManager("s", storage=url)
    assert "Trying again" not in said()


def test_the_notice_and_the_error_give_the_same_reason(
    own_server: PrivateServer, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "_QUIET_SECONDS", 0.0)
    url = own_server.create_database()
    own_server.stop()
    with pytest.raises(StorageError) as caught:
        open_storage(url, create=True, patience=8)
    reason = re.search(r"does not answer \((.*)\)\. Trying again", said())
    assert reason is not None
    assert f"cannot be used: {reason[1]}. " in str(caught.value)


@pytest.mark.parametrize("seconds", [-1, float("nan"), "60"])
def test_a_time_to_wait_that_is_none_is_refused(seconds: Any) -> None:
    with pytest.raises(ConfigError, match="wait_for_server must be seconds, 0 or more of them"):
        HPOTrialManager("s", wait_for_server=seconds)


def test_who_reads_or_does_not_want_to_wait_is_told_at_once(
    own_server: PrivateServer, said: Callable[[], str]
) -> None:
    url = own_server.create_database()
    HPOTrialManager("s", storage=url)
    own_server.stop()
    for open_it in (
        lambda: StudyReader.open("s", url),
        lambda: HPOTrialManager("s", storage=url, wait_for_server=0),
    ):
        with pytest.raises(StorageError, match="No server listens there"):
            open_it()
    assert "Trying again" not in said()


def test_a_storage_that_a_worker_unpickles_waits_for_its_server(
    own_server: PrivateServer, goes_down: Callable[[float], None]
) -> None:
    opened = open_storage(own_server.create_database(), create=True)
    opened.create_new_study([StudyDirection.MINIMIZE], "s")
    pickled = pickle.dumps(opened)
    goes_down(2.0)
    assert [study.study_name for study in pickle.loads(pickled).get_all_studies()] == ["s"]


class Workers:
    """`highnoon worker` processes of the study "s", with what they computed and wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[tuple[subprocess.Popen[bytes], Path]] = []
        (folder / "train_it.py").write_text(MODULE)

    def start(self, url: str) -> None:
        command = [sys.executable, "-m", "highnoon.cli", "worker", "s", "--storage", url]
        command += ["--objective", "train_it:objective", "--grace-period", str(GRACE_PERIOD)]
        log = self.folder / f"worker-{len(self._processes)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stderr=file,
            )
        self._processes.append((process, log))

    def computed(self) -> list[float]:
        files = self.folder.glob("computed-*")
        return [float(line) for file in files for line in lines_of(file)]

    def logs(self) -> list[str]:
        return [log.read_text() for _, log in self._processes]

    def wait_until(self, condition: Callable[[], object]) -> None:
        try:
            wait_until(condition, seconds=180)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.logs()}") from None

    def end(self) -> list[int]:
        return [process.wait(WAIT_SECONDS) for process, _ in self._processes]

    def kill(self) -> None:
        for process, _ in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(tmp_path)
    yield workers
    workers.kill()


def test_a_worker_that_starts_while_the_server_is_down_waits_for_it(
    own_server: PrivateServer, workers: Workers
) -> None:
    url = own_server.create_database()
    HPOTrialManager("s", storage=url).optimize(square, SPACE, n_trials=1, show_progress=False)
    own_server.stop()
    workers.start(url)
    workers.wait_until(lambda: "Trying again" in workers.logs()[0])
    own_server.start()
    workers.wait_until(lambda: len(workers.computed()) >= 2)
    StudyControl("s", url).stop()
    assert workers.end() == [0], workers.logs()
    assert workers.logs()[0].count("Trying again") == 1


def test_workers_bear_an_outage_and_nothing_finished_is_lost(
    own_server: PrivateServer, workers: Workers
) -> None:
    url = own_server.create_database()
    hpo = HPOTrialManager("s", storage=url, sampler="random", pruner="none")
    hpo.optimize(square, SPACE, n_trials=1, show_progress=False)
    for _ in range(2):
        workers.start(url)
    workers.wait_until(lambda: len(workers.computed()) >= 6)
    own_server.stop()
    before = len(workers.computed())
    time.sleep(OUTAGE_SECONDS)
    during = len(workers.computed()) - before
    workers.start(url)  # one more, while the server is down
    time.sleep(1.0)
    own_server.start()
    up = time.monotonic()
    workers.wait_until(lambda: len(workers.computed()) > before + during)
    again = time.monotonic() - up
    workers.wait_until(lambda: len(workers.computed()) > before + during + 10)
    # A worker that starts later than an order to stop does not obey it.
    workers.wait_until(lambda: all(": completed" in log for log in workers.logs()))
    StudyControl("s", url).stop()
    assert workers.end() == [0, 0, 0], workers.logs()
    trials = hpo.trials
    told = sum(log.count(": completed") for log in workers.logs())
    print(  # noqa: T201, what pytest -s shows
        f"\n{own_server.name}, down for {OUTAGE_SECONDS:g} s: {before} computed before, {during} "
        f"during, {len(workers.computed())} in all, the next {again:.1f} s after it was up"
    )
    assert Counter(trial_status(t) for t in trials) == {"completed": len(workers.computed()) + 1}
    values = Counter(t.value for t in trials[1:])
    assert values == Counter(workers.computed())
    assert told == len(trials) - 1


def test_a_parallel_run_bears_an_outage_and_nothing_finished_is_lost(
    own_server: PrivateServer, tmp_path: Path
) -> None:
    url = own_server.create_database()
    hpo = HPOTrialManager(
        "s", storage=url, sampler="random", pruner="none", grace_period=GRACE_PERIOD
    )

    def objective(params: dict[str, float]) -> float:
        for step in range(3):
            time.sleep(0.1)
            hpo.report(params["x"], step)
        with (tmp_path / f"computed-{os.getpid()}").open("a") as file:
            print(repr(params["x"]), file=file)
        return params["x"]

    def computed() -> list[float]:
        files = tmp_path.glob("computed-*")
        return [float(line) for file in files for line in lines_of(file)]

    called: list[int] = []
    run = hpo.start(
        objective,
        SPACE,
        n_trials=30,
        n_jobs=2,
        callbacks=[lambda _study, trial: called.append(trial.number)],
    )
    wait_until(lambda: len(computed()) >= 6)
    own_server.stop()
    time.sleep(OUTAGE_SECONDS)
    own_server.start()
    run.wait()
    assert Counter(trial_status(trial) for trial in hpo.trials) == {"completed": 30}
    assert Counter(trial.value for trial in hpo.trials) == Counter(computed())
    assert sorted(called) == list(range(30))
