"""Attributes of a study that the first of many processes sets for all."""

import json
from typing import TYPE_CHECKING, Any

from highnoon.hpo.storage.engines import engine_of, writing
from highnoon.hpo.storage.retrying import run_patiently

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from sqlalchemy.engine import Engine

__all__ = ["set_study_attribute_once"]


def set_study_attribute_once(storage: "BaseStorage", study_id: int, name: str, value: Any) -> Any:
    """Set an attribute of a study unless it has one of that name; return what it has then.

    Outside a database two processes that do so at the same moment may both believe in their own.

    Raises:
        KeyError: There is no such study.
    """
    engine = engine_of(storage)
    if engine is None:
        if name not in storage.get_study_user_attrs(study_id):
            storage.set_study_user_attr(study_id, name, value)
    else:
        run_patiently(storage, lambda: _insert(engine, study_id, name, value))
    return storage.get_study_user_attrs(study_id)[name]


def _insert(engine: "Engine", study_id: int, name: str, value: Any) -> None:
    import sqlalchemy as sa
    from sqlalchemy.exc import IntegrityError

    from highnoon.hpo.storage.tables import study_user_attributes

    row = {"study_id": study_id, "key": name, "value_json": json.dumps(value)}
    try:
        with writing(engine) as connection:
            connection.execute(sa.insert(study_user_attributes).values(row))
    except IntegrityError:  # it is there; or the study is not, which the reader finds out
        return
