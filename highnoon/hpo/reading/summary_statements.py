"""Summaries of all studies of a database: the trials are counted where they are kept."""

import json
import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from optuna.trial import TrialState

from highnoon.hpo import attributes
from highnoon.hpo.flags import StudyFlags
from highnoon.hpo.reading.rows import CONSTRAINTS, as_times
from highnoon.hpo.reading.summary import StudySummary, directions_of, workers_of
from highnoon.hpo.states import TrialStatus, status_of
from highnoon.hpo.storage import tables
from highnoon.hpo.study import Direction

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["read_summaries"]

_FLAGS = (attributes.PAUSED, attributes.ARCHIVED)
_MARKS = {
    "infeasible": attributes.INFEASIBLE,
    "diverged": attributes.DIVERGED,
    "interrupted": attributes.INTERRUPTED,
}


def read_summaries(engine: "Engine") -> list[StudySummary]:
    """Return a summary of each study of a database, the oldest first."""
    with engine.connect() as connection:
        names = {row.study_id: row.study_name for row in connection.execute(_studies())}
        directions: defaultdict[int, list[str]] = defaultdict(list)
        for row in connection.execute(_directions()):
            directions[row.study_id].append(row.direction.name)
        flags = _by_study(connection, _flags())
        groups: defaultdict[int, list[Any]] = defaultdict(list)
        for row in connection.execute(_groups()):
            groups[row.study_id].append(row)
        listed: defaultdict[int, list[Any]] = defaultdict(list)
        if any(row.listed for own in groups.values() for row in own):
            listed = _by_study(connection, _lists_of_constraints())
        workers = _by_study(connection, _workers())
    summaries = []
    for study_id, name in names.items():
        own = groups[study_id]
        told = StudyFlags.from_attributes({key: value for key, value, _ in flags[study_id]})
        by_objective = directions_of(directions[study_id])
        counts: Counter[TrialStatus] = Counter()
        for row in own:
            counts[_status(row)] += row.trials
        times = [time for row in own for time in (row.started, row.completed) if time is not None]
        summaries.append(
            StudySummary(
                name,
                by_objective,
                counts,
                _best(own, listed[study_id], by_objective),
                float(as_times(times).max()) if times else None,
                workers_of((key, value) for key, value, _ in workers[study_id]),
                told.paused,
                told.archived,
            )
        )
    return summaries


def _by_study(
    connection: "Connection", statement: Any
) -> defaultdict[int, list[tuple[str, Any, float | None]]]:
    """Return key, parsed JSON and value of the rows of each study."""
    found: defaultdict[int, list[tuple[str, Any, float | None]]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.study_id].append((row.key, json.loads(row.value_json), row.value))
    return found


def _status(group: Any) -> TrialStatus:
    marks = [mark for name, mark in _MARKS.items() if getattr(group, name)]
    return status_of(group.state.name, marks, finite=bool(group.finite))


def _best(
    groups: list[Any],
    listed: list[tuple[str, Any, float | None]],
    directions: tuple[Direction, ...],
) -> float | None:
    """Return the best value of completed trials that violate no constraint."""
    if len(directions) != 1:
        return None
    maximize = directions[0] == "maximize"
    values = [
        group.highest if maximize else group.lowest
        for group in groups
        if _status(group) == "completed" and not group.violated and not group.listed
    ]
    for _, amounts, value in listed:
        if value is not None and math.isfinite(value) and not any(a > 0.0 for a in amounts):
            values.append(value)
    return max(values, default=None) if maximize else min(values, default=None)


def _studies() -> Any:
    studies = tables.studies.c
    return sa.select(studies.study_id, studies.study_name).order_by(studies.study_id)


def _directions() -> Any:
    directions = tables.study_directions.c
    return sa.select(directions.study_id, directions.direction).order_by(
        directions.study_id, directions.objective
    )


def _flags() -> Any:
    attrs = tables.study_user_attributes.c
    return sa.select(
        attrs.study_id, attrs.key, attrs.value_json, sa.literal(0.0).label("value")
    ).where(attrs.key.in_(_FLAGS))


