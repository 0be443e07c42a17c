"""SQL that reads a study: selects whose rows all have one shape, so that one statement reads many.

Each select is a `Part`. `narrow` reads one alone, with the columns that it has; `wide` reads
several in one round trip, filling the columns that a part lacks.
"""

import functools
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.trial import TrialState

from highnoon.hpo import attributes
from highnoon.hpo.reading.rows import (
    CATEGORICAL,
    CONSTRAINTS,
    FIXED,
    MARKS,
    METRIC_NAMES,
    STATUS_MARKS,
)
from highnoon.hpo.storage import tables

__all__ = [
    "Kind",
    "Part",
    "children_of",
    "children_of_statuses",
    "columns_of",
    "id_of",
    "many_children",
    "narrow",
    "newest_distributions",
    "pulse",
    "queued",
    "study_parts",
    "trials_after",
    "wide",
]


class Kind(IntEnum):
    """What the rows of a part are."""

    STUDY = 0
    DIRECTION = 1
    STUDY_ATTRIBUTE = 2
    TRIAL = 3
    PARAMETER = 4
    MARK = 5
    CONSTRAINT = 6
    REPORT = 7
    PARAMETER_COUNT = 8
    MARK_COUNT = 9
    CONSTRAINT_COUNT = 10
    REPORT_COUNT = 11
    QUEUED = 12


class Part(NamedTuple):
    """A select: its columns by the names of `_FILLERS`, and where they come from."""

    kind: Kind
    columns: dict[str, Any]
    source: Any
    conditions: tuple[Any, ...]
    grouped: bool = False


# Text is cast to one type: enumerations have types of their own on PostgreSQL, and the columns of
# a union may not differ in collation on MySQL.
_FILLERS: dict[str, Any] = {
    "id": sa.literal_column("0", sa.Integer),
    "n": sa.literal_column("0", sa.Integer),
    "row": sa.literal_column("0", sa.Integer),
    "word": sa.literal_column("''", sa.String),
    "text": sa.literal_column("''", sa.String),
    "more": sa.literal_column("''", sa.String),
    "value": sa.literal_column("0e0", sa.Float),
}
_POSITIONS = {name: position for position, name in enumerate(_FILLERS, start=1)}

_study_id = sa.bindparam("study_id", type_=sa.Integer)
_after = sa.bindparam("after", type_=sa.Integer)


def narrow(part: Part) -> Any:
    """Return the statement that reads one part: its own columns, in the order of `columns`."""
    return _select(part, [column.label(name) for name, column in part.columns.items()])


def wide(parts: Sequence[Part]) -> Any:
    """Return the statement that reads several parts: a row is its kind, then all columns."""
    return sa.union_all(
        *(
            _select(
                part,
                [
                    sa.literal_column(str(int(part.kind)), sa.Integer).label("kind"),
                    *(
                        part.columns.get(name, filler).label(name)
                        for name, filler in _FILLERS.items()
                    ),
                ],
            )
            for part in parts
        )
    )


def columns_of(rows: Sequence[Sequence[Any]], kind: Kind, *names: str) -> tuple[list[Any], ...]:
    """Return columns of the rows of one kind out of those that `wide` read."""
    picked = [row for row in rows if row[0] == kind]
    return tuple([row[_POSITIONS[name]] for row in picked] for name in names)


def id_of(name: str) -> Any:
    """Return the statement that reads ids and names of the studies that may have a name.

    MySQL finds names that differ in case or accents too.
    """
    studies = tables.studies.c
    return sa.select(studies.study_id, studies.study_name).where(studies.study_name == name)


@functools.cache
def study_parts() -> tuple[Part, ...]:
    """Return what is read of a study beside its trials; takes `study_id`."""
    studies = tables.studies.c
    directions = tables.study_directions.c
    attrs = tables.study_user_attributes.c
    system_attrs = tables.study_system_attributes.c
    return (
        Part(
            Kind.STUDY,
            {"id": studies.study_id, "text": _text(studies.study_name)},
            tables.studies,
            (studies.study_id == _study_id,),
        ),
        Part(
            Kind.DIRECTION,
            {"n": directions.objective, "word": _text(directions.direction)},
            tables.study_directions,
            (directions.study_id == _study_id,),
        ),
        Part(
            Kind.STUDY_ATTRIBUTE,
            {"word": _text(attrs.key), "text": _text(attrs.value_json)},
            tables.study_user_attributes,
            (
                attrs.study_id == _study_id,
                attrs.key.like(f"{attributes.PREFIX}%"),
                attrs.key.not_like(f"{attributes.JOINS}%"),
            ),
        ),
        Part(
            Kind.STUDY_ATTRIBUTE,
            {"word": _text(system_attrs.key), "text": _text(system_attrs.value_json)},
            tables.study_system_attributes,
            (system_attrs.study_id == _study_id, system_attrs.key == METRIC_NAMES),
        ),
    )


