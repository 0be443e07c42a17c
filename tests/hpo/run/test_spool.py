"""Results are kept on the disk until the storage has them."""

import contextlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from optuna.trial import TrialState

import highnoon as hn
from highnoon.exceptions import StorageError, WorkerDiedError
from highnoon.hpo import attributes
from highnoon.hpo.run.processes import ProcessPool
from highnoon.hpo.run.spool import Spool, spool_folder
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS, StartPython, wait_until

SPACE = {"x": ("uniform", -1.0, 1.0), "kind": ("categorical", ["a", "b"])}

# Dies between the moment at which the result is on the disk and that at which the storage has it.
DIES_WHILE_TELLING = """
import os, signal
import highnoon as hn
from highnoon.hpo.study import HighNoonStudy
hpo = hn.HPOTrialManager("s", storage=URL, seed=1)
finish = HighNoonStudy.finish
def die(self, trial, state, value=None):
    if trial.number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return finish(self, trial, state, value)
HighNoonStudy.finish = die
def objective(params):
    hpo.report(0.5, 0, accuracy=0.25)
    hpo.set_attr("note", "kept")
    return params["x"]
hpo.optimize(objective, {"x": ("uniform", -1.0, 1.0), "kind": ("categorical", ["a", "b"])},
             n_trials=10, show_progress=False)
"""


def spooled() -> list[Path]:
    return sorted(spool_folder().glob("*/*.json"))


def run(url: str, n_trials: int = 1) -> hn.HPOTrialManager:
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.optimize(lambda params: params["x"], SPACE, n_trials=n_trials, show_progress=False)
    return hpo


def killed_while_telling(url: str) -> None:
    with (
        ProcessPool(1, preload=["highnoon.hpo.manager", "highnoon.hpo.run.warm_database"]) as pool,
        pytest.raises(WorkerDiedError, match="SIGKILL"),
    ):
        pool.submit(exec, DIES_WHILE_TELLING, {"URL": url}).result()
    assert len(spooled()) == 1


def test_a_result_whose_worker_is_killed_while_telling_is_written_by_the_next_run(
    database_url: str, said: Callable[[], str]
) -> None:
    killed_while_telling(database_url)
    hpo = run(database_url)
    told = hpo.trials[2]
    assert told.state == TrialState.COMPLETE
    assert told.value == told.params["x"]
    assert told.user_attrs["note"] == "kept"
    assert told.user_attrs["highnoon:series:accuracy"] == {"steps": [0], "values": [0.25]}
    assert told.intermediate_values == {0: 0.5}
    assert "The result of trial 2 was kept and is written now." in said()
    assert [trial_status(trial) for trial in hpo.trials] == ["completed"] * 4
    assert spooled() == []
    assert list(spool_folder().glob("*")) in ([], [*spool_folder().glob(f"*-{os.getpid()}-*")])


def give_up(url: str, number: int, *, retry: bool) -> None:
    hpo = hn.HPOTrialManager("s", storage=url)
    trial = hpo.trials[number]
    storage = hpo.study._storage
    storage.set_trial_user_attr(trial._trial_id, attributes.INTERRUPTED, "lost")
    storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
    if retry:
        hpo.study.enqueue_trial(trial.params, {attributes.RETRY_OF: number})


def test_the_result_of_a_trial_that_was_given_up_becomes_that_of_its_waiting_retry(
    url: str,
) -> None:
    killed_while_telling(url)
    give_up(url, 2, retry=True)
    hpo = run(url)
    lost, retry, drawn = hpo.trials[2:]
    assert trial_status(lost) == "lost"
    assert trial_status(retry) == "completed"
    assert retry.params == lost.params
    assert retry.value == lost.params["x"]
    assert retry.user_attrs[attributes.RETRY_OF] == 2
    assert retry.user_attrs["note"] == "kept"
    assert attributes.RETRY_OF not in drawn.user_attrs
    assert spooled() == []


def test_a_result_whose_retry_has_started_becomes_a_trial_of_its_own(url: str) -> None:
    killed_while_telling(url)
    give_up(url, 2, retry=True)
    other = hn.HPOTrialManager("s", storage=url)
    retry = other.ask(SPACE)
    assert retry.number == 3
    (path,) = spooled()
    kept = path.read_text()
    hpo = run(url)
    late = hpo.trials[4]
    assert late.user_attrs[attributes.RETRY_OF] == 2
    assert late.value == late.params["x"] == hpo.trials[2].params["x"]
    other.tell(retry, 7.0)

    # A second delivery of the same file changes nothing.
    path.parent.mkdir()
    path.write_text(kept)
    before = len(hpo.trials)
    run(url)
    assert len(hpo.trials) == before + 1
    assert spooled() == []


