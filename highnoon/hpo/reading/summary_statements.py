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
_MARKS = (attributes.INFEASIBLE, attributes.DIVERGED, attributes.INTERRUPTED)


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
    marks = [mark for mark, has in zip(_MARKS, _has_marks(group), strict=True) if has]
    return status_of(group.state.name, marks, finite=bool(group.finite))


def _has_marks(group: Any) -> tuple[bool, ...]:
    return bool(group.infeasible), bool(group.diverged), bool(group.interrupted)


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
    each = (
        sa.select(
            trials.study_id,
            trials.state,
            trials.datetime_start,
            trials.datetime_complete,
            values.value,
            _as_number(values.value_type == tables.FINITE).label("finite"),
            _has(attributes.INFEASIBLE).label("infeasible"),
            _has(attributes.DIVERGED, TrialState.PRUNED).label("diverged"),
            _has(attributes.INTERRUPTED, TrialState.FAIL).label("interrupted"),
            _completed_with(_is_violated()).label("violated"),
            _completed_with(tables.trial_system_attributes.c.key == CONSTRAINTS).label("listed"),
        )
        .select_from(
            tables.trials.outerjoin(
                tables.trial_values,
                sa.and_(values.trial_id == trials.trial_id, values.objective == 0),
            )
        )
        .subquery()
    )
    alike = [
        each.c[name]
        for name in (
            *("study_id", "state", "finite"),
            *("infeasible", "diverged", "interrupted", "violated", "listed"),
        )
    ]
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
    return (
        sa.select(trials.study_id, attrs.key, attrs.value_json, values.value)
        .select_from(
            tables.trials.join(
                tables.trial_system_attributes, attrs.trial_id == trials.trial_id
            ).join(tables.trial_values, values.trial_id == trials.trial_id)
        )
        .where(
            trials.state == TrialState.COMPLETE,
            attrs.key == CONSTRAINTS,
            values.objective == 0,
            values.value_type == tables.FINITE,
            _has(attributes.INFEASIBLE) == 0,
            _completed_with(_is_violated()) == 0,
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


def _has(mark: str, state: TrialState | None = None) -> Any:
    """Return whether a trial has an attribute, asked only where it is in a state."""
    trials, attrs = tables.trials.c, tables.trial_user_attributes.alias().c
    found = sa.exists().where(attrs.trial_id == trials.trial_id, attrs.key == mark)
    found = found.correlate(tables.trials)
    return _as_number(found if state is None else sa.and_(trials.state == state, found))


def _completed_with(condition: Any) -> Any:
    """Return whether a trial is completed and has a system attribute."""
    trials, attrs = tables.trials.c, tables.trial_system_attributes.c
    found = sa.exists().where(attrs.trial_id == trials.trial_id, condition)
    found = found.correlate(tables.trials)
    return _as_number(sa.and_(trials.state == TrialState.COMPLETE, found))


def _is_violated() -> Any:
    """Return whether a system attribute is a constraint, and its JSON a number above 0."""
    attrs = tables.trial_system_attributes.c
    return sa.and_(
        attrs.key.like(f"{CONSTRAINTS}:%"),
        attrs.value_json.not_like("-%"),
        attrs.value_json.not_in(("0.0", "0")),
    )


def _as_number(condition: Any) -> Any:
    return sa.case((condition, 1), else_=0)
