"""Where studies are kept: URLs, files, and what is said when they cannot be used."""

import sqlite3
import textwrap
from pathlib import Path
from typing import Any

import optuna
import pytest

from highnoon import HPOTrialManager, StudyReader
from highnoon.exceptions import HighNoonError, MissingDependencyError, StorageError
from highnoon.hpo.storage import StorageURL, open_storage, storage_label

SPACE = {"x": ("uniform", -1.0, 1.0)}


def square(params: dict[str, float]) -> float:
    return params["x"] ** 2


def test_a_relative_file_stays_where_it_was_when_the_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    hpo = HPOTrialManager(study_name="s", storage="sqlite:///hpo.db")
    monkeypatch.chdir(tmp_path / "elsewhere")
    hpo.optimize(square, SPACE, n_trials=2)
    assert len(StudyReader.open("s", f"sqlite:///{tmp_path / 'hpo.db'}").trials) == 2
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_home_directory_may_be_written_as_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert StorageURL.parse("sqlite:///~/hpo.db").sqlite_file == tmp_path / "hpo.db"


def test_a_reader_never_creates_a_database(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"no database at .*hpo\.db. Only a running study"):
        StudyReader.open("s", f"sqlite:///{tmp_path / 'hpo.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_writes_nothing_into_an_empty_file(tmp_path: Path) -> None:
    empty = tmp_path / "hpo.db"
    empty.touch()
    with pytest.raises(StorageError, match=r"hpo\.db holds no studies; nobody has run one"):
        StudyReader.open("s", f"sqlite:///{empty}")
    assert empty.stat().st_size == 0


def test_a_reader_opens_what_it_must_not_write(url: str, tmp_path: Path) -> None:
    optuna.create_study(study_name="s", storage=url).optimize(
        lambda trial: trial.suggest_float("x", 0, 1), n_trials=1
    )
    before = (tmp_path / "hpo.db").read_bytes()
    assert len(StudyReader.open("s", url).trials) == 1
    assert (tmp_path / "hpo.db").read_bytes() == before


def test_a_study_that_is_not_there_is_told_apart_from_those_that_are(url: str) -> None:
    HPOTrialManager(study_name="alpha", storage=url)
    with pytest.raises(HighNoonError, match=r"No study 'beta' in sqlite.* It holds: alpha\."):
        StudyReader.open("beta", url)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("hpo.db", r"not a database URL: 'hpo\.db'. Write, for example: sqlite:///hpo\.db"),
        ("", "not a database URL"),
        ("sqlite:/hpo.db", "not a database URL"),
        ("postgresql://host:port/db", "not a database URL"),
        ("postgres://host/db", "Unknown kind of database 'postgres'.*Did you mean 'postgresql'"),
        ("oracle://host/db", "Unknown kind of database 'oracle'.*for example: sqlite:///hpo"),
        ("sqlite+nodriver:///x.db", "cannot be used"),
        (Path("hpo.db"), "must be a database URL or an Optuna storage, got PosixPath"),
    ],
)
def test_a_broken_url_is_refused_with_an_example(broken: Any, message: str) -> None:
    with pytest.raises(StorageError, match=message):
        HPOTrialManager(study_name="s", storage=broken)


