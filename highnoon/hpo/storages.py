"""`Storages`: some storages by their aliases, opened when they are asked for."""

import contextlib
import dataclasses
import json
import os
import sqlite3
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from highnoon.exceptions import ConfigError, StorageError, StudyError
from highnoon.hpo.reading.database import database_of
from highnoon.hpo.storage import StorageURL, open_storage

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["Place", "Storages"]

_ENVIRONMENT = "HIGHNOON_STORAGE"
_FOR_KERNELS = "HIGHNOON_WEBUI_STORAGES"
_FOLDER_FOR_KERNELS = "HIGHNOON_WEBUI_FOLDER"
_RESERVED = ("api", "compare", "health", "login", "static", "study", "voila")
_TABLES = {"studies", "trials", "version_info"}
# A server that is gone takes 10 s to say nothing. It is not asked again at once, all the less the
# longer it took; a file, which answers at once, is.
_REST = 3.0
_MOST_REST_SECONDS = 5.0


@dataclasses.dataclass(frozen=True)
class Place:
    """A storage as people see it.

    Attributes:
        alias: What it is called in addresses and lists.
        address: Where it is, without a password.
    """

    alias: str
    address: str


class Storages:
    """The storages that a server or a list of studies shows, opened when they are asked for.

    Where no storage is given, that of the environment variable `HIGHNOON_STORAGE` is taken, and
    where there is none, all SQLite files of a folder that hold studies; files that appear later are
    found too.

    Args:
        storage: A database URL, or several by alias.
        folder: Where SQLite files are looked for; the working directory if not given.

    Raises:
        StorageError: A URL is wrong.
        ConfigError: An alias is empty or one of the words that addresses need.
        MissingDependencyError: A database's driver is not installed.
    """

    def __init__(
        self, storage: str | Mapping[str, str] | None = None, *, folder: Path | None = None
    ) -> None:
        if storage is None and folder is None:
            storage = os.environ.get(_ENVIRONMENT) or None
        self.folder = (folder or Path.cwd()).absolute() if storage is None else None
        if isinstance(storage, str):
            url = StorageURL.parse(storage)
            self._given = {_alias_of(url): url}
        else:
            self._given = {alias: StorageURL.parse(url) for alias, url in (storage or {}).items()}
        for alias in self._given:
            _check_alias(alias)
        self._opened: dict[str, _Opened] = {}
        self._files = _StudyFiles()
        self._lock = threading.Lock()

    @classmethod
    def for_kernel(cls) -> Self:
        """Return those of the server that started this kernel; elsewhere the usual ones."""
        folder, given = os.environ.get(_FOLDER_FOR_KERNELS), os.environ.get(_FOR_KERNELS)
        if folder:
            return cls(folder=Path(folder))
        return cls(json.loads(given) if given else None)

    def kernel_environment(self) -> dict[str, str]:
        """Return what `for_kernel` reads in a kernel of this server."""
        if self.folder is not None:
            return {_FOLDER_FOR_KERNELS: str(self.folder)}
        return {_FOR_KERNELS: json.dumps({alias: url.raw for alias, url in self._given.items()})}

    def places(self) -> list[Place]:
        """Return the storages that are there now, in their order."""
        return [Place(alias, str(url)) for alias, url in self._urls().items()]

    def open(self, alias: str) -> "BaseStorage":
        """Return a storage by its alias. It may take a while; afterwards it is at hand.

        Raises:
            StudyError: There is none of that alias.
            NoStudiesError: It is not there yet or has no tables.
            StorageError: It does not answer; a later call tries again.
        """
        urls = self._urls()
        if alias not in urls:
            there = ", ".join(repr(other) for other in urls) or "none"
            raise StudyError(f"No storage {alias!r} is shown here. Shown are: {there}.")
        with self._lock:
            opened = self._opened.get(alias)
            if opened is None:
                opened = self._opened[alias] = _Opened(urls[alias])
        return opened.storage()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for opened in self._opened.values():
                opened.close()
            self._opened.clear()

    def _urls(self) -> dict[str, StorageURL]:
        if self.folder is None:
            return self._given
        return {
            path.name + ("" if path.name not in _RESERVED else "_"): _url_of(path)
            for path in self._files.of(self.folder)
        }


