"""Summaries of all studies of a database: the trials are counted where they are kept."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from optuna.study import StudyDirection
from optuna.trial import TrialState

from highnoon.hpo import attributes
from highnoon.hpo.flags import StudyFlags
from highnoon.hpo.reading.rows import CONSTRAINTS, METRIC_NAMES, as_times
from highnoon.hpo.reading.summary import (
    StudySummary,
    directions_of,
    front_size,
    improvements,
    workers_of,
)
from highnoon.hpo.states import TrialStatus, status_of
from highnoon.hpo.storage import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["read_names", "read_summaries"]

_TOLD = (
    attributes.PAUSED,
    attributes.STOP,
    attributes.ARCHIVED,
    attributes.GAVE_UP,
    attributes.GOAL,
)
_MARKS = {
    "infeasible": attributes.INFEASIBLE,
    "diverged": attributes.DIVERGED,
    "lost": attributes.INTERRUPTED,
}


def read_names(engine: "Engine") -> dict[int, str]:
    """Return ids and names of the studies of a database, the oldest first."""
    with engine.connect() as connection:
        return _names(connection)


def read_summaries(engine: "Engine") -> list[StudySummary]:
    """Return a summary of each study of a database, the oldest first."""
    with engine.connect() as connection:
        names = _names(connection)
        directions: defaultdict[int, list[str]] = defaultdict(list)
        for row in connection.execute(_directions()):
            directions[row.study_id].append(row.direction.name)
        told = _by_study(connection, _told())
        groups: defaultdict[int, list[Any]] = defaultdict(list)
        for row in connection.execute(_groups()):
            groups[row.study_id].append(row)
        better: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for row in connection.execute(_better()):
            better[row.study_id].append((row.number, row.value))
        listed: set[int] = set()
        if any(row.listed for own in groups.values() for row in own):
            for row in connection.execute(_lists_of_constraints()):
                if not any(amount > 0.0 for amount in json.loads(row.value_json)):
                    better[row.study_id].append((row.number, row.value))
                    listed.add(row.trial_id)
        several = [study_id for study_id, names in directions.items() if len(names) > 1]
        points = _points(connection, several, listed) if several else {}
        running = _running(connection)
    summaries = []
    for study_id, name in names.items():
        own = groups[study_id]
        attrs = dict(told[study_id])
        by_objective = directions_of(directions[study_id])
        counts: Counter[TrialStatus] = Counter()
        for row in own:
            counts[_status(row)] += row.trials
        metrics = attrs.get(METRIC_NAMES)
        summaries.append(
            StudySummary(
                name,
                by_objective,
                counts,
                improvements(better[study_id], by_objective),
                _latest(time for row in own for time in (row.started, row.completed)),
                workers_of(running[study_id].values()),
                StudyFlags.from_attributes(attrs),
                attrs.get(attributes.GOAL),
                metrics[0] if metrics else None,
                _latest(row.started for row in own),
                front_size(points.get(study_id, ()), by_objective)
                if len(by_objective) > 1
                else None,
            )
        )
    return summaries


def _points(
    connection: "Connection", studies: list[int], listed: set[int]
) -> dict[int, list[list[float]]]:
    """Return the values of the completed, feasible trials of studies of several objectives."""
    values: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for row in connection.execute(_objectives(), {"studies": studies}):
        if not row.listed or row.trial_id in listed:
            values[row.study_id, row.trial_id].append(
                tables.from_stored_number(row.value, row.value_type)
            )
    points: defaultdict[int, list[list[float]]] = defaultdict(list)
    for (study_id, _), point in values.items():
        points[study_id].append(point)
    return points


def _names(connection: "Connection") -> dict[int, str]:
    return {row.study_id: row.study_name for row in connection.execute(_studies())}


def _by_study(connection: "Connection", statement: Any) -> defaultdict[int, list[tuple[str, Any]]]:
    """Return key and parsed JSON of the rows of each study."""
    found: defaultdict[int, list[tuple[str, Any]]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.study_id].append((row.key, json.loads(row.value_json)))
    return found


def _latest(times: Iterable[Any]) -> float | None:
    there = [time for time in times if time is not None]
    return float(as_times(there).max()) if there else None


def _status(group: Any) -> TrialStatus:
    marks = [mark for name, mark in _MARKS.items() if getattr(group, name)]
    return status_of(group.state.name, marks, finite=bool(group.finite))


def _studies() -> Any:
    studies = tables.studies.c
    return sa.select(studies.study_id, studies.study_name).order_by(studies.study_id)


def _directions() -> Any:
    directions = tables.study_directions.c
    return sa.select(directions.study_id, directions.direction).order_by(
        directions.study_id, directions.objective
    )


def _told() -> Any:
    """Return the statement that reads attributes of studies."""
    own, optunas = tables.study_user_attributes.c, tables.study_system_attributes.c
    return sa.union_all(
        sa.select(own.study_id, own.key, own.value_json).where(own.key.in_(_TOLD)),
        sa.select(optunas.study_id, optunas.key, optunas.value_json).where(
            optunas.key == METRIC_NAMES
        ),
    )


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
    ).group_by(*alike)


def _better() -> Any:
    """Return the statement that finds the trials that are better than all before them.

    Of trials whose constraints are a list in Optuna's former form it finds none.
    """
    trials, values = tables.trials.c, tables.trial_values.c
    directions = tables.study_directions.c
    source, flags = _marked_trials()
    sign = sa.case((directions.direction == StudyDirection.MAXIMIZE, -1.0), else_=1.0)
    before = sa.func.min(sign * values.value).over(
        partition_by=trials.study_id, order_by=trials.number, rows=(None, -1)
    )
    each = (
        sa.select(
            trials.study_id,
            trials.number,
            values.value,
            (sign * values.value).label("cost"),
            before.label("before"),
        )
        .select_from(
            source.join(
                tables.study_directions,
                sa.and_(directions.study_id == trials.study_id, directions.objective == 0),
            )
        )
        .where(
            trials.state == TrialState.COMPLETE,
            values.value_type == tables.FINITE,
            *(flags[name] == 0 for name in ("infeasible", "violated", "listed")),
        )
        .subquery()
    )
    return sa.select(each.c.study_id, each.c.number, each.c.value).where(
        sa.or_(each.c.before.is_(None), each.c.cost < each.c.before)
    )


def _objectives() -> Any:
    """Return the statement that reads all values of feasible trials; takes `studies`."""
    trials = tables.trials.c
    source, flags = _marked_trials()
    every = tables.trial_values.alias()
    return (
        sa.select(
            trials.study_id,
            trials.trial_id,
            every.c.value,
            every.c.value_type,
            flags["listed"].label("listed"),
        )
        .select_from(source.join(every, every.c.trial_id == trials.trial_id))
        .where(
            trials.study_id.in_(sa.bindparam("studies", expanding=True)),
            trials.state == TrialState.COMPLETE,
            *(flags[name] == 0 for name in ("infeasible", "violated")),
        )
        .order_by(every.c.trial_id, every.c.objective)
    )


def _lists_of_constraints() -> Any:
    """Return the statement that reads constraints in Optuna's former form, which needs parsing."""
    trials, values, attrs = tables.trials.c, tables.trial_values.c, tables.trial_system_attributes.c
    source, flags = _marked_trials()
    return (
        sa.select(trials.study_id, trials.trial_id, trials.number, attrs.value_json, values.value)
        .select_from(source.join(tables.trial_system_attributes, attrs.trial_id == trials.trial_id))
        .where(
            trials.state == TrialState.COMPLETE,
            attrs.key == CONSTRAINTS,
            values.value_type == tables.FINITE,
            flags["infeasible"] == 0,
            flags["violated"] == 0,
        )
    )


def _running(connection: "Connection") -> defaultdict[int, defaultdict[int, dict[str, Any]]]:
    """Return by study and trial what says who is at work."""
    trials, attrs = tables.trials.c, tables.trial_user_attributes.c
    statement = (
        sa.select(trials.study_id, attrs.trial_id, attrs.key, attrs.value_json)
        .select_from(
            tables.trials.join(tables.trial_user_attributes, attrs.trial_id == trials.trial_id)
        )
        .where(
            trials.state == TrialState.RUNNING, attrs.key.in_((attributes.RUN, attributes.LEASE))
        )
    )
    found: defaultdict[int, defaultdict[int, dict[str, Any]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for row in connection.execute(statement):
        found[row.study_id][row.trial_id][row.key] = json.loads(row.value_json)
    return found


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
