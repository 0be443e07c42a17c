"""Many processes open the same fresh database, and the same new study, at the same moment."""

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest

from highnoon import HPOTrialManager, StudyReader
from highnoon.exceptions import StorageError
from highnoon.hpo.storage import StorageURL, open_storage

PROCESSES = 8
SPACE = {"x": ("uniform", -1.0, 1.0)}

All = Callable[..., list[Any]]

_barrier: Any = None


def _set_barrier(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _together(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    _barrier.wait(180)
    return function(*arguments)


def run_a_trial(url: str) -> int:
    hpo = HPOTrialManager(study_name="s", storage=url)
    numbers: list[int] = []
    hpo.optimize(
        lambda params: params["x"] ** 2,
        SPACE,
        n_trials=1,
        callbacks=[lambda study, trial: numbers.append(trial.number)],
    )
    return numbers[0]


def join_with_a_direction(url: str, direction: Any) -> str:
    return HPOTrialManager(study_name="s", storage=url, direction=direction).study.direction.name


def open_for_writing(url: str) -> int:
    return len(open_storage(url, create=True).get_all_studies())


@pytest.fixture(scope="module")
def in_every_process() -> Iterator[All]:
    """Call a function in eight processes at the same moment; they live as long as the module."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["highnoon.hpo.manager", "highnoon.hpo.run.warm_database"])
    with ProcessPoolExecutor(
        PROCESSES, context, initializer=_set_barrier, initargs=(context.Barrier(PROCESSES),)
    ) as pool:

        def call(function: Callable[..., Any], *arguments: Any) -> list[Any]:
            futures: list[Future[Any]] = [
                pool.submit(_together, function, arguments) for _ in range(PROCESSES)
            ]
            return [future.result(timeout=240) for future in futures]

        yield call


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_eight_processes_create_and_join_one_study_on_a_fresh_database(
    in_every_process: All, new_database: Callable[[str], str], kind: str
) -> None:
    for _ in range(2):
        url = new_database(kind)
        assert sorted(in_every_process(run_a_trial, url)) == list(range(PROCESSES))
        assert len(StudyReader.open("s", url).trials) == PROCESSES


def test_eight_processes_open_a_sqlite_file_that_optuna_made(
    in_every_process: All, tmp_path: Path
) -> None:
    for number in range(3):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        optuna.create_study(storage=url)
        assert in_every_process(open_for_writing, url) == [1] * PROCESSES


def test_the_first_direction_holds_for_all_who_come_without_one(
    in_every_process: All, database_url: str
) -> None:
    assert HPOTrialManager(study_name="s", storage=database_url, direction="maximize")
    assert in_every_process(join_with_a_direction, database_url, None) == ["MAXIMIZE"] * PROCESSES


def test_no_lock_file_is_left_beside_a_database(tmp_path: Path) -> None:
    open_storage(f"sqlite:///{tmp_path / 'hpo.db'}", create=True)
    assert {path.name for path in tmp_path.iterdir()} <= {"hpo.db", "hpo.db-wal", "hpo.db-shm"}


def test_a_lock_file_that_a_killed_process_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "hpo.db-lock").touch()
    assert open_for_writing(f"sqlite:///{tmp_path / 'hpo.db'}") == 0
    assert not (tmp_path / "hpo.db-lock").exists()


def test_tables_that_a_killed_process_left_unfinished_are_completed(database_url: str) -> None:
    import sqlalchemy as sa
    from optuna.storages import RDBStorage

    open_storage(database_url, create=True)
    storage = RDBStorage(StorageURL.parse(database_url).raw)
    with storage.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        connection.execute(sa.text("DROP TABLE trial_values"))
    storage.engine.dispose()
    with pytest.raises(StorageError, match="holds no studies"):
        open_storage(database_url)
    assert run_a_trial(database_url) == 0


def test_a_file_in_a_folder_with_braces_in_its_name_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "{SCHEMA_VERSION} {x}"
    folder.mkdir()
    assert run_a_trial(f"sqlite:///{folder / 'hpo.db'}") == 0
    with sqlite3.connect(folder / "hpo.db") as connection:
        assert connection.execute("SELECT COUNT(*) FROM trials").fetchone() == (1,)