class _Opened:
    """A storage that is opened at its first use, and again when its file was replaced."""

    def __init__(self, url: StorageURL) -> None:
        self._url = url
        self._storage: BaseStorage | None = None
        self._file: tuple[int, int] | None = None
        self._error: StorageError | None = None
        self._rests_until = 0.0
        self._lock = threading.Lock()

    def storage(self) -> "BaseStorage":
        with self._lock:
            file = self._file_now()
            if self._storage is not None and file == self._file:
                return self._storage
            since = time.monotonic()
            if self._error is not None and since < self._rests_until:
                raise type(self._error)(str(self._error))
            self._storage = self._error = None
            try:
                self._storage = open_storage(self._url.raw)
            except StorageError as error:
                now = time.monotonic()
                self._error = error
                self._rests_until = now + min(_REST * (now - since), _MOST_REST_SECONDS)
                raise
            self._file = file
            return self._storage

    def close(self) -> None:
        if not self._lock.acquire(blocking=False):
            return  # it is being opened just now, which may take as long as a silent database likes
        try:
            engine = None if self._storage is None else database_of(self._storage)
            if engine is not None:
                engine.dispose()
            self._storage = None
        finally:
            self._lock.release()

    def _file_now(self) -> tuple[int, int] | None:
        path = self._url.sqlite_file
        try:
            about = path.stat() if path is not None else None
        except OSError:
            return None
        return None if about is None else (about.st_dev, about.st_ino)


class _StudyFiles:
    """Finds the SQLite files of a folder that hold Optuna's tables, each looked into once."""

    def __init__(self) -> None:
        self._known: dict[Path, _Looked] = {}
        self._lock = threading.Lock()

    def of(self, folder: Path) -> list[Path]:
        """Return the files, sorted by name."""
        found: dict[Path, _Looked] = {}
        with self._lock:
            for entry in _files(folder):
                path = Path(entry.path)
                with contextlib.suppress(OSError):
                    found[path] = _look(path, entry.stat(), self._known.get(path))
            self._known = found
        return sorted(path for path, looked in found.items() if looked.has_studies)


class _Looked(NamedTuple):
    inode: int
    changed: tuple[int, int]
    has_studies: bool


def _look(path: Path, about: os.stat_result, before: _Looked | None) -> _Looked:
    changed = (about.st_mtime_ns, about.st_size)
    if before is None or before.inode != about.st_ino:
        return _Looked(about.st_ino, changed, _has_studies(path))
    # What holds studies goes on doing so while it is written to.
    if before.has_studies or before.changed == changed:
        return before
    return _Looked(about.st_ino, changed, _has_studies(path))


def _files(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_file()]
    except OSError:
        return []


def _has_studies(path: Path) -> bool:
    # SQLite alone opens the file: whoever else closes it drops the locks that this process has on
    # it, and a process that ends then deletes the log of a database in use.
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1.0)
        try:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {row[0] for row in rows} >= _TABLES
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _alias_of(url: StorageURL) -> str:
    """Return what to call a storage that was given no alias."""
    file = url.sqlite_file
    name = url.url.database if file is None else file.name
    name = name or url.backend
    return f"{name}_" if name in _RESERVED else name


def _url_of(path: Path) -> StorageURL:
    from sqlalchemy.engine import URL

    return StorageURL(URL.create("sqlite", database=str(path)))


def _check_alias(alias: object) -> None:
    if not isinstance(alias, str) or not alias.strip() or alias in _RESERVED:
        raise ConfigError(
            f"A storage cannot be called {alias!r}: choose a word that is not empty and none of "
            f"{', '.join(_RESERVED)}."
        )
