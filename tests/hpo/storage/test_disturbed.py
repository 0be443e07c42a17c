"""The buffered storage when connections break, servers restart, and processes fork or die."""

import datetime
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy as sa
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial
from sqlalchemy.engine import make_url

from highnoon.hpo.storage import open_storage
from highnoon.hpo.storage.background import Flusher
from highnoon.hpo.storage.buffered import BufferedStorage
from highnoon.hpo.storage.writing import TrialWriter
from highnoon.testing.servers import PrivateServer
from tests.hpo.storage.cutting_proxy import CuttingProxy
from tests.prepared import stock_url
from tests.processes import WAIT_SECONDS, wait_until

UNIT = FloatDistribution(0.0, 1.0)
LETTERS = CategoricalDistribution(("a", "b"))

Script = Callable[..., Any]


@pytest.fixture
def quiet_optuna() -> Any:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(verbosity)


def test_a_commit_of_which_the_answer_is_lost_counts_once(
    server_url: str,
    stock_of: Callable[[str], RDBStorage],
    buffered_of: Callable[..., BufferedStorage],
    flushed_on_demand: None,
) -> None:
    stock = stock_of(server_url)
    there = make_url(server_url)
    assert there.port is not None
    with CuttingProxy(there.port) as proxy:
        through = there.set(host="127.0.0.1", port=proxy.port)
        buffered = buffered_of(through.render_as_string(hide_password=False))

        def cut(operation: Callable[[], Any]) -> Any:
            before = proxy.cuts
            proxy.cut_next_commit = True
            result = operation()
            assert proxy.cuts == before + 1
            return result

        study_id = cut(lambda: buffered.create_new_study([StudyDirection.MINIMIZE], "s"))
        trial_id = cut(lambda: buffered.create_new_trial(study_id))
        assert [trial._trial_id for trial in stock.get_all_trials(study_id)] == [trial_id]

        buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
        buffered.set_trial_intermediate_value(trial_id, 0, 1.0)
        cut(buffered.flush)
        buffered.set_trial_intermediate_value(trial_id, 1, 2.0)
        cut(lambda: buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.25]))
        ended = stock.get_trial(trial_id)
        assert (ended.state, ended.values) == (TrialState.COMPLETE, [0.25])
        assert ended.intermediate_values == {0: 1.0, 1: 2.0}
        assert buffered.get_trial(trial_id) == ended

        ids = cut(
            lambda: buffered.create_new_trials(
                study_id, [create_trial(state=TrialState.WAITING) for _ in range(3)]
            )
        )
        assert [trial._trial_id for trial in stock.get_all_trials(study_id)] == [trial_id, *ids]
        assert cut(lambda: buffered.set_trial_state_values(ids[0], TrialState.RUNNING))
        cut(lambda: buffered.delete_study(study_id))
        assert stock.get_all_studies() == []


def test_a_trial_that_another_ended_is_not_taken_for_ones_own_after_a_lost_answer(
    server_url: str,
    stock_of: Callable[[str], RDBStorage],
    buffered_of: Callable[..., BufferedStorage],
) -> None:
    stock = stock_of(server_url)
    there = make_url(server_url)
    assert there.port is not None
    with CuttingProxy(there.port) as proxy:
        through = there.set(host="127.0.0.1", port=proxy.port)
        buffered = buffered_of(through.render_as_string(hide_password=False))
        study_id = buffered.create_new_study([StudyDirection.MINIMIZE], "s")
        trial_id = buffered.create_new_trial(study_id)
        buffered.set_trial_user_attr(trial_id, "note", 1)
        stock.set_trial_state_values(trial_id, TrialState.FAIL)
        with pytest.raises(UpdateFinishedTrialError):
            buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.25])
        assert stock.get_trial(trial_id).state == TrialState.FAIL


def test_a_server_that_restarts_is_waited_for(
    own_server: PrivateServer, said: Callable[[], str], quiet_optuna: None
) -> None:
    storage = open_storage(own_server.create_database(), create=True)
    assert isinstance(storage, BufferedStorage)
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler())

    def come_back() -> None:
        wait_until(lambda: "does not answer" in said())
        own_server.start()

    comes_back = threading.Thread(target=come_back)

    def objective(trial: optuna.Trial) -> float:
        if trial.number == 3:
            trial.suggest_float("x", 0, 1)
            trial.report(1.0, 0)
            own_server.stop()
            comes_back.start()
        return trial.suggest_float("x", 0, 1)

    study.optimize(objective, n_trials=10)
    comes_back.join()
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 10
    assert study.trials[3].intermediate_values == {0: 1.0}
    assert "answers again" in said()
    storage.close()