@functools.cache
def trials_after() -> Part:
    """Return the trials of a study whose id is above one; takes `study_id` and `after`."""
    trials = tables.trials.c
    return _trials(trials.study_id == _study_id, trials.trial_id > _after)


@functools.cache
def pulse() -> Any:
    """Return the statement that tells what changed.

    It reads the study, trials above the id `after` or among `looked_at`, those from `first_waiting`
    to `last_waiting` that are not queued any more, and how many parameters, attributes and reports
    the trials among `running` have.
    """
    trials = tables.trials.c
    known = _trials(trials.study_id == _study_id, trials.trial_id.in_(_ids("looked_at")))
    claimed = _trials(
        trials.study_id == _study_id,
        trials.trial_id >= sa.bindparam("first_waiting", type_=sa.Integer),
        trials.trial_id <= sa.bindparam("last_waiting", type_=sa.Integer),
        trials.trial_id.not_in(_ids("looked_at")),
        trials.state != TrialState.WAITING,
    )
    counts = [
        Part(
            kind,
            {"id": child.c.trial_id, "n": sa.func.count()},
            child,
            (child.c.trial_id.in_(_ids("running")), *conditions),
            grouped=True,
        )
        for kind, child, conditions in (
            (Kind.PARAMETER_COUNT, tables.trial_params, ()),
            (Kind.MARK_COUNT, tables.trial_user_attributes, (_is_mark(),)),
            (Kind.CONSTRAINT_COUNT, tables.trial_system_attributes, (_is_constraint(),)),
            (Kind.REPORT_COUNT, tables.trial_intermediate_values, ()),
        )
    ]
    return wide([*study_parts(), trials_after(), known, claimed, *counts])


@functools.cache
def children_of() -> Any:
    """Return the statement that reads parameters, attributes and reports of a few trials.

    All of those among `ids`; of the trials among `grown`, the reports whose row id is above `row`.
    """
    ids = _ids("ids")
    grown = _ids("grown")
    reports = tables.trial_intermediate_values.c
    new_reports = (
        reports.trial_id.in_(grown),
        reports.trial_intermediate_value_id > sa.bindparam("row"),
    )
    parts = [
        _parameters(tables.trial_params, tables.trial_params.c.trial_id.in_(ids)),
        _marks(tables.trial_user_attributes, tables.trial_user_attributes.c.trial_id.in_(ids)),
        _constraints(
            tables.trial_system_attributes, tables.trial_system_attributes.c.trial_id.in_(ids)
        ),
        _reports(tables.trial_intermediate_values, reports.trial_id.in_(_ids("whole"))),
        _reports(tables.trial_intermediate_values, *new_reports),
        _fixed(tables.trial_system_attributes.c.trial_id.in_(ids)),
    ]
    return wide(parts)


@functools.cache
def many_children() -> tuple[Part, ...]:
    """Return parameters, marks, constraints and reports of the trials of `trials_after`.

    The distribution is left empty where it is not categorical; see `newest_distributions`.
    """
    parameters = tables.trial_params.c
    distribution = sa.case(
        (parameters.distribution_json.like(f"{CATEGORICAL}%"), _text(parameters.distribution_json)),
        else_=sa.literal_column("''", sa.String),
    )
    trials = tables.trials.c
    of_study = (trials.study_id == _study_id, trials.trial_id > _after)

    def joined(child: Any) -> Any:
        return child.join(tables.trials, child.c.trial_id == trials.trial_id)

    several = _parameters(joined(tables.trial_params), *of_study)
    return (
        several._replace(columns={**several.columns, "text": distribution}),
        _marks(joined(tables.trial_user_attributes), *of_study),
        _constraints(joined(tables.trial_system_attributes), *of_study),
        _reports(joined(tables.trial_intermediate_values), *of_study),
    )