def test_a_driver_that_is_not_installed_is_named() -> None:
    with pytest.raises(MissingDependencyError, match=r"driver of 'mysql\+mysqldb' is not inst"):
        HPOTrialManager(study_name="s", storage="mysql+mysqldb://user:secret@127.0.0.1:1/db")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@127.0.0.1:1/db",
        "mysql://user:secret@127.0.0.1:1/db",
        "postgresql://127.0.0.1:1/db?user=u&password=secret",
        "postgresql+nodriver://user:secret@127.0.0.1:1/db",
        "postgres://user:secret@127.0.0.1/db",
        "postgres://127.0.0.1/db?password=secret",
        "postgresql//user:secret@127.0.0.1/db",
        "postgresql:/user:secret@127.0.0.1/db",
        "user:secret@127.0.0.1/db",
        "postgresql://user:secret@127.0.0.1:notaport/db",
        "Server=127.0.0.1;Password=secret",
    ],
)
def test_no_error_shows_a_password(url: str) -> None:
    with pytest.raises(HighNoonError) as caught:
        HPOTrialManager(study_name="s", storage=url, wait_for_server=0)
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret" not in str(error)
        error = error.__cause__


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@host/db", "mysql://host/db?password=secret&x=1"]
)
def test_neither_str_nor_repr_shows_a_password(url: str) -> None:
    parsed = StorageURL.parse(url)
    assert "secret" not in str(parsed) + repr(parsed)
    assert "secret" in parsed.raw


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://user:pass@host/db", "postgresql+psycopg"),
        ("mysql://user:pass@host/db", "mysql+pymysql"),
        ("sqlite:///hpo.db", "sqlite"),
        ("postgresql+asyncpg://host/db", "postgresql+asyncpg"),
    ],
)
def test_the_driver_is_chosen_unless_named(url: str, driver: str) -> None:
    assert StorageURL.parse(url).url.drivername == driver


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("missing/hpo.db", r"folder .*missing does not exist. Create it"),
        ("file/hpo.db", r"folder .*file does not exist"),
        ("folder", r"folder is a folder. Name a file in it: sqlite:///.*folder/hpo\.db"),
        ("file", "cannot be used: file is not a database"),
    ],
)
def test_a_place_that_holds_no_database_is_refused(
    tmp_path: Path, place: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("this is a diary, not a database, and quite a long one" * 20)
    with pytest.raises(StorageError, match=message):
        HPOTrialManager(study_name="s", storage=f"sqlite:///{tmp_path / place}")


def test_a_database_of_a_later_optuna_is_refused(url: str, tmp_path: Path) -> None:
    HPOTrialManager(study_name="s", storage=url)
    with sqlite3.connect(tmp_path / "hpo.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    with pytest.raises(StorageError, match="was made or upgraded by a newer Optuna"):
        HPOTrialManager(study_name="s", storage=url)


def test_a_database_that_breaks_during_a_run_is_a_storage_error(url: str, tmp_path: Path) -> None:
    hpo = HPOTrialManager(study_name="s", storage=url)

    def objective(params: dict[str, float]) -> float:
        if len(hpo.trials) == 3:
            with sqlite3.connect(tmp_path / "hpo.db") as connection:
                connection.execute("ALTER TABLE trial_values RENAME TO gone")
        return square(params)

    with pytest.raises(StorageError, match=r"hpo\.db cannot be used: no such table: trial_values"):
        hpo.optimize(objective, SPACE, n_trials=9)
    with sqlite3.connect(tmp_path / "hpo.db") as connection:
        assert connection.execute("SELECT COUNT(*) FROM gone").fetchone() == (2,)


def test_what_must_not_be_written_is_refused_before_the_first_trial(
    script: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    done = script(
        textwrap.dedent("""
        import os, pathlib, tempfile
        import highnoon as hn
        from highnoon.exceptions import StorageError

        folder = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
        folder.chmod(0o755)
        os.chdir(folder)
        hn.HPOTrialManager(study_name="s", storage="sqlite:///hpo.db").optimize(
            lambda p: p["x"], {"x": ("int", 1, 3)}, n_trials=2, show_progress=False)
        pathlib.Path("hpo.db").chmod(0o444)
        folder.chmod(0o555)
        if os.geteuid() == 0:
            os.setuid(65534)
        for storage in ("sqlite:///hpo.db", "sqlite:///new.db"):
            try:
                hn.HPOTrialManager(study_name="s", storage=storage)
            except StorageError as error:
                print(error)
        """)
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("The database ")
    assert first.endswith("hpo.db is read-only; trials cannot be written to it.")
    assert second.endswith("is not writable. Choose another folder for the storage.")


def test_a_storage_object_is_opened_as_it_is() -> None:
    storage = optuna.storages.InMemoryStorage()
    assert open_storage(storage) is storage
    assert storage_label(storage) == storage_label(None) == "memory"
