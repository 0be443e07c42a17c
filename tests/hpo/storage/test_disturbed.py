"""The buffered storage when connections break, servers restart, and processes fork or die."""

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy as sa
from optuna.distributions import FloatDistribution
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial
from sqlalchemy.engine import make_url

from highnoon.hpo.storage import StorageURL, open_storage
from highnoon.hpo.storage.buffered import BufferedStorage
from highnoon.testing.servers import PrivateServer
from tests.hpo.storage.cutting_proxy import CuttingProxy

UNIT = FloatDistribution(0.0, 1.0)

Wait = Callable[[Callable[[], bool]], None]
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
    comes_back = threading.Timer(3.0, own_server.start)

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
    assert "does not answer" in said()
    assert "answers again" in said()
    storage.close()


def test_what_could_not_be_written_is_kept_and_told_once(
    tmp_path: Path,
    buffered_of: Callable[..., BufferedStorage],
    said: Callable[[], str],
    wait_until: Wait,
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
    raw = StorageURL.parse(database_url).raw
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
