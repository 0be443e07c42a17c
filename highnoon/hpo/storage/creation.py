"""Create Optuna's tables once, however many processes open a fresh database at the same moment.

Optuna creates its tables one after another, and processes that do so side by side fail on each
other's. Here one of them creates the tables under a lock and the rest wait for it. What is written
last, the version of the schema, tells that the tables are whole; where it is there, nothing is
locked and nothing created.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from highnoon.exceptions import StorageError
from highnoon.hpo.storage.urls import StorageURL

__all__ = ["ensure_tables", "has_tables"]

_PATIENCE_SECONDS = 60
_POSTGRES_KEY = int.from_bytes(hashlib.sha256(b"highnoon").digest()[:8], signed=True)

_TOO_LONG = (
    f"Another process has been creating the tables of {{url}} for {_PATIENCE_SECONDS} seconds. "
    "If it hangs, end it and start again."
)


def has_tables(url: StorageURL, engine_kwargs: Mapping[str, Any]) -> bool:
    """Whether a database holds all of Optuna's tables; it is not changed, nor is a file created."""
    if url.sqlite_file is not None and not url.sqlite_file.exists():
        return False
    with _connected(url, engine_kwargs) as connection:
        return _is_whole(connection)


def ensure_tables(url: StorageURL, engine_kwargs: Mapping[str, Any]) -> None:
    """Create Optuna's tables where they are not there; safe in many processes at once.

    Raises:
        StorageError: Another process creates them and does not get done.
    """
    if has_tables(url, engine_kwargs):
        return
    lock = _LOCKS[url.url.get_backend_name()]
    with lock(url, engine_kwargs):
        if not has_tables(url, engine_kwargs):
            _create_tables(url, engine_kwargs)


def _create_tables(url: StorageURL, engine_kwargs: Mapping[str, Any]) -> None:
    from optuna.storages import RDBStorage

    # Without a pool no connection outlives this, even if the tables cannot be created.
    options = {**engine_kwargs, "poolclass": sa.NullPool}
    RDBStorage(url.template, engine_kwargs=options, skip_compatibility_check=True)


def _is_whole(connection: sa.Connection) -> bool:
    versions = sa.table("alembic_version", sa.column("version_num"))
    if not sa.inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(sa.select(versions.c.version_num)).first() is not None


@contextlib.contextmanager
def _connected(url: StorageURL, engine_kwargs: Mapping[str, Any]) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url.url, poolclass=sa.NullPool, **engine_kwargs)
    with engine.connect() as connection:
        yield connection


@contextlib.contextmanager
def _sqlite_lock(url: StorageURL, _engine_kwargs: Mapping[str, Any]) -> Iterator[None]:
    """Lock a file beside the database, and remove it when the tables are there.

    Who still waits for the removed file, and who makes a new one, both find the tables whole.
    """
    from filelock import FileLock, Timeout

    path = url.sqlite_file
    if path is None:  # in memory: nobody else sees it
        yield
        return
    lock = path.with_name(f"{path.name}-lock")
    try:
        with FileLock(lock, timeout=_PATIENCE_SECONDS):
            yield
            with contextlib.suppress(OSError):
                lock.unlink()
    except Timeout:
        raise StorageError(_TOO_LONG.format(url=url)) from None


@contextlib.contextmanager
def _postgres_lock(url: StorageURL, engine_kwargs: Mapping[str, Any]) -> Iterator[None]:
    """Take an advisory lock for as long as a transaction lasts, as a connection pooler needs it."""
    with _connected(url, engine_kwargs) as connection, connection.begin():
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS}s'"))
        try:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POSTGRES_KEY)))
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
                raise StorageError(_TOO_LONG.format(url=url)) from None
            raise
        yield


@contextlib.contextmanager
def _mysql_lock(url: StorageURL, engine_kwargs: Mapping[str, Any]) -> Iterator[None]:
    """Take a named lock, whose name may have 64 characters and is the whole server's."""
    name = "highnoon:" + hashlib.sha256((url.url.database or "").encode()).hexdigest()[:32]
    with _connected(url, engine_kwargs) as connection:
        if connection.execute(sa.select(sa.func.get_lock(name, _PATIENCE_SECONDS))).scalar() != 1:
            raise StorageError(_TOO_LONG.format(url=url))
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.release_lock(name)))


_LOCKS = {"sqlite": _sqlite_lock, "postgresql": _postgres_lock, "mysql": _mysql_lock}
