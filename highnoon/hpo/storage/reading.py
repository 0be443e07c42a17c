"""Read trials as Optuna's `FrozenTrial`, with as few statements as possible and none of the ORM.

All that belongs to trials comes in one statement, as rows of one shape: kind, trial, position,
name, number, text.
"""

import functools
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from highnoon.hpo.storage.tables import (
    from_stored_datetime,
    from_stored_number,
    studies,
    trial_intermediate_values,
    trial_params,
    trial_system_attributes,
    trial_user_attributes,
    trial_values,
    trials,
)

__all__ = [
    "TrialRow",
    "build_trial",
    "is_still_there",
    "parse_distribution",
    "read_changed_rows",
    "read_distributions",
    "read_parts",
    "read_trial",
    "read_trial_id",
    "study_is_there",
]

_IDS_PER_STATEMENT = 500

_PARAM, _VALUE, _REPORT, _USER_ATTR, _SYSTEM_ATTR = range(5)


class TrialRow(NamedTuple):
    """A row of the table of trials."""

    trial_id: int
    number: int
    study_id: int
    state: TrialState
    datetime_start: datetime | None
    datetime_complete: datetime | None

    def is_still(self, other: "TrialRow") -> bool:
        """Whether both are the same trial, which may have started or ended meanwhile.

        SQLite gives the numbers of deleted trials and studies to new ones.
        """
        started_meanwhile = self.state == TrialState.WAITING
        ended_meanwhile = not self.state.is_finished()
        return (
            self.number == other.number
            and self.study_id == other.study_id
            and (started_meanwhile or self.datetime_start == other.datetime_start)
            and (ended_meanwhile or self[3:] == other[3:])
        )


class _Parts:
    """What belongs to one trial."""

    __slots__ = ("params", "reports", "system_attrs", "user_attrs", "values")

    def __init__(self) -> None:
        self.params: list[tuple[int, str, float, str]] = []
        self.values: list[tuple[int, float]] = []
        self.reports: dict[int, float] = {}
        self.user_attrs: dict[str, Any] = {}
        self.system_attrs: dict[str, Any] = {}


Parts = Mapping[int, _Parts]

_row_columns = tuple(trials.c[name] for name in TrialRow._fields)
_new_rows = sa.select(*_row_columns).where(
    trials.c.study_id == sa.bindparam("study_id"), trials.c.trial_id > sa.bindparam("after")
)
_known_rows = sa.select(*_row_columns).where(
    trials.c.trial_id.in_(sa.bindparam("trial_ids", expanding=True))
)
_new_and_known_rows = sa.union_all(_new_rows, _known_rows)
_trial_id_of_number = sa.select(trials.c.trial_id).where(
    trials.c.study_id == sa.bindparam("study_id"), trials.c.number == sa.bindparam("number")
)
_study = sa.select(studies.c.study_id).where(studies.c.study_id == sa.bindparam("study_id"))
_distributions = (
    sa.select(trial_params.c.param_name, trial_params.c.distribution_json)
    .select_from(trial_params.join(trials, trials.c.trial_id == trial_params.c.trial_id))
    .where(
        trials.c.study_id == sa.bindparam("study_id"),
        trial_params.c.param_name.in_(sa.bindparam("names", expanding=True)),
    )
    .distinct()
)


def _parts_statement(*, of_study: bool) -> sa.CompoundSelect:
    """Return the statement that reads all parts of a study's trials, or of some trials."""

    def part(kind: int, table: sa.TableClause, *columns: Any) -> sa.Select:
        select = sa.select(sa.literal_column(str(kind)), table.c.trial_id, *columns)
        if of_study:
            joined = table.join(trials, trials.c.trial_id == table.c.trial_id)
            return select.select_from(joined).where(trials.c.study_id == sa.bindparam("study_id"))
        return select.where(table.c.trial_id.in_(sa.bindparam("trial_ids", expanding=True)))

    params, values, reports = trial_params.c, trial_values.c, trial_intermediate_values.c
    user_attrs, system_attrs = trial_user_attributes.c, trial_system_attributes.c
    none = sa.null()
    zero = sa.literal_column("0")
    # The first one has no NULL, so that every database knows the columns' types.
    return sa.union_all(
        part(
            _PARAM,
            trial_params,
            params.param_id,
            params.param_name,
            params.param_value,
            params.distribution_json,
        ),
        part(
            _VALUE,
            trial_values,
            values.objective,
            none,
            values.value,
            sa.cast(values.value_type, sa.Text),
        ),
        part(
            _REPORT,
            trial_intermediate_values,
            reports.step,
            none,
            reports.intermediate_value,
            sa.cast(reports.intermediate_value_type, sa.Text),
        ),
        part(_USER_ATTR, trial_user_attributes, zero, user_attrs.key, none, user_attrs.value_json),
        part(
            _SYSTEM_ATTR,
            trial_system_attributes,
            zero,
            system_attrs.key,
            none,
            system_attrs.value_json,
        ),
    )