def _groups() -> Any:
    """Return the statement that counts the trials that are alike in all that a status goes by."""
    trials, values = tables.trials.c, tables.trial_values.c
    source, flags = _marked_trials()
    each = (
        sa.select(
            trials.study_id,
            trials.state,
            trials.datetime_start,
            trials.datetime_complete,
            values.value,
            _as_number(values.value_type == tables.FINITE).label("finite"),
            *(flag.label(name) for name, flag in flags.items()),
        )
        .select_from(source)
        .subquery()
    )
    alike = [each.c[name] for name in ("study_id", "state", "finite", *flags)]
    return sa.select(
        *alike,
        sa.func.count().label("trials"),
        sa.func.max(each.c.datetime_start).label("started"),
        sa.func.max(each.c.datetime_complete).label("completed"),
        sa.func.min(each.c.value).label("lowest"),
        sa.func.max(each.c.value).label("highest"),
    ).group_by(*alike)


def _lists_of_constraints() -> Any:
    """Return the statement that reads constraints in Optuna's former form, which needs parsing."""
    trials, values, attrs = tables.trials.c, tables.trial_values.c, tables.trial_system_attributes.c
    source, flags = _marked_trials()
    return (
        sa.select(trials.study_id, attrs.key, attrs.value_json, values.value)
        .select_from(source.join(tables.trial_system_attributes, attrs.trial_id == trials.trial_id))
        .where(
            trials.state == TrialState.COMPLETE,
            attrs.key == CONSTRAINTS,
            values.value_type == tables.FINITE,
            flags["infeasible"] == 0,
            flags["violated"] == 0,
        )
    )


def _workers() -> Any:
    trials, attrs = tables.trials.c, tables.trial_user_attributes.c
    return (
        sa.select(trials.study_id, attrs.key, attrs.value_json, sa.literal(0.0).label("value"))
        .select_from(
            tables.trials.join(tables.trial_user_attributes, attrs.trial_id == trials.trial_id)
        )
        .where(
            trials.state == TrialState.RUNNING, attrs.key.in_((attributes.RUN, attributes.LEASE))
        )
    )


def _marked_trials() -> tuple[Any, dict[str, Any]]:
    """Return trials with their values, and what attributes say of them: 1 or 0 by name."""
    trials, values = tables.trials.c, tables.trial_values.c
    attrs, system = tables.trial_user_attributes.c, tables.trial_system_attributes.c
    named = system.key.like(f"{CONSTRAINTS}:%")
    # A constraint is violated where its number, as JSON writes it, is above 0.
    positive = sa.and_(
        named, system.value_json.not_like("-%"), system.value_json.not_in(("0.0", "0"))
    )
    # Joined once rather than asked for trial by trial, which PostgreSQL takes for expensive.
    marks = (
        sa.select(
            attrs.trial_id,
            *(
                sa.func.max(_as_number(attrs.key == mark)).label(name)
                for name, mark in _MARKS.items()
            ),
        )
        .where(attrs.key.in_(list(_MARKS.values())))
        .group_by(attrs.trial_id)
        .subquery()
    )
    constraints = (
        sa.select(
            system.trial_id,
            sa.func.max(_as_number(positive)).label("violated"),
            sa.func.max(_as_number(system.key == CONSTRAINTS)).label("listed"),
        )
        .where(sa.or_(named, system.key == CONSTRAINTS))
        .group_by(system.trial_id)
        .subquery()
    )
    source = (
        tables.trials.outerjoin(
            tables.trial_values,
            sa.and_(values.trial_id == trials.trial_id, values.objective == 0),
        )
        .outerjoin(marks, marks.c.trial_id == trials.trial_id)
        .outerjoin(constraints, constraints.c.trial_id == trials.trial_id)
    )
    columns = [*(marks.c[name] for name in _MARKS), constraints.c.violated, constraints.c.listed]
    return source, {column.name: sa.func.coalesce(column, 0) for column in columns}


def _as_number(condition: Any) -> Any:
    return sa.case((condition, 1), else_=0)
