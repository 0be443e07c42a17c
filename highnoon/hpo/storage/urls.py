"""Database URLs as a user writes them, made exact: absolute paths, drivers, no password shown."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from highnoon.exceptions import StorageError
from highnoon.hpo._requirements import require

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from sqlalchemy.engine import URL

__all__ = ["StorageURL", "shown_url", "storage_label"]

_EXAMPLES = "sqlite:///hpo.db, postgresql://user:password@host/db, mysql://user:password@host/db"

_DRIVERS = {
    "sqlite": ("sqlite", None, None),
    "postgresql": ("postgresql+psycopg", "psycopg", "'highnoon[postgresql]'"),
    "mysql": ("mysql+pymysql", "pymysql", "'highnoon[mysql]'"),
}

_MYSQL_CHARSET = "utf8mb4"


@dataclass(frozen=True)
class StorageURL:
    """A database URL with its driver chosen and its SQLite path made absolute.

    `str()` never shows the password; `raw` does, for the engine alone.
    """

    url: "URL"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL.

        Raises:
            StorageError: It is not the URL of a database that HighNoon knows.
            MissingDependencyError: The database's driver is not installed.
        """
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise StorageError(
                f"This is not a database URL: {_hide(text)!r}. Write, for example: {_EXAMPLES}."
            ) from None
        backend, plus, driver = url.drivername.partition("+")
        if backend == "mariadb":  # which Optuna knows as MySQL
            backend = "mysql"
            url = url.set(drivername=f"{backend}{plus}{driver}")
        if backend not in _DRIVERS:
            near = difflib.get_close_matches(backend, _DRIVERS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise StorageError(
                f"Unknown kind of database {backend!r} in {shown_url(url)!r}.{hint} "
                f"Write, for example: {_EXAMPLES}."
            )
        driver_name, package, install = _DRIVERS[backend]
        if url.drivername == backend:
            url = url.set(drivername=driver_name)
            if package is not None:
                require(package, f"A {backend} storage", install=install)
        if backend == "mysql" and "charset" not in url.query:
            url = url.update_query_dict({"charset": _MYSQL_CHARSET})
        if backend == "sqlite" and url.database and url.database != ":memory:":
            url = url.set(database=_absolute_path(url.database))
        return cls(url)

    @property
    def raw(self) -> str:
        """The URL with its password, for the engine alone."""
        return self.url.render_as_string(hide_password=False)

    @property
    def template(self) -> str:
        """The URL as Optuna's `RDBStorage` takes it, which fills in what stands in braces."""
        return self.raw.replace("{", "{{").replace("}", "}}")

    @property
    def backend(self) -> Literal["sqlite", "postgresql", "mysql"]:
        """The kind of database; MariaDB is `"mysql"`."""
        return cast(Any, self.url.get_backend_name())

    @property
    def sqlite_file(self) -> Path | None:
        """The SQLite database file, or None for a server or a database in memory."""
        database = self.url.database
        if self.url.get_backend_name() != "sqlite" or database in (None, "", ":memory:"):
            return None
        return Path(database)

    def __str__(self) -> str:
        return shown_url(self.url)

    def __repr__(self) -> str:
        return f"StorageURL({str(self)!r})"


def _absolute_path(path: str) -> str:
    if path.startswith("file:"):
        raise StorageError(
            f"SQLite's own addresses, such as {path!r}, are not supported. Write the path of a "
            "file: sqlite:///hpo.db, or with four slashes sqlite:////home/me/hpo.db."
        )
    return str(Path(path).expanduser().absolute())


def shown_url(url: "URL") -> str:
    """Return a URL as a user writes it, without its passwords: before the host, in the query."""
    secret = {name: "***" for name in url.query if "password" in name or "passwd" in name}
    url = url.update_query_dict(secret)
    driver_name = _DRIVERS.get(url.get_backend_name(), ("",))[0]
    if url.drivername == driver_name:
        url = url.set(drivername=url.get_backend_name())
        if url.query.get("charset") == _MYSQL_CHARSET:
            url = url.difference_update_query(["charset"])
    return url.render_as_string()


def _hide(text: object) -> str:
    """Cut what may be a password out of a text that could not be parsed as a URL."""
    text = str(text)
    head, at, tail = text.rpartition("@")
    if at:
        return f"{re.split(r'[:/]', head)[0]}://***@{tail}"
    return f"{text[:6]}..." if "=" in text else text


def storage_label(storage: "str | BaseStorage | None") -> str:
    """Return what may be shown of a storage: no password."""
    if storage is None:
        return "memory"
    if isinstance(storage, str):
        return str(StorageURL.parse(storage))
    # Optuna wraps the storage that it makes of a URL.
    url = getattr(storage, "url", None) or getattr(getattr(storage, "_backend", None), "url", None)
    if not isinstance(url, str):
        from optuna.storages import InMemoryStorage

        return "memory" if isinstance(storage, InMemoryStorage) else type(storage).__name__
    from sqlalchemy.engine import make_url

    return shown_url(make_url(url))
