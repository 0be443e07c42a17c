"""Which storages are shown, what they are called, and what becomes of those that cannot be read."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest

from highnoon.exceptions import ConfigError, StorageError, StudyError
from highnoon.hpo import storages
from highnoon.hpo.reading import study_names
from highnoon.hpo.storage import open_storage
from highnoon.hpo.storages import Place, Storages
from tests.processes import wait_until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def database(prepared_database: Callable[[str], str]) -> Path:
    return Path(prepared_database("sqlite").removeprefix("sqlite:///"))


def test_the_argument_goes_before_the_environment_and_that_before_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HIGHNOON_STORAGE", "sqlite:///environment.db")
    given = Storages({"a": "sqlite:///a.db", "b": "postgresql://ana:secret@db.example/optuna"})
    assert given.places() == [
        Place("a", f"sqlite:///{folder}/a.db"),
        Place("b", "postgresql://ana:***@db.example/optuna"),
    ]
    assert [place.alias for place in Storages().places()] == ["environment.db"]
    assert [place.alias for place in Storages("mysql://ana:x@db/trials").places()] == ["trials"]
    monkeypatch.delenv("HIGHNOON_STORAGE")
    assert (Storages().folder, Storages().places()) == (folder, [])


def test_files_with_studies_are_found_as_they_appear(folder: Path, database: Path) -> None:
    shown = Storages(folder=folder)
    (folder / "notes.txt").write_text("SQLite format 3")
    sqlite3.connect(folder / "other.db").execute("CREATE TABLE trials (id)").connection.close()
    (folder / "broken.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    assert shown.places() == []
    shutil.copy(database, folder / "hpo.sqlite")
    shutil.copy(database, folder / "api")
    assert [place.alias for place in shown.places()] == ["api_", "hpo.sqlite"]
    assert study_names(shown.open("hpo.sqlite")) == []
    (folder / "hpo.sqlite").unlink()
    assert [place.alias for place in shown.places()] == ["api_"]
    with pytest.raises(StudyError, match=r"No storage 'hpo.sqlite' .* Shown are: 'api_'"):
        shown.open("hpo.sqlite")
    shown.close()


def test_a_kernel_shows_what_its_server_shows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"a b/c": "postgresql://ana:s%40cret@db.example/optuna"}
    for server in (Storages(given), Storages(folder=folder)):
        with monkeypatch.context() as patched:
            for name, value in server.kernel_environment().items():
                patched.setenv(name, value)
            kernel = Storages.for_kernel()
        assert kernel.places() == server.places()
        assert kernel.folder == server.folder
        assert kernel.kernel_environment() == server.kernel_environment()


def test_a_file_that_was_replaced_is_opened_anew(folder: Path, database: Path) -> None:
    shutil.copy(database, folder / "hpo.db")
    shown = Storages(folder=folder)
    first = shown.open("hpo.db")
    assert shown.open("hpo.db") is first
    shutil.copy(database, folder / "new")
    (folder / "new").rename(folder / "hpo.db")
    assert shown.open("hpo.db") is not first
    shown.close()


def test_a_storage_that_is_not_there_yet_is_found_when_it_is(folder: Path, database: Path) -> None:
    shown = Storages({"mine": f"sqlite:///{folder}/hpo.db"})
    with pytest.raises(StorageError, match="There is no database at"):
        shown.open("mine")
    shutil.copy(database, folder / "hpo.db")
    wait_until(lambda: opens(shown))
    shown.close()


def opens(shown: Storages) -> bool:
    try:
        return study_names(shown.open("mine")) == []
    except StorageError:
        return False


def test_a_server_that_takes_long_to_say_nothing_is_not_asked_at_each_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def open_slowly(url: str) -> None:
        asked.append(url)
        time.sleep(0.5)
        raise StorageError("Nobody answers there.")

    monkeypatch.setattr(storages, "open_storage", open_slowly)
    shown = Storages({"team": "mysql://db.example/optuna"})
    for _ in range(3):
        with pytest.raises(StorageError, match="Nobody answers"):
            shown.open("team")
    assert len(asked) == 1


def test_files_are_found_by_many_who_ask_at_once(folder: Path, database: Path) -> None:
    for number in range(20):
        shutil.copy(database, folder / f"{number}.db")
    shown = Storages(folder=folder)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: len(shown.places()), range(200)))
    assert set(found) == {20}


@pytest.mark.parametrize("alias", ["", " ", "api", "study"])
def test_an_alias_that_addresses_need_is_refused(alias: str) -> None:
    with pytest.raises(ConfigError, match="cannot be called"):
        Storages({alias: "sqlite:///hpo.db"})


def test_looking_into_a_database_leaves_it_to_those_who_use_it(folder: Path) -> None:
    database = folder / "hpo.db"
    storage = open_storage(f"sqlite:///{database}", create=True)
    study = optuna.create_study(study_name="mine", storage=storage)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert Storages(folder=database.parent).places()
    code = (
        "import optuna; from highnoon.hpo.storage import open_storage\n"
        f"optuna.load_study(study_name='mine', storage=open_storage('sqlite:///{database}'))"
        ".optimize(lambda trial: trial.suggest_float('x', 0, 1), n_trials=1)"
    )
    for trials in (2, 3):  # the first that ends must not take the log of the database along
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        assert len(study.get_trials()) == trials
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT COUNT(*) FROM trials").fetchone() == (4,)