def test_a_result_of_another_database_stays(url: str, tmp_path: Path) -> None:
    killed_while_telling(url)
    run(f"sqlite:///{tmp_path / 'other.db'}")
    assert len(spooled()) == 1
    run(url)
    assert spooled() == []


def test_a_result_of_a_database_that_was_made_anew_is_not_written_to_another_trial(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    killed_while_telling(url)
    for path in tmp_path.glob("hpo.db*"):
        path.unlink()
    anew = hn.HPOTrialManager("s", storage=url)
    trials = [anew.ask(SPACE) for _ in range(3)]
    run(url)
    assert trial_status(anew.trials[2]) == "running"
    assert "of a study that is not in" in caplog.text
    assert spooled() == []
    assert len(refused()) == 1
    for trial in trials:
        anew.tell(trial, 1.0)


def refused() -> list[Path]:
    return sorted(spool_folder().glob("*/*.refused"))


@pytest.mark.parametrize("change", [{"from_the_future": 1}, {"state": "UNKNOWN"}, None])
def test_a_result_that_this_version_cannot_read_is_set_aside(
    url: str, caplog: pytest.LogCaptureFixture, change: dict[str, object] | None
) -> None:
    killed_while_telling(url)
    (path,) = spooled()
    text = path.read_text()
    changed = text[:40] if change is None else json.dumps(json.loads(text) | change)
    path.write_text(changed)
    hpo = run(url)
    run(url)
    assert trial_status(hpo.trials[2]) == "running"
    assert spooled() == []
    (aside,) = refused()
    assert aside.read_text() == changed
    assert caplog.text.count(f"stays in {aside}") == 1

    # Renamed, as the message says, it is tried again.
    aside.write_text(text)
    aside.rename(path)
    assert trial_status(run(url).trials[2]) == "completed"
    assert not path.parent.exists()


def test_a_result_that_the_study_refuses_is_set_aside_and_others_are_written(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed_while_telling(url)
    (path,) = spooled()
    good = path.with_name(path.name.replace("1-2.", "1-20."))
    good.write_text(path.read_text())
    fields = json.loads(path.read_text())
    fields["distributions"]["kind"] = fields["distributions"]["kind"].replace('"b"', '"c"')
    path.write_text(json.dumps(fields))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM trial_params WHERE trial_id = 3"))
    engine.dispose()
    assert trial_status(run(url).trials[2]) == "completed"
    assert spooled() == []
    (aside,) = refused()
    assert f"stays in {aside}. The database does not take it for trial 2" in caplog.text


def test_a_living_process_keeps_its_files(url: str, start_python: StartPython) -> None:
    source = f"URL = {url!r}" + DIES_WHILE_TELLING.replace("signal.SIGKILL", "signal.SIGSTOP")
    process = start_python("-c", source)
    wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    run(url)
    assert len(spooled()) == 1
    process.kill()
    process.communicate()
    run(url)
    assert spooled() == []


def kept_by_this_process(hpo: hn.HPOTrialManager, url: str) -> None:
    """Run a trial whose result the database refuses for a while."""
    blocker = sa.create_engine(url)

    def objective(params: dict[str, float]) -> float:
        with blocker.begin() as connection:
            connection.execute(sa.text("ALTER TABLE trial_values RENAME TO elsewhere"))
        return params["x"]

    with pytest.raises(StorageError, match=r"The result of trial \d is kept in .*1-\d.*json"):
        hpo.optimize(objective, SPACE, n_trials=1, show_progress=False)
    with blocker.begin() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO trial_values"))
    blocker.dispose()


def test_a_storage_that_refuses_a_result_is_named_with_the_file_that_keeps_it(url: str) -> None:
    hpo = run(url)
    kept_by_this_process(hpo, url)
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=1, show_progress=False)
    assert [trial_status(trial) for trial in hpo.trials] == ["completed"] * 3
    assert spooled() == []


def test_a_result_that_two_threads_deliver_is_one_trial(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hpo = run(url)
    kept_by_this_process(hpo, url)
    give_up(url, 1, retry=True)
    other = hn.HPOTrialManager("s", storage=url)
    retry = other.ask(SPACE)
    storage = other.study._storage
    looked = threading.Barrier(2)
    get_all_trials = storage.get_all_trials

    def look(*args, **kwargs):
        trials = get_all_trials(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            looked.wait(0.5)  # both know the same, if both may look
        return trials

    monkeypatch.setattr(storage, "get_all_trials", look)
    with ThreadPoolExecutor(2) as threads:
        settled = list(threads.map(lambda _: Spool(storage).replay(), range(2)))
    monkeypatch.undo()
    assert sorted(map(len, settled)) == [0, 1]
    links = [trial.user_attrs.get(attributes.RETRY_OF) for trial in hpo.trials]
    assert links.count(1) == 2  # the retry that runs, and the result
    other.tell(retry, 1.0)


def test_a_process_whose_folder_was_removed_makes_another(url: str) -> None:
    hpo = run(url)
    (own,) = spool_folder().iterdir()
    shutil.rmtree(own)
    kept_by_this_process(hpo, url)
    assert own not in [path.parent for path in spooled()]
    run(url)
    assert spooled() == []


def test_files_of_another_machine_whose_name_begins_alike_stay(url: str) -> None:
    killed_while_telling(url)
    (path,) = spooled()
    host, pid, token = path.parent.name.rsplit("-", 2)
    path.parent.rename(spool_folder() / f"{host}-2-{pid}-{token}")
    assert trial_status(run(url).trials[2]) == "running"
    assert len(spooled()) == 1


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no user ids here")
def test_files_of_another_user_are_not_believed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_while_telling(url)
    with monkeypatch.context() as another_user:
        another_user.setattr(os, "getuid", lambda: 54321)
        assert trial_status(run(url).trials[2]) == "running"
    assert len(spooled()) == 1


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="there is a home directory always")
def test_a_user_without_a_home_directory_can_run(
    url: str, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    for name in ("HIGHNOON_SPOOL", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 5)
    with pytest.raises(RuntimeError):
        Path.home()
    assert [trial_status(trial) for trial in run(url, n_trials=3).trials] == ["completed"] * 3
    assert said().count("Results cannot be kept in") == 1


def test_a_spool_that_cannot_be_written_is_said_once_and_the_run_goes_on(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("HIGHNOON_SPOOL", str(tmp_path / "file"))
    assert len(run(url, n_trials=3).trials) == 3
    assert said().count("Results cannot be kept in") == 1


def test_a_study_in_memory_has_no_spool() -> None:
    hn.HPOTrialManager("s").optimize(lambda p: 1.0, SPACE, n_trials=2, show_progress=False)
    assert not spool_folder().exists() or not any(spool_folder().iterdir())


def test_nothing_is_left_after_a_run(url: str, start_python: StartPython) -> None:
    process = start_python(
        "-c",
        "import highnoon as hn\n"
        f"hn.HPOTrialManager('s', storage={url!r}).optimize(lambda p: 1.0, {SPACE!r}, n_trials=3)",
    )
    _, err = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, err
    assert list(spool_folder().iterdir()) == []


SUSPENDED = """
import os, sys, time
import highnoon as hn
hpo = hn.HPOTrialManager("s", storage=sys.argv[1], grace_period=1.0)
def objective(params):
    print("started", flush=True)
    while not os.path.exists("go on"):
        time.sleep(0.01)
    return params["x"]
hpo.optimize(objective, {"x": ("uniform", -1.0, 1.0), "kind": ("categorical", ["a", "b"])},
             n_trials=1, show_progress=False)
"""


def suspend(pid: int, url: str) -> None:
    """Stop a process at a moment at which it holds no lock on the database."""
    database = sa.create_engine(url, connect_args={"timeout": 0})
    while True:
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        with contextlib.suppress(sa.exc.OperationalError), database.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            break
        os.kill(pid, signal.SIGCONT)
    database.dispose()


def test_the_result_of_a_worker_that_was_suspended_for_too_long_is_kept(
    url: str, start_python: StartPython, tmp_path: Path
) -> None:
    hpo = hn.HPOTrialManager("s", storage=url, grace_period=1.0)
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=1, show_progress=False)
    process = start_python("-c", SUSPENDED, url)
    assert process.stdout.readline() == "started\n"
    suspend(process.pid, url)
    handle = hpo.start(lambda params: time.sleep(0.1) or 1.0, SPACE, n_trials=10_000)
    wait_until(lambda: trial_status(hpo.trials[1]) == "lost")
    handle.stop()
    handle.wait(WAIT_SECONDS)
    (tmp_path / "go on").touch()
    os.kill(process.pid, signal.SIGCONT)
    _, err = process.communicate(timeout=WAIT_SECONDS)
    results = [t for t in hpo.trials if t.user_attrs.get(attributes.RETRY_OF) == 1]
    assert hpo.trials[1].params["x"] in [trial.value for trial in results], err
    assert "running" not in map(trial_status, hpo.trials)
