"""The rows of what belongs to trials, written many at a time."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from optuna.distributions import distribution_to_json

from highnoon.hpo.storage.own_trials import Batch
from highnoon.hpo.storage.tables import to_stored_number
from highnoon.hpo.storage.upserts import upsert

__all__ = ["attr_row", "param_row", "report_row", "value_row", "write_parts", "write_values"]


def write_parts(connection: sa.Connection, batches: Sequence[Batch]) -> None:
    """Write all of the batches, with a statement for each table."""
    params, reports, user_attrs, system_attrs = [], [], [], []
    for batch in batches:
        trial_id = batch.row.trial_id
        for name, (value, distribution) in batch.params.items():
            text = distribution_to_json(distribution)
            params.append(param_row(trial_id, name, value, text))
        reports += [report_row(trial_id, *report) for report in batch.reports.items()]
        user_attrs += [attr_row(trial_id, *attr) for attr in batch.user_attrs.items()]
        system_attrs += [attr_row(trial_id, *attr) for attr in batch.system_attrs.items()]
    if params:
        connection.execute(upsert("trial_params", connection.dialect.name), params)
    if reports:
        connection.execute(upsert("trial_intermediate_values", connection.dialect.name), reports)
    if user_attrs:
        connection.execute(upsert("trial_user_attributes", connection.dialect.name), user_attrs)
    if system_attrs:
        connection.execute(upsert("trial_system_attributes", connection.dialect.name), system_attrs)


def write_values(connection: sa.Connection, trial_id: int, values: Sequence[float]) -> None:
    """Write the values of a trial."""
    rows = [value_row(trial_id, *value) for value in enumerate(values)]
    if rows:
        connection.execute(upsert("trial_values", connection.dialect.name), rows)


def param_row(trial_id: int, name: str, value: float, text: str) -> dict[str, Any]:
    """Return a row of a parameter."""
    return {
        "trial_id": trial_id,
        "param_name": name,
        "param_value": value,
        "distribution_json": text,
    }


def report_row(trial_id: int, step: int, value: float) -> dict[str, Any]:
    """Return a row of a report."""
    stored, kind = to_stored_number(value)
    return {
        "trial_id": trial_id,
        "step": step,
        "intermediate_value": stored,
        "intermediate_value_type": kind,
    }


def attr_row(trial_id: int, name: str, text: str) -> dict[str, Any]:
    """Return a row of an attribute."""
    return {"trial_id": trial_id, "key": name, "value_json": text}


def value_row(trial_id: int, objective: int, value: float) -> dict[str, Any]:
    """Return a row of a value."""
    stored, kind = to_stored_number(value)
    return {"trial_id": trial_id, "objective": objective, "value": stored, "value_type": kind}
