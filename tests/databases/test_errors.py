"""What is said when a database cannot be used: where, why, and what to do."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from highnoon import HPOTrialManager, StudyReader
from highnoon.exceptions import MissingDependencyError, StorageError
from highnoon.hpo.storage import StorageURL, open_storage
from highnoon.testing.servers import PrivateServer

SPACE = {"x": ("uniform", -1.0, 1.0)}


def square(params: dict[str, float]) -> float:
    return params["x"] ** 2


def change(url: str, **parts: Any) -> str:
    parsed = StorageURL.parse(url)
    changed = parsed.url.set(drivername=parsed.backend, **parts)
    return changed.difference_update_query(["charset"]).render_as_string(hide_password=False)


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(StorageURL.parse(url).url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


WRONG = [
    ({"password": "wrong"}, "(password authentication failed|Access denied).* Check the user"),
    ({"username": "nobody"}, "(password authentication failed|Access denied).* Check the user"),
    ({"host": "db.nowhere.invalid"}, "There is no machine of that name.* Check the host"),
    ({"port": 1}, "Connection refused.* No server listens there. Check the host and the port"),
    ({"database": "nope"}, "(does not exist|Unknown database).* Create it first"),
]


@pytest.mark.parametrize("create", [True, False])
def test_an_address_that_is_wrong_somewhere_is_explained(server_url: str, create: bool) -> None:
    for parts, message in WRONG:
        url = change(server_url, **parts)
        password = StorageURL.parse(url).url.password
        with pytest.raises(StorageError, match=message) as caught:
            open_storage(url, create=create)
        assert str(caught.value).startswith(
            f"The database {url.replace(f':{password}@', ':***@')} "
        )


def test_a_database_without_a_study_is_told_apart_from_a_wrong_address(server_url: str) -> None:
    with pytest.raises(StorageError, match="holds no studies; nobody has run one in it yet"):
        StudyReader.open("s", server_url)


def test_a_server_that_is_down_is_said_to_be_and_nothing_finished_is_lost(
    own_server: PrivateServer,
) -> None:
    url = own_server.create_database()
    HPOTrialManager(study_name="s", storage=url).optimize(square, SPACE, n_trials=3)
    own_server.stop()
    with pytest.raises(StorageError, match=r"127\.0\.0\.1:\d+/.*No server listens there"):
        HPOTrialManager(study_name="s", storage=url, wait_for_server=0)
    own_server.start()
    hpo = HPOTrialManager(study_name="s", storage=url)
    hpo.optimize(square, SPACE, n_trials=2)
    assert len(hpo.trials) == 5


def test_a_connection_that_a_restart_broke_is_replaced(own_server: PrivateServer) -> None:
    hpo = HPOTrialManager(study_name="s", storage=own_server.create_database())
    hpo.optimize(square, SPACE, n_trials=2)
    own_server.restart()
    assert len(hpo.trials) == 2
    hpo.optimize(square, SPACE, n_trials=2)
    assert len(hpo.trials) == 4


@pytest.mark.parametrize("open_it", ["to run", "to read"])
def test_a_database_of_a_newer_optuna_is_refused_and_left_as_it_is(
    database_url: str, open_it: str
) -> None:
    HPOTrialManager(study_name="s", storage=database_url)
    execute(database_url, "UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    with pytest.raises(StorageError, match=r"by a newer Optuna.*pip install --upgrade"):
        open_storage(database_url, create=open_it == "to run")
    execute(database_url, "UPDATE alembic_version SET version_num = 'v3.2.0.a'")
    assert StudyReader.open("s", database_url).trials == []


def test_a_database_of_an_older_optuna_is_refused_with_the_command_that_upgrades_it(
    database_url: str,
) -> None:
    HPOTrialManager(study_name="s", storage=database_url)
    execute(database_url, "UPDATE alembic_version SET version_num = 'v2.4.0.a'")
    with pytest.raises(StorageError, match=r"older Optuna.*optuna storage upgrade --storage .*://"):
        HPOTrialManager(study_name="s", storage=database_url)


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        (
            "postgresql://u@h/db",
            "psycopg",
        ),
        ("mysql://u@h/db", "pymysql"),
    ],
)
def test_a_missing_driver_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, url: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, extra, None)
    backend = url.partition(":")[0]
    with pytest.raises(
        MissingDependencyError, match=rf"'{extra}'.*pip install 'highnoon\[{backend}"
    ):
        open_storage(url, create=True)


def test_a_user_who_may_not_create_tables_is_told_so(postgres_server: PrivateServer) -> None:
    url = postgres_server.create_database()
    postgres_server.execute("CREATE ROLE reader LOGIN PASSWORD 'pass'")
    try:
        with pytest.raises(StorageError, match=r"permission denied for schema public.*GRANT ALL"):
            open_storage(change(url, username="reader", password="pass"), create=True)
    finally:
        postgres_server.drop_database(url)
        postgres_server.execute("DROP ROLE reader")


def test_a_server_that_may_only_be_read_is_said_to_be(
    postgres_server: PrivateServer, postgres_url: str
) -> None:
    HPOTrialManager(study_name="s", storage=postgres_url)
    read_only = f"{postgres_url}?options=-c%20default_transaction_read_only%3Don"
    assert StudyReader.open("s", read_only).trials == []
    with pytest.raises(StorageError, match=r"read-only transaction\. It can only be read"):
        HPOTrialManager(study_name="s", storage=read_only)


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Let every SQLite database grow to a number of pages only, as on a full disk."""
    limit = [0]

    def set_limit(connection: Any, _record: Any) -> None:
        if limit[0] and isinstance(connection, sqlite3.Connection):
            connection.execute(f"PRAGMA max_page_count = {limit[0]}").close()

    event.listen(sa.Engine, "connect", set_limit)
    yield lambda pages: limit.__setitem__(0, pages)
    event.remove(sa.Engine, "connect", set_limit)


def fill(hpo: HPOTrialManager) -> Callable[[dict[str, float]], float]:
    def objective(params: dict[str, float]) -> float:
        hpo.set_attr("notes", "x" * 2000)
        return square(params)

    return objective


def test_a_full_disk_ends_a_run_with_what_is_finished_kept(
    tmp_path: Path, small_disk: Callable[[int], None]
) -> None:
    url = f"sqlite:///{tmp_path / 'hpo.db'}"
    small_disk(100)
    hpo = HPOTrialManager(study_name="s", storage=url)
    with pytest.raises(StorageError, match=r"is full\. The disk is full\. Free some space and run"):
        hpo.optimize(fill(hpo), SPACE, n_trials=500)
    small_disk(0)
    finished = [t for t in StudyReader.open("s", url).trials if t.state.is_finished()]
    assert len(finished) >= 10
    again = HPOTrialManager(study_name="s", storage=url)
    again.optimize(fill(again), SPACE, total_trials=len(finished) + 5)
    kept = {t.number: t.values for t in again.trials if t.state.is_finished()}
    assert all(kept[t.number] == t.values for t in finished)


def test_a_disk_that_is_full_from_the_start_is_said_to_be(
    tmp_path: Path, small_disk: Callable[[int], None]
) -> None:
    small_disk(3)
    with pytest.raises(StorageError, match=r"hpo\.db cannot be used: .*The disk is full"):
        HPOTrialManager(study_name="s", storage=f"sqlite:///{tmp_path / 'hpo.db'}")
