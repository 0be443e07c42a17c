"""Fresh databases on a PostgreSQL or MariaDB server, for tests and benchmarks."""

import contextlib
import secrets
from typing import TYPE_CHECKING, Any

from highnoon.hpo.storage.engines import load_psycopg
from highnoon.hpo.storage.urls import StorageURL

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine

__all__ = ["Databases"]


class Databases:
    """Creates and drops databases on a server that is there.

    Args:
        url: A URL of the server whose user may create databases.
    """

    def __init__(self, url: str) -> None:
        self._connect(StorageURL.parse(url).url)

    def _connect(self, url: "URL") -> None:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        self.admin_url = url
        load_psycopg()
        self._engine: Engine = create_engine(
            url, isolation_level="AUTOCOMMIT", poolclass=NullPool, hide_parameters=True
        )

    def execute(self, sql: str, **parameters: Any) -> list[Any]:
        """Run a statement as the administrator and return its rows, if it has any."""
        from sqlalchemy import text

        with self._engine.connect() as connection:
            result = connection.execute(text(sql), parameters)
            return list(result) if result.returns_rows else []

    def create_database(self) -> str:
        """Create an empty database and return its URL, as a user would write it."""
        name = f"highnoon_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        """Drop a database and end the connections to it."""
        from sqlalchemy.exc import OperationalError

        name = StorageURL.parse(url).url.database
        if self.admin_url.get_backend_name() == "postgresql":
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            return
        for (connection,) in self.execute(
            "SELECT id FROM information_schema.processlist WHERE db = :name", name=name
        ):
            with contextlib.suppress(OperationalError):  # it went by itself
                self.execute(f"KILL {connection}")
        self.execute(f"DROP DATABASE IF EXISTS {name}")

    def url_of(self, database: str, *, user: str | None = None, password: str | None = None) -> str:
        """Return the URL of a database, for the administrator or another user."""
        url = self.admin_url.set(drivername=self.admin_url.get_backend_name(), database=database)
        if user is not None:
            url = url.set(username=user, password=password)
        query = {name: value for name, value in url.query.items() if name != "charset"}
        return url.set(query=query).render_as_string(hide_password=False)
