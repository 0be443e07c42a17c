"""Statements that write many rows at once and may be repeated, in the words of each database."""

import functools
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from highnoon.hpo.storage import tables

__all__ = ["TableName", "upsert"]

TableName = Literal[
    "trial_params",
    "trial_values",
    "trial_intermediate_values",
    "trial_user_attributes",
    "trial_system_attributes",
]

_KEYS: dict[TableName, tuple[str, ...]] = {
    "trial_params": ("trial_id", "param_name"),
    "trial_values": ("trial_id", "objective"),
    "trial_intermediate_values": ("trial_id", "step"),
    "trial_user_attributes": ("trial_id", "key"),
    "trial_system_attributes": ("trial_id", "key"),
}

_UPDATED: dict[TableName, tuple[str, ...]] = {
    # Optuna keeps the first value of a parameter.
    "trial_params": (),
    "trial_values": ("value", "value_type"),
    "trial_intermediate_values": ("intermediate_value", "intermediate_value_type"),
    "trial_user_attributes": ("value_json",),
    "trial_system_attributes": ("value_json",),
}


@functools.cache
def upsert(table_name: TableName, dialect: str) -> sa.Insert:
    """Return the statement that inserts rows or, where their key is there, updates them.

    Args:
        table_name: One of the tables that hold a trial's parts.
        dialect: `"sqlite"`, `"postgresql"` or `"mysql"`.
    """
    table: sa.TableClause = getattr(tables, table_name)
    key, updated = _KEYS[table_name], _UPDATED[table_name]
    if dialect == "mysql":
        statement: Any = mysql.insert(table)
        # VALUES() is understood by MySQL and MariaDB alike; a key set to itself changes nothing.
        names = updated or key[:1]
        new = {name: sa.func.values(sa.column(name)) for name in names}
        return statement.on_duplicate_key_update(new)
    statement = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    if not updated:
        return statement.on_conflict_do_nothing(index_elements=key)
    new = {name: statement.excluded[name] for name in updated}
    return statement.on_conflict_do_update(index_elements=key, set_=new)