@functools.cache
def children_of_statuses() -> tuple[Part, Part]:
    """Return marks that change a trial's status, and constraints; of trials of `trials_after`."""
    _, marks, constraints, _ = many_children()
    changing = tables.trial_user_attributes.c.key.in_(STATUS_MARKS)
    return marks._replace(conditions=(*marks.conditions, changing)), constraints


@functools.cache
def queued() -> Part:
    """Return what queued trials of `trials_after` are to get."""
    trials = tables.trials.c
    return _fixed(trials.study_id == _study_id, trials.trial_id > _after)


@functools.cache
def newest_distributions() -> Any:
    """Return the statement that reads name, trial and distribution of the parameters of `ids`."""
    parameters = tables.trial_params.c
    return sa.select(
        parameters.param_name, parameters.trial_id, parameters.distribution_json
    ).where(parameters.trial_id.in_(_ids("ids")))


def _trials(*conditions: Any) -> Part:
    trials = tables.trials.c
    values = tables.trial_values.c
    state = _text(trials.state)
    infinite = state + sa.literal_column("'/'", sa.String) + _text(values.value_type)
    return Part(
        Kind.TRIAL,
        {
            "id": trials.trial_id,
            "n": trials.number,
            "word": sa.case((values.value_type.in_(["INF_POS", "INF_NEG"]), infinite), else_=state),
            "text": _text(trials.datetime_start),
            "more": _text(trials.datetime_complete),
            "value": values.value,
        },
        tables.trials.outerjoin(
            tables.trial_values,
            sa.and_(values.trial_id == trials.trial_id, values.objective == 0),
        ),
        conditions,
    )


def _parameters(source: Any, *conditions: Any) -> Part:
    parameters = tables.trial_params.c
    columns = {
        "id": parameters.trial_id,
        "word": _text(parameters.param_name),
        "text": _text(parameters.distribution_json),
        "value": parameters.param_value,
    }
    return Part(Kind.PARAMETER, columns, source, conditions)


def _marks(source: Any, *conditions: Any) -> Part:
    attrs = tables.trial_user_attributes.c
    columns = {"id": attrs.trial_id, "word": _text(attrs.key), "text": _text(attrs.value_json)}
    return Part(Kind.MARK, columns, source, (*conditions, _is_mark()))


def _constraints(source: Any, *conditions: Any) -> Part:
    return Part(Kind.CONSTRAINT, _system_columns(), source, (*conditions, _is_constraint()))


def _fixed(*conditions: Any) -> Part:
    trials, attrs = tables.trials.c, tables.trial_system_attributes.c
    source = tables.trial_system_attributes.join(tables.trials, attrs.trial_id == trials.trial_id)
    of_queued = (trials.state == TrialState.WAITING, attrs.key == FIXED)
    return Part(Kind.QUEUED, _system_columns(), source, (*conditions, *of_queued))


def _system_columns() -> dict[str, Any]:
    attrs = tables.trial_system_attributes.c
    return {"id": attrs.trial_id, "word": _text(attrs.key), "text": _text(attrs.value_json)}


def _reports(source: Any, *conditions: Any) -> Part:
    reports = tables.trial_intermediate_values.c
    kind = sa.case(
        (reports.intermediate_value.is_(None), _text(reports.intermediate_value_type)),
        else_=sa.literal_column("''", sa.String),
    )
    columns = {
        "id": reports.trial_id,
        "n": reports.step,
        "row": reports.trial_intermediate_value_id,
        "word": kind,
        "value": reports.intermediate_value,
    }
    return Part(Kind.REPORT, columns, source, conditions)


def _is_mark() -> Any:
    return tables.trial_user_attributes.c.key.in_(MARKS)


def _is_constraint() -> Any:
    key = tables.trial_system_attributes.c.key
    return sa.or_(key == CONSTRAINTS, key.like(f"{CONSTRAINTS}:%"))


def _text(column: Any) -> Any:
    return sa.cast(column, sa.String)


def _ids(name: str) -> Any:
    # Written into the statement: databases take thousands of numbers there, but not of parameters.
    return sa.bindparam(name, expanding=True, literal_execute=True, type_=sa.Integer)


def _select(part: Part, columns: list[Any]) -> Any:
    statement = sa.select(*columns).select_from(part.source).where(*part.conditions)
    return statement.group_by(part.columns["id"]) if part.grouped else statement
