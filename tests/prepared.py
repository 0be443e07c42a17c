"""Databases with Optuna's tables: made once, and empty for every test."""

import contextlib

import sqlalchemy as sa
from optuna.storages import RDBStorage
from optuna.storages._rdb.models import BaseModel

from highnoon.hpo.storage import StorageURL

__all__ = ["create_tables", "empty", "stock_url"]

_KEPT = {"alembic_version", "version_info"}
_ROWS = [f"DELETE FROM {t.name}" for t in BaseModel.metadata.sorted_tables if t.name not in _KEPT]
_ROWS.reverse()  # those that refer to others first

_OTHERS = {
    "postgresql": "SELECT 'SELECT pg_terminate_backend(' || pid || ')' FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT concat('KILL ', id) FROM information_schema.processlist "
    "WHERE db = database() AND id <> connection_id()",
}
_NUMBERS = {
    "postgresql": [
        "ALTER SEQUENCE studies_study_id_seq RESTART",
        "ALTER SEQUENCE trials_trial_id_seq RESTART",
    ],
    "mysql": ["ALTER TABLE studies AUTO_INCREMENT = 1", "ALTER TABLE trials AUTO_INCREMENT = 1"],
}


def stock_url(url: str) -> str:
    """Return a database's address for Optuna's own storage, with patience for other writers."""
    raw = StorageURL.parse(url).raw
    return f"{raw}?timeout=60" if raw.startswith("sqlite") else raw


def create_tables(url: str) -> None:
    """Create Optuna's tables in an empty database."""
    storage = RDBStorage(StorageURL.parse(url).raw)
    storage.remove_session()
    storage.engine.dispose()


def empty(url: str) -> None:
    """Send all others away from a server's database, and leave its tables as if they were new."""
    engine = sa.create_engine(
        StorageURL.parse(url).url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    backend = engine.url.get_backend_name()
    with engine.connect() as connection:
        others = [statement for (statement,) in connection.exec_driver_sql(_OTHERS[backend])]
        for statement in others:
            with contextlib.suppress(sa.exc.OperationalError):  # it went by itself
                connection.exec_driver_sql(statement)
        for statement in [*_ROWS, *_NUMBERS[backend]]:
            connection.exec_driver_sql(statement)
