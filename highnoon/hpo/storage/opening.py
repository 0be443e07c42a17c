"""Open the storage that a URL names, with errors a person can act on."""

import os
from typing import TYPE_CHECKING

from highnoon.exceptions import MissingDependencyError, NoStudiesError, StorageError
from highnoon.hpo.storage.engines import disconnect_at_the_end_of, engine_options
from highnoon.hpo.storage.errors import storage_errors
from highnoon.hpo.storage.urls import StorageURL

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage

__all__ = ["open_storage"]


def open_storage(
    storage: "str | BaseStorage | None",
    *,
    create: bool = False,
    buffered: bool = True,
    patience: float = 0.0,
) -> "BaseStorage":
    """Return the storage of a URL, a storage object as it is, or a new one in memory for None.

    Args:
        storage: A database URL, an Optuna storage, or None.
        create: Whether a database that is not there may be created. Only who runs trials does.
        buffered: Whether the storage of a URL is a `BufferedStorage`; otherwise Optuna's own.
        patience: Seconds for which a server is waited for that refuses connections, is starting or
            has too many clients. A wrong host, user, password or database is an error at once.

    Raises:
        StorageError: The URL is wrong, or the database is unreachable or unwritable.
        NoStudiesError: The database is not there yet or has no tables, and may not be created.
        MissingDependencyError: The database's driver is not installed.
    """
    from optuna.storages import BaseStorage, InMemoryStorage

    if storage is None:
        return InMemoryStorage()
    if isinstance(storage, BaseStorage):
        return storage
    if not isinstance(storage, str):
        raise StorageError(
            f"storage must be a database URL or an Optuna storage, got {type(storage).__name__}."
        )
    from highnoon.hpo.storage.retrying import Retrying, is_away

    url = StorageURL.parse(storage)
    if url.sqlite_file is not None:
        _check_file(url, create=create)
    if url.backend == "sqlite":
        patience = 0.0
    with storage_errors(str(url)):
        try:
            opened = Retrying(str(url), patience=patience).run(
                lambda _again: _open(url, create=create), passing=is_away
            )
        except ImportError as error:
            raise MissingDependencyError(
                f"The driver of {url.url.drivername!r} is not installed. Install it, or leave the "
                f"driver out: {url.backend}://..."
            ) from error
        except (AttributeError, OSError, TypeError, ValueError) as error:
            if not url.url.query:
                raise
            raise StorageError(
                f"The options behind the ? of {url} are refused: {error}. {_options_of(url)}"
            ) from error
    if not buffered or url.url.database in (None, "", ":memory:"):
        return opened  # each thread has a database in memory of its own
    from highnoon.hpo.storage.buffered import BufferedStorage

    return BufferedStorage(opened)


def _open(url: StorageURL, *, create: bool) -> "RDBStorage":
    from optuna.storages import RDBStorage

    from highnoon.hpo.storage.creation import ensure_tables, has_tables

    options = engine_options(url, write=create)
    if create:
        ensure_tables(url, options)
    elif not has_tables(url, options):
        raise NoStudiesError(
            f"The database {url} holds no studies; nobody has run one in it yet. Check the address."
        )
    opened = RDBStorage(
        url.template,
        engine_kwargs=options,
        skip_compatibility_check=True,
        skip_table_creation=True,
    )
    disconnect_at_the_end_of(opened, opened.engine)
    _check_version(opened, url)
    return opened


def _check_version(storage: "RDBStorage", url: StorageURL) -> None:
    """Check that the tables are those of the Optuna that is installed."""
    there = storage.get_current_version()
    if there == storage.get_head_version():
        return
    if there in storage.get_all_versions():
        raise StorageError(
            f"The database {url} was made by an older Optuna, whose tables differ. Copy it, then "
            f"bring it up to date: optuna storage upgrade --storage {url.url.render_as_string()!r}"
        )
    raise StorageError(
        f"The database {url} was made or upgraded by a newer Optuna than the one installed here, "
        "which does not know its tables. Update: pip install --upgrade highnoon optuna"
    )


def _options_of(url: StorageURL) -> str:
    if url.backend == "mysql":
        return "For TLS write ?ssl_ca=/path/to/ca.pem, with ssl_cert and ssl_key where needed."
    return "Check them, and that the files they name are there."


def _check_file(url: StorageURL, *, create: bool) -> None:
    path = url.sqlite_file
    assert path is not None
    if path.is_dir():
        raise StorageError(f"{path} is a folder. Name a file in it: sqlite:///{path / 'hpo.db'}")
    if path.exists():
        if create and not os.access(path, os.W_OK):
            raise StorageError(f"The database {path} is read-only; trials cannot be written to it.")
        return
    if not create:
        kind = NoStudiesError if path.parent.is_dir() else StorageError
        raise kind(
            f"There is no database at {path}. Only a running study creates one; check the path."
        )
    if not path.parent.is_dir():
        raise StorageError(
            f"The folder {path.parent} does not exist. Create it, or choose another storage."
        )
    if not os.access(path.parent, os.W_OK):
        raise StorageError(
            f"The folder {path.parent} is not writable. Choose another folder for the storage."
        )