_parts_of_study = _parts_statement(of_study=True)
_parts_of_trials = _parts_statement(of_study=False)


@functools.lru_cache(maxsize=4096)
def parse_distribution(text: str) -> BaseDistribution:
    """Return the distribution of a JSON text; each text is parsed once."""
    return json_to_distribution(text)


def study_is_there(connection: sa.Connection, study_id: int) -> bool:
    """Whether a study exists."""
    return connection.execute(_study, {"study_id": study_id}).first() is not None


def read_changed_rows(
    connection: sa.Connection, study_id: int, *, after: int, trial_ids: Collection[int]
) -> list[TrialRow]:
    """Return the rows of a study's trials after an id, and those of the given trials."""
    chunks = _chunks(trial_ids)
    first = next(chunks, None)
    if first is None:
        result = connection.execute(_new_rows, {"study_id": study_id, "after": after})
    else:
        asked = {"study_id": study_id, "after": after, "trial_ids": first}
        result = connection.execute(_new_and_known_rows, asked)
    rows = [TrialRow._make(row) for row in result]
    for chunk in chunks:
        rows += map(TrialRow._make, connection.execute(_known_rows, {"trial_ids": chunk}))
    return rows


def read_trial_id(connection: sa.Connection, study_id: int, number: int) -> int | None:
    """Return the id of the trial of a number, or None."""
    asked = {"study_id": study_id, "number": number}
    return connection.execute(_trial_id_of_number, asked).scalar()


def is_still_there(connection: sa.Connection, trial: FrozenTrial) -> bool:
    """Whether the database has a finished trial as it was read."""
    row = connection.execute(_known_rows, {"trial_ids": [trial._trial_id]}).first()
    return row is not None and (
        row.number == trial.number
        and row.state == trial.state
        and from_stored_datetime(row.datetime_start) == trial.datetime_start
        and from_stored_datetime(row.datetime_complete) == trial.datetime_complete
    )


def read_trial(connection: sa.Connection, trial_id: int) -> FrozenTrial | None:
    """Return a trial, or None where there is none."""
    row = connection.execute(_known_rows, {"trial_ids": [trial_id]}).first()
    if row is None:
        return None
    row = TrialRow._make(row)
    return build_trial(row, read_parts(connection, trial_ids=[trial_id]))


def read_distributions(
    connection: sa.Connection, study_id: int, names: Collection[str]
) -> dict[str, BaseDistribution]:
    """Return the distributions that a study's parameters have, of those that are there."""
    asked = {"study_id": study_id, "names": sorted(names)}
    return {
        name: parse_distribution(text) for name, text in connection.execute(_distributions, asked)
    }


def read_parts(
    connection: sa.Connection,
    *,
    study_id: int | None = None,
    trial_ids: Collection[int] = (),
) -> Parts:
    """Return what belongs to all trials of a study, or to the given ones."""
    parts: defaultdict[int, _Parts] = defaultdict(_Parts)
    if study_id is not None:
        _collect(connection.execute(_parts_of_study, {"study_id": study_id}), parts)
    else:
        for chunk in _chunks(trial_ids):
            _collect(connection.execute(_parts_of_trials, {"trial_ids": chunk}), parts)
    return parts


def _collect(rows: Iterable[Sequence[Any]], parts: defaultdict[int, _Parts]) -> None:
    parse = json.loads
    for kind, trial_id, position, name, number, text in rows:
        part = parts[trial_id]
        if kind == _PARAM:
            part.params.append((position, name, number, text))
        elif kind == _REPORT:
            part.reports[position] = from_stored_number(number, text)
        elif kind == _USER_ATTR:
            part.user_attrs[name] = parse(text)
        elif kind == _SYSTEM_ATTR:
            part.system_attrs[name] = parse(text)
        else:
            part.values.append((position, from_stored_number(number, text)))


def build_trial(row: TrialRow, parts: Parts) -> FrozenTrial:
    """Return the trial of a row and what belongs to it."""
    own = parts.get(row.trial_id) or _Parts()
    params: dict[str, Any] = {}
    distributions: dict[str, BaseDistribution] = {}
    own.params.sort()
    for _, name, number, text in own.params:
        distributions[name] = distribution = parse_distribution(text)
        params[name] = distribution.to_external_repr(number)
    own.values.sort()
    return FrozenTrial(
        number=row.number,
        state=row.state,
        value=None,
        values=[value for _, value in own.values] or None,
        datetime_start=from_stored_datetime(row.datetime_start),
        datetime_complete=from_stored_datetime(row.datetime_complete),
        params=params,
        distributions=distributions,
        user_attrs=own.user_attrs,
        system_attrs=own.system_attrs,
        intermediate_values=own.reports,
        trial_id=row.trial_id,
    )


def _chunks(trial_ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(trial_ids)
    for start in range(0, len(ordered), _IDS_PER_STATEMENT):
        yield ordered[start : start + _IDS_PER_STATEMENT]
