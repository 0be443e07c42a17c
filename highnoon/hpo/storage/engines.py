"""How a database is connected to: time limits, passwords, SQLite's way of writing."""

import importlib
import os
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from highnoon.hpo.storage.urls import StorageURL

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from sqlalchemy.engine import Connection, Engine

__all__ = [
    "PATIENCE",
    "disconnect_at_the_end_of",
    "engine_of",
    "engine_options",
    "load_psycopg",
    "writing",
]

PATIENCE = 120.0
"""Seconds for which those who run trials wait for a database that does not answer."""

_SQLITE_TIMEOUT_SECONDS = 60
_CONNECT_SECONDS = 10
_SQLITE_PAUSE_SECONDS = 0.05
_SQLITE_SECONDS_WITHOUT_SIGNALS = 0.2

# A server that vanished, with its machine or the network, is noticed within a minute.
_POSTGRES_LIMITS = {
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_MYSQL_LIMITS = {"connect_timeout": _CONNECT_SECONDS, "read_timeout": 300, "write_timeout": 60}


def engine_of(storage: "BaseStorage") -> "Engine | None":
    """Return the engine of a storage that keeps studies in Optuna's tables, else None."""
    return getattr(storage, "engine", None)


@contextmanager
def writing(engine: "Engine") -> "Iterator[Connection]":
    """Run the block as one transaction that writes."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Otherwise the lock is taken at the first write, too late for what was read.
            _begin_immediately(connection)
        yield connection


def _begin_immediately(connection: "Connection") -> None:
    """Wait for SQLite's lock, for as long as the connection's timeout says.

    SQLite itself waits inside one call, during which Python lets no signal through.
    """
    from sqlalchemy.exc import OperationalError

    raw: Any = connection.connection.dbapi_connection
    (milliseconds,) = raw.execute("PRAGMA busy_timeout").fetchone()
    step = min(milliseconds, int(1000 * _SQLITE_SECONDS_WITHOUT_SIGNALS))
    deadline = time.monotonic() + milliseconds / 1000
    raw.execute(f"PRAGMA busy_timeout = {step}")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > deadline:
                    raise
            else:
                return
    finally:
        raw.execute(f"PRAGMA busy_timeout = {milliseconds}")


def engine_options(url: StorageURL, *, write: bool) -> dict[str, Any]:
    """Return the arguments of `sqlalchemy.create_engine` for a database.

    What the URL itself says, such as `?connect_timeout=3`, goes before.

    Args:
        url: The database.
        write: Whether it may be written to; a SQLite file that may not is left as it is.
    """
    if url.backend == "sqlite":
        options: dict[str, Any] = {"connect_args": {"timeout": _SQLITE_TIMEOUT_SECONDS}}
        if write:
            options["pool_events"] = [(_set_pragmas, "connect")]
        return options
    limits = _POSTGRES_LIMITS if url.backend == "postgresql" else _MYSQL_LIMITS
    if url.url.get_driver_name() not in ("psycopg", "psycopg2", "pymysql"):
        limits = {}
    arguments: dict[str, Any] = {
        name: value for name, value in limits.items() if name not in url.url.query
    }
    if url.url.get_driver_name() == "psycopg":
        load_psycopg()
    password = url.url.password
    if url.url.get_driver_name() == "pymysql" and password and not password.isascii():
        arguments["password"] = password.encode()  # which the driver would encode as Latin-1
    return {"connect_args": arguments, "hide_parameters": True, "pool_pre_ping": True}


def load_psycopg() -> None:
    """Import psycopg so that it uses its own OpenSSL, also where TensorFlow is loaded.

    TensorFlow brings functions of the same names; a connection over TLS that got hold of those
    would end the process.
    """
    if "psycopg" in sys.modules or not hasattr(os, "RTLD_DEEPBIND"):
        return
    before = sys.getdlopenflags()
    sys.setdlopenflags(before | os.RTLD_DEEPBIND)
    try:
        importlib.import_module("psycopg")
    finally:
        sys.setdlopenflags(before)


def disconnect_at_the_end_of(storage: "BaseStorage", engine: "Engine") -> None:
    """Close an engine's connections when a storage is gone."""
    weakref.finalize(storage, _disconnect, engine, os.getpid())


def _disconnect(engine: "Engine", pid: int) -> None:
    if os.getpid() == pid:  # those of a parent process are not ours
        engine.dispose()


def _set_pragmas(connection: Any, _record: Any) -> None:
    """Let readers go on while a trial is written; a power cut may cost the last commits only."""
    cursor = connection.cursor()
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """Try until no one else reads or writes; SQLite itself does not wait here."""
    import sqlite3

    deadline = time.monotonic() + _SQLITE_TIMEOUT_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(_SQLITE_PAUSE_SECONDS)