def test_what_could_not_be_written_is_kept_and_told_once(
    tmp_path: Path,
    buffered_of: Callable[..., BufferedStorage],
    said: Callable[[], str],
) -> None:
    buffered = buffered_of(f"sqlite:///{tmp_path / 'hpo.db'}?timeout=0.05")
    study_id = buffered.create_new_study([StudyDirection.MINIMIZE], "s")
    trial_id = buffered.create_new_trial(study_id)
    blocker = sqlite3.connect(tmp_path / "hpo.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    buffered.set_trial_intermediate_value(trial_id, 0, 1.0)
    wait_until(lambda: "could not be written yet, and are kept" in said())
    blocker.execute("COMMIT")
    there = "SELECT intermediate_value FROM trial_intermediate_values"
    wait_until(lambda: blocker.execute(there).fetchall() == [(1.0,)])
    assert said().count("could not be written yet") == 1
    blocker.close()


def test_a_locked_database_is_waited_for(
    tmp_path: Path, buffered_of: Callable[..., BufferedStorage]
) -> None:
    buffered = buffered_of(f"sqlite:///{tmp_path / 'hpo.db'}?timeout=0.05")
    study_id = buffered.create_new_study([StudyDirection.MINIMIZE], "s")
    blocker = sqlite3.connect(tmp_path / "hpo.db", isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.5, lambda: blocker.execute("COMMIT"))
    timer.start()
    buffered.create_new_trial(study_id)
    timer.join()
    blocker.close()


def test_a_full_database_is_an_error_at_once(
    tmp_path: Path, buffered_of: Callable[..., BufferedStorage]
) -> None:
    buffered = buffered_of(f"sqlite:///{tmp_path / 'hpo.db'}")
    study_id = buffered.create_new_study([StudyDirection.MINIMIZE], "s")
    trial_id = buffered.create_new_trial(study_id)

    @sa.event.listens_for(buffered.engine, "connect")
    def limit(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # as large as it is, no larger

    buffered.engine.dispose()
    buffered.set_trial_user_attr(trial_id, "note", "x" * 1_000_000)
    with pytest.raises(StorageInternalError, match="full"):
        buffered.flush()
    sa.event.remove(buffered.engine, "connect", limit)
    buffered.engine.dispose()
    buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.5])
    assert len(buffered.get_trial(trial_id).user_attrs["note"]) == 1_000_000


def test_what_one_trial_cannot_write_holds_up_no_other(
    tmp_path: Path, buffered_of: Callable[..., BufferedStorage]
) -> None:
    url = f"sqlite:///{tmp_path / 'hpo.db'}"
    buffered = buffered_of(url)
    study_id = buffered.create_new_study([StudyDirection.MINIMIZE], "s")
    with sqlite3.connect(tmp_path / "hpo.db") as connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON trial_user_attributes "
            "WHEN NEW.key = 'poison' BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    trials = [buffered.create_new_trial(study_id) for _ in range(3)]
    for trial_id in trials:
        buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    buffered.set_trial_user_attr(trials[1], "poison", 1)
    with pytest.raises(StorageInternalError, match="refused"):
        buffered.flush()
    there = connection.execute("SELECT trial_id FROM trial_params ORDER BY trial_id").fetchall()
    assert there == [(trials[0],), (trials[2],)]
    connection.execute("DROP TRIGGER refuse")
    connection.close()
    buffered.flush()
    seen = open_storage(url)
    assert [trial.params for trial in seen.get_all_trials(study_id)] == [{"x": 0.5}] * 3


@pytest.fixture
def held_flush(buffered: BufferedStorage) -> Iterator[Callable[[], None]]:
    """Hold the flush in the background before its begin, and before its commit.

    The value lets it begin and waits for it to come to its commit, which it may do a moment later.
    """
    may_begin, there, may_go_on = threading.Event(), threading.Event(), threading.Event()
    timer = threading.Timer(0.5, may_go_on.set)

    @sa.event.listens_for(buffered.engine, "begin", insert=True)
    def hold_back(_connection: object) -> None:
        if threading.current_thread().name == "highnoon-flush":
            may_begin.wait()

    @sa.event.listens_for(buffered.engine, "commit")
    def hold(_connection: object) -> None:
        if threading.current_thread().name == "highnoon-flush":
            there.set()
            may_go_on.wait()

    def wait() -> None:
        may_begin.set()
        assert there.wait(WAIT_SECONDS)
        timer.start()

    yield wait
    may_begin.set()
    may_go_on.set()
    sa.event.remove(buffered.engine, "begin", hold_back)
    sa.event.remove(buffered.engine, "commit", hold)
    timer.join()


