"""Imports, when it is imported, all that opening a database imports late.

The fork server loads it, so that workers find it all there. Which modules those are, SQLAlchemy,
Alembic and Optuna know alone: an empty database in memory, opened and dropped, brings them in.
"""

from optuna.storages import RDBStorage

import highnoon.hpo.storage.buffered  # noqa: F401

__all__: list[str] = []

_storage = RDBStorage("sqlite://")
_storage.engine.dispose()
del _storage
