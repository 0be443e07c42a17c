"""Add many trials to a study at once, as their templates are."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
    distribution_to_json,
)
from optuna.trial import FrozenTrial

from highnoon.hpo.storage.reading import TrialRow
from highnoon.hpo.storage.rows import attr_row, param_row, report_row, value_row
from highnoon.hpo.storage.tables import to_stored_datetime, trials
from highnoon.hpo.storage.upserts import TableName, upsert

__all__ = ["distributions_of", "insert_templates"]


def distributions_of(templates: Iterable[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Return the templates' distributions by name, which must agree with one another."""
    distributions: dict[str, BaseDistribution] = {}
    for template in templates:
        for name, distribution in template.distributions.items():
            first = distributions.setdefault(name, distribution)
            if first is not distribution:
                check_distribution_compatibility(first, distribution)
    return distributions


def insert_templates(
    connection: sa.Connection, study_id: int, templates: Sequence[FrozenTrial]
) -> list[TrialRow]:
    """Insert trials, whose study's row is locked, and return their rows in the same order."""
    counted = sa.select(sa.func.count(trials.c.trial_id), sa.func.max(trials.c.trial_id)).where(
        trials.c.study_id == study_id
    )
    number, last_id = connection.execute(counted).one()
    inserted = [
        {
            "number": number + index,
            "study_id": study_id,
            "state": template.state,
            "datetime_start": to_stored_datetime(template.datetime_start),
            "datetime_complete": to_stored_datetime(template.datetime_complete),
        }
        for index, template in enumerate(templates)
    ]
    connection.execute(sa.insert(trials), inserted)
    new = sa.select(*(trials.c[name] for name in TrialRow._fields)).where(
        trials.c.study_id == study_id, trials.c.trial_id > (last_id or 0)
    )
    found = connection.execute(new.order_by(trials.c.number))
    rows = [TrialRow._make(row) for row in found]
    params, reports, user_attrs, system_attrs, values = [], [], [], [], []
    texts: dict[int, str] = {}
    for row, template in zip(rows, templates, strict=True):
        trial_id = row.trial_id
        distributions = template.distributions
        for name, value in template.params.items():
            distribution = distributions[name]
            text = texts.get(id(distribution))
            if text is None:
                text = texts[id(distribution)] = distribution_to_json(distribution)
            params.append(param_row(trial_id, name, distribution.to_internal_repr(value), text))
        reports += [
            report_row(trial_id, *report) for report in template.intermediate_values.items()
        ]
        for attrs, target in (
            (template.user_attrs, user_attrs),
            (template.system_attrs, system_attrs),
        ):
            target += [attr_row(trial_id, name, json.dumps(value)) for name, value in attrs.items()]
        values += [value_row(trial_id, *value) for value in enumerate(template.values or ())]
    _insert(connection, "trial_params", params)
    _insert(connection, "trial_values", values)
    _insert(connection, "trial_intermediate_values", reports)
    _insert(connection, "trial_user_attributes", user_attrs)
    _insert(connection, "trial_system_attributes", system_attrs)
    return rows


def _insert(connection: sa.Connection, table_name: TableName, rows: list[dict[str, Any]]) -> None:
    """Insert rows of trials that are new, by PostgreSQL's `COPY` where its driver offers it."""
    if not rows:
        return
    if connection.dialect.driver != "psycopg":
        connection.execute(upsert(table_name, connection.dialect.name), rows)
        return
    columns = tuple(rows[0])
    cursor: Any = connection.connection.cursor()
    statement = f"COPY {table_name} ({', '.join(columns)}) FROM STDIN"
    with cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row[column] for column in columns])