def test_a_flush_waits_for_what_the_background_is_writing(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, held_flush: Callable[[], None]
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_user_attr(trial_id, "note", 1)
    held_flush()
    buffered.flush()
    assert stock.get_trial(trial_id).user_attrs["note"] == 1


def test_a_flush_tells_of_a_conflict_that_the_background_found(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, held_flush: Callable[[], None]
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    stock.set_trial_param(stock.create_new_trial(study_id), "x", 1, LETTERS)
    held_flush()
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.flush(trial_id)


def test_what_comes_as_the_background_thread_is_about_to_end_is_flushed() -> None:
    flushed = threading.Semaphore(0)
    late: list[threading.Thread] = []

    def is_empty() -> bool:
        if not late:
            late.append(threading.Thread(target=flusher.wake))
            late[0].start()
            late[0].join(0.2)
        return True

    flusher = Flusher(flushed.release, is_empty)
    flusher.wake()
    assert flushed.acquire(timeout=WAIT_SECONDS)
    assert flushed.acquire(timeout=WAIT_SECONDS)


@pytest.fixture
def same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all that happens have one time, as on MySQL within a second."""
    now = datetime.datetime(2024, 1, 1)
    monkeypatch.setattr(TrialWriter, "_now", lambda _self: now)


@pytest.fixture
def meanwhile(buffered: BufferedStorage) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Break the connection before the next commit, and do something before the second try."""
    engine = buffered.engine
    to_do: list[Callable[[], object]] = []
    broken: list[object] = []

    def plan(action: Callable[[], object]) -> None:
        to_do.append(action)

    @sa.event.listens_for(engine, "commit")
    def break_off(_connection: sa.Connection) -> None:
        if to_do and not broken:
            broken.append(True)
            cause = ConnectionResetError("connection reset by peer")
            raise sa.exc.OperationalError("COMMIT", {}, cause, connection_invalidated=True)

    @sa.event.listens_for(engine, "begin")
    def act(_connection: sa.Connection) -> None:
        if broken and to_do:
            to_do.pop()()

    yield plan
    assert not to_do
    sa.event.remove(engine, "commit", break_off)
    sa.event.remove(engine, "begin", act)


Meanwhile = Callable[[Callable[[], object]], None]


def test_a_trial_that_another_started_is_not_taken_for_ones_own(
    buffered: BufferedStorage,
    buffered_of: Callable[..., BufferedStorage],
    stock: RDBStorage,
    study_id: int,
    database_url: str,
    same_moment: None,
    meanwhile: Meanwhile,
) -> None:
    other = buffered_of(database_url)
    meanwhile(lambda: other.create_new_trial(study_id))
    mine = buffered.create_new_trial(study_id)
    trials = stock.get_all_trials(study_id)
    assert [trial.state for trial in trials] == [TrialState.RUNNING] * 2
    assert trials[1]._trial_id == mine


def test_a_trial_that_another_queued_is_not_taken_for_ones_own(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, meanwhile: Meanwhile
) -> None:
    waiting = create_trial(state=TrialState.WAITING)
    meanwhile(lambda: stock.create_new_trial(study_id, waiting))
    mine = buffered.create_new_trial(study_id, waiting)
    trials = stock.get_all_trials(study_id)
    assert [trial.state for trial in trials] == [TrialState.WAITING] * 2
    assert trials[1]._trial_id == mine


def test_a_queued_trial_that_another_took_at_the_same_moment_is_the_others(
    buffered: BufferedStorage,
    buffered_of: Callable[..., BufferedStorage],
    stock: RDBStorage,
    study_id: int,
    database_url: str,
    same_moment: None,
    meanwhile: Meanwhile,
) -> None:
    other = buffered_of(database_url)
    trial_id = stock.create_new_trial(study_id, create_trial(state=TrialState.WAITING))
    taken = []
    meanwhile(lambda: taken.append(other.set_trial_state_values(trial_id, TrialState.RUNNING)))
    assert not buffered.set_trial_state_values(trial_id, TrialState.RUNNING)
    assert taken == [True]


def test_a_trial_that_another_failed_at_the_same_moment_was_failed_by_the_other(
    buffered: BufferedStorage,
    buffered_of: Callable[..., BufferedStorage],
    stock: RDBStorage,
    study_id: int,
    database_url: str,
    same_moment: None,
    meanwhile: Meanwhile,
) -> None:
    other = buffered_of(database_url)
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_user_attr(trial_id, "why", "given back")
    meanwhile(lambda: other.set_trial_state_values(trial_id, TrialState.FAIL))
    with pytest.raises(UpdateFinishedTrialError):
        buffered.set_trial_state_values(trial_id, TrialState.FAIL)
    assert "why" not in stock.get_trial(trial_id).user_attrs


def test_a_study_that_another_writes_to_at_the_same_moment_is_deleted(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    trial_id = stock.create_new_trial(study_id)
    written: list[int] = []

    @sa.event.listens_for(buffered.engine, "before_cursor_execute")
    def report(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if text.startswith("DELETE") and not written:
            written.append(trial_id)
            stock.set_trial_intermediate_value(trial_id, 0, 1.0)

    buffered.delete_study(study_id)
    assert written
    assert stock.get_all_studies() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_leaves_the_parents_trials_and_connections_alone(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    mine = buffered.create_new_trial(study_id)
    buffered.set_trial_param(mine, "x", 0.5, UNIT)
    buffered.get_all_trials(study_id)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            assert buffered.get_trial(mine).state == TrialState.RUNNING
            own = buffered.create_new_trial(study_id)
            buffered.set_trial_param(own, "x", 0.25, UNIT)
            buffered.set_trial_state_values(own, TrialState.COMPLETE, [1.0])
            assert len(buffered.get_all_trials(study_id)) == 2
            buffered.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    buffered.set_trial_state_values(mine, TrialState.COMPLETE, [2.0])
    trials = stock.get_all_trials(study_id)
    assert [(trial.params, trial.values) for trial in trials] == [
        ({"x": 0.5}, [2.0]),
        ({"x": 0.25}, [1.0]),
    ]
    assert buffered.get_all_trials(study_id) == trials


WORKER = """
    import optuna
    from highnoon.hpo.storage import open_storage
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = {storage}
    study = optuna.load_study(
        study_name="study", storage=storage, sampler=optuna.samplers.RandomSampler())
    for _ in range(25):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        trial.report(x, 0)
        study.tell(trial, x)
"""


def test_processes_side_by_side_keep_numbers_unique_and_consecutive(
    stock: RDBStorage, study_id: int, database_url: str, script: Script
) -> None:
    raw = stock_url(database_url)
    opened = ["open_storage(URL)"] * 2 + ["optuna.storages.RDBStorage(RAW)"]
    sources = [
        WORKER.format(storage=text.replace("URL", repr(database_url)).replace("RAW", repr(raw)))
        for text in opened
    ]
    outcomes: list[Any] = []
    threads = [
        threading.Thread(target=lambda source=source: outcomes.append(script(source)))
        for source in sources
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in outcomes] == [0, 0, 0], [d.stderr for d in outcomes]
    trials = stock.get_all_trials(study_id)
    assert [trial.number for trial in trials] == list(range(75))
    assert all(trial.values == [trial.params["x"]] for trial in trials)
    assert all(trial.intermediate_values == {0: trial.values[0]} for trial in trials)


def test_threads_share_a_storage(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, quiet_optuna: None
) -> None:
    study = optuna.load_study(study_name="study", storage=buffered)

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step in range(3):
            trial.report(x, step)
            trial.should_prune()
        return x

    study.optimize(objective, n_trials=40, n_jobs=4)
    trials = stock.get_all_trials(study_id)
    assert sorted(trial.number for trial in trials) == list(range(40))
    assert all(trial.values == [trial.params["x"]] for trial in trials)
    assert all(len(trial.intermediate_values) == 3 for trial in trials)
    assert study.get_trials() == trials


@pytest.mark.parametrize("ending", ["", "sys.exit(3)", "raise RuntimeError"])
def test_the_end_of_a_program_flushes(
    buffered_of: Callable[..., BufferedStorage], tmp_path: Path, script: Script, ending: str
) -> None:
    url = f"sqlite:///{tmp_path / 'hpo.db'}"
    script(f"""
        import sys
        import optuna
        from highnoon.hpo.storage import open_storage
        study = optuna.create_study(storage=open_storage({url!r}, create=True))
        trial = study.ask()
        trial.suggest_float("x", 0.5, 0.5)
        {ending}
    """)
    assert buffered_of(url).get_trial(1).params == {"x": 0.5}
