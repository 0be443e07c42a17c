"""Try a database access again while what hinders it will pass: locks, deadlocks, restarts.

What will not pass by itself, such as a full disk, a wrong password or a violated constraint, is
raised at once, as the `StorageInternalError` that Optuna's own storages raise.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from highnoon._notices import notice
from highnoon.hpo.storage.engines import PATIENCE
from highnoon.hpo.storage.errors import REFUSED, reason_of

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["Retrying", "is_away", "is_passing", "retrying_of", "run_patiently", "without_patience"]

T = TypeVar("T")

_FIRST_DELAY = 0.02
_LONGEST_DELAY = 8.0
_QUIET_SECONDS = 1.0

# Deadlock, serialization, lock not available, too many connections, server going down or coming up.
_POSTGRESQL_STATES = {"40P01", "40001", "55P03", "53300", "57P01", "57P02", "57P03"}
# Too many connections, shutdown, lock timeout, deadlock, row changed since it was read, killed, no
# connection, gone away, lost, idle for too long.
_MYSQL_CODES = {1020, 1040, 1053, 1205, 1213, 1927, 2002, 2003, 2006, 2013, 2055, 4031}
_PASSING_WORDS = (
    "connection is lost",
    "connection refused",
    "connection reset",
    "connection slots",  # are all taken
    "connection timed out",
    "connection timeout",
    "could not connect to server",
    "could not receive data from server",
    "database is locked",
    "schema is locked",
    "table is locked",
    "name resolution",
    "no route to host",
    "server closed the connection",
    "network is unreachable",
    "timeout expired",
    "too many clients",
    "the database system is",  # starting up, shutting down, in recovery mode
    "server terminated abnormally",
)
# Who opens a database for the first time has more likely mistyped its address.
_WORDS_OF_A_WRONG_ADDRESS = (
    "getaddrinfo",
    "name or service not known",
    "name resolution",
    "network is unreachable",
    "no route to host",
    "nodename nor servname",
    "resolve host",
    "timed out",
    "timeout expired",
)


_has_patience = ContextVar("_has_patience", default=True)


@contextmanager
def without_patience() -> Iterator[None]:
    """Try every operation of the block once, for answers that are not worth a wait."""
    token = _has_patience.set(False)
    try:
        yield
    finally:
        _has_patience.reset(token)


class Retrying:
    """Runs operations on one database, again after growing pauses while the hindrance may pass.

    However many threads wait, one notice says that the database does not answer, and one that it
    does again.

    Args:
        database: What to call the database in notices; holds no password.
        patience: Seconds for which an operation is tried again unless told otherwise.

    Attributes:
        abandoned: Whether somebody gave up waiting for the database, and it has not answered since.
    """

    def __init__(self, database: str, *, patience: float = PATIENCE) -> None:
        self.abandoned = False
        self._database = database
        self._patience = patience
        self._lock = threading.Lock()
        self._silent_since: float | None = None

    def run(
        self,
        operation: Callable[[bool], T],
        *,
        patience: float | None = None,
        passing: Callable[[BaseException], bool] | None = None,
    ) -> T:
        """Return the operation's result.

        Args:
            operation: Called with whether an earlier try may have been committed although it
                raised, so it must recognise its own traces. Each call is a transaction of its own.
            patience: Seconds for which it is tried again; 0 is a single try.
            passing: Whether an error is worth another try; `is_passing` unless given.

        Raises:
            StorageInternalError: The database refused, or was silent for too long.
        """
        patience = self._patience if patience is None else patience
        patience = patience if _has_patience.get() else 0.0
        passing = is_passing if passing is None else passing
        started = time.monotonic()
        delay = _FIRST_DELAY
        again = False
        while True:
            try:
                result = operation(again)
            except (SQLAlchemyError, StorageInternalError) as error:
                waited = time.monotonic() - started
                if not passing(error) or waited + delay > patience:
                    raise _storage_error(error) from _database_error(error)
                if waited >= _QUIET_SECONDS:
                    self._say_silent(error, patience)
            else:
                self.abandoned = False
                self._say_answering()
                return result
            time.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, _LONGEST_DELAY)
            again = True

    def _say_silent(self, error: Exception, patience: float) -> None:
        with self._lock:
            if self._silent_since is not None:
                return
            self._silent_since = time.monotonic()
        notice(
            f"The database {self._database} does not answer ({reason_of(error)}). Trying again for "
            f"up to {patience:.0f} s.",
            level=logging.WARNING,
        )

    def _say_answering(self) -> None:
        if self._silent_since is None:
            return
        with self._lock:
            since, self._silent_since = self._silent_since, None
        if since is not None:
            seconds = time.monotonic() - since
            notice(f"The database {self._database} answers again, after {seconds:.0f} s.")


def retrying_of(storage: "BaseStorage") -> Retrying | None:
    """Return what tries a storage's accesses again, or None."""
    return getattr(storage, "retrying", None)


def run_patiently(storage: "BaseStorage", operation: Callable[[], T]) -> T:
    """Return an operation's result; a database that does not answer is waited for.

    Raises:
        StorageInternalError: It was silent for too long.
    """
    retrying = retrying_of(storage)
    return operation() if retrying is None else retrying.run(lambda _again: operation())


def is_passing(error: BaseException) -> bool:
    """Whether an error of the database is likely gone after a while."""
    found = _database_error(error)
    if not isinstance(found, DBAPIError):
        return False
    if found.connection_invalidated:
        return True
    original = found.orig
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        return state in _POSTGRESQL_STATES or state.startswith("08")
    code = original.args[0] if original is not None and original.args else None
    if isinstance(code, int):
        return code in _MYSQL_CODES
    words = str(original).lower()
    return any(passing in words for passing in _PASSING_WORDS)


def is_away(error: BaseException) -> bool:
    """Whether a server at the right address restarts, is not up yet, or takes no more clients."""
    if not is_passing(error):
        return False
    words = str(getattr(_database_error(error), "orig", "")).lower()
    return not any(wrong in words for wrong in _WORDS_OF_A_WRONG_ADDRESS)


def _database_error(error: BaseException) -> BaseException:
    """Return what SQLAlchemy raised, out of what Optuna makes of it."""
    if isinstance(error, StorageInternalError) and error.__cause__ is not None:
        return error.__cause__
    return error


def _storage_error(error: Exception) -> StorageInternalError:
    if isinstance(error, StorageInternalError) and _database_error(error) is error:
        return error
    return StorageInternalError(f"{REFUSED}{reason_of(error)}")
