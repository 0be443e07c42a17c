"""Read trials as Optuna's `FrozenTrial`, with as few statements as possible and none of the ORM.

All that belongs to trials comes in one statement, as rows of one shape: kind, trial, position,
name, number, text.
"""

import functools
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import compress
from operator import attrgetter
from sys import intern
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from highnoon.hpo.storage.tables import (
    FINITE,
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
_trial_id_of_number = sa.select(trials.c.trial_id).where(
    trials.c.study_id == sa.bindparam("study_id"), trials.c.number == sa.bindparam("number")
)
_study = sa.select(studies.c.study_id).where(studies.c.study_id == sa.bindparam("study_id"))

# Lists of ids are filled up to one of few lengths, for which statements are compiled once.
_LENGTHS = (1, 4, 16, 64, _IDS_PER_STATEMENT)


def _is_one_of(column: Any, length: int) -> sa.ColumnElement[bool]:
    return column.in_([sa.bindparam(f"id{index}", type_=sa.Integer) for index in range(length)])


@functools.cache
def _known_rows(length: int) -> sa.Select:
    return sa.select(*_row_columns).where(_is_one_of(trials.c.trial_id, length))


@functools.cache
def _new_and_known_rows(length: int) -> sa.CompoundSelect:
    return sa.union_all(_new_rows, _known_rows(length))


_distributions = (
    sa.select(trial_params.c.param_name, trial_params.c.distribution_json)
    .select_from(trial_params.join(trials, trials.c.trial_id == trial_params.c.trial_id))
    .where(
        trials.c.study_id == sa.bindparam("study_id"),
        trial_params.c.param_name.in_(sa.bindparam("names", expanding=True)),
    )
    .distinct()
)


class _Kind(NamedTuple):
    """A table of parts of trials, and which of its columns say what.

    Attributes:
        table: The table.
        position: Orders the parts of a trial, or tells them apart.
        name: Tells them apart.
        number: A number.
        text: JSON, or what stands in for a number that is not finite.
    """

    table: sa.TableClause
    position: Any
    name: Any
    number: Any
    text: Any


_NOTHING = sa.null()
_PARAM, _VALUE, _REPORT, _USER_ATTR, _SYSTEM_ATTR = range(5)
# The first one has no NULL, so that every database knows the types of the columns of all.
_KINDS = {
    _PARAM: _Kind(
        trial_params,
        trial_params.c.param_id,
        trial_params.c.param_name,
        trial_params.c.param_value,
        trial_params.c.distribution_json,
    ),
    _VALUE: _Kind(
        trial_values,
        trial_values.c.objective,
        _NOTHING,
        trial_values.c.value,
        sa.cast(trial_values.c.value_type, sa.Text),
    ),
    _REPORT: _Kind(
        trial_intermediate_values,
        trial_intermediate_values.c.step,
        _NOTHING,
        trial_intermediate_values.c.intermediate_value,
        sa.cast(trial_intermediate_values.c.intermediate_value_type, sa.Text),
    ),
    _USER_ATTR: _Kind(
        trial_user_attributes,
        _NOTHING,
        trial_user_attributes.c.key,
        _NOTHING,
        trial_user_attributes.c.value_json,
    ),
    _SYSTEM_ATTR: _Kind(
        trial_system_attributes,
        _NOTHING,
        trial_system_attributes.c.key,
        _NOTHING,
        trial_system_attributes.c.value_json,
    ),
}


@functools.cache
def _parts_of_trials(length: int) -> sa.CompoundSelect:
    """Return the statement that reads all parts of so many trials, in rows of one shape."""
    return sa.union_all(
        *(
            sa.select(sa.literal_column(str(number)), kind.table.c.trial_id, *kind[1:]).where(
                _is_one_of(kind.table.c.trial_id, length)
            )
            for number, kind in _KINDS.items()
        )
    )


@functools.cache
def _parts_of_study(number: int) -> sa.Select:
    """Return the statement that reads one kind of parts of a study's trials, without NULLs."""
    kind = _KINDS[number]
    columns = [column for column in kind[1:] if column is not _NOTHING]
    joined = kind.table.join(trials, trials.c.trial_id == kind.table.c.trial_id)
    of_study = trials.c.study_id == sa.bindparam("study_id")
    return sa.select(kind.table.c.trial_id, *columns).select_from(joined).where(of_study)


# PyMySQL, which is Python throughout, takes longest over rows and columns: a row for each trial.
_reports = trial_intermediate_values.c
_grouped_reports = (
    sa.select(
        _reports.trial_id,
        sa.func.group_concat(
            sa.func.concat(
                _reports.step,
                " ",
                sa.func.coalesce(_reports.intermediate_value, _reports.intermediate_value_type),
            )
        ),
    )
    .select_from(trial_intermediate_values.join(trials, trials.c.trial_id == _reports.trial_id))
    .where(trials.c.study_id == sa.bindparam("study_id"))
    .group_by(_reports.trial_id)
)


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
        asked = {"study_id": study_id, "after": after, **first}
        result = connection.execute(_new_and_known_rows(len(first)), asked)
    rows = [TrialRow._make(row) for row in result]
    for chunk in chunks:
        rows += map(TrialRow._make, connection.execute(_known_rows(len(chunk)), chunk))
    return rows


def read_trial_id(connection: sa.Connection, study_id: int, number: int) -> int | None:
    """Return the id of the trial of a number, or None."""
    asked = {"study_id": study_id, "number": number}
    return connection.execute(_trial_id_of_number, asked).scalar()


def is_still_there(connection: sa.Connection, trial: FrozenTrial) -> bool:
    """Whether the database has a finished trial as it was read."""
    row = connection.execute(_known_rows(1), {"id0": trial._trial_id}).first()
    return row is not None and (
        row.number == trial.number
        and row.state == trial.state
        and from_stored_datetime(row.datetime_start) == trial.datetime_start
        and from_stored_datetime(row.datetime_complete) == trial.datetime_complete
    )


def read_trial(connection: sa.Connection, trial_id: int) -> FrozenTrial | None:
    """Return a trial, or None where there is none."""
    row = connection.execute(_known_rows(1), {"id0": trial_id}).first()
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
        for kind in _KINDS:
            if kind == _REPORT and connection.dialect.name == "mysql":
                rows = _read_grouped_reports(connection, study_id)
            else:
                rows = connection.execute(_parts_of_study(kind), {"study_id": study_id})
            _collect_kind(kind, rows, parts)
    else:
        for chunk in _chunks(trial_ids):
            rows = connection.execute(_parts_of_trials(len(chunk)), chunk).all()
            for kind in _KINDS:
                wanted = [column is not _NOTHING for column in (True, *_KINDS[kind][1:])]
                of_kind = (tuple(compress(row[1:], wanted)) for row in rows if row[0] == kind)
                _collect_kind(kind, of_kind, parts)
    return parts


def _read_grouped_reports(
    connection: sa.Connection, study_id: int
) -> Iterator[tuple[int, int, float | None, str]]:
    # Longer texts would be cut off.
    connection.exec_driver_sql("SET SESSION group_concat_max_len = 4294967295")
    for trial_id, reports in connection.execute(_grouped_reports, {"study_id": study_id}):
        for report in reports.split(","):
            step, value = report.split(" ")
            if value[-1].isdigit():
                yield trial_id, int(step), float(value), FINITE
            else:
                yield trial_id, int(step), None, value


def _collect_kind(
    kind: int, rows: Iterable[Sequence[Any]], parts: defaultdict[int, _Parts]
) -> None:
    if kind == _PARAM:
        for trial_id, param_id, name, value, distribution in rows:
            parts[trial_id].params.append((param_id, intern(name), value, distribution))
    elif kind == _REPORT:
        for trial_id, step, value, value_type in rows:
            parts[trial_id].reports[step] = from_stored_number(value, value_type)
    elif kind == _VALUE:
        for trial_id, objective, value, value_type in rows:
            parts[trial_id].values.append((objective, from_stored_number(value, value_type)))
    else:
        attrs = attrgetter("user_attrs" if kind == _USER_ATTR else "system_attrs")
        for trial_id, name, text in rows:
            attrs(parts[trial_id])[intern(name)] = json.loads(text)


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


def _chunks(trial_ids: Collection[int]) -> Iterator[dict[str, int]]:
    """Return the ids as parameters of statements, the last one repeated as a list is filled up."""
    ordered = sorted(trial_ids)
    for start in range(0, len(ordered), _IDS_PER_STATEMENT):
        chunk = ordered[start : start + _IDS_PER_STATEMENT]
        length = next(length for length in _LENGTHS if length >= len(chunk))
        chunk += chunk[-1:] * (length - len(chunk))
        yield {f"id{index}": trial_id for index, trial_id in enumerate(chunk)}
