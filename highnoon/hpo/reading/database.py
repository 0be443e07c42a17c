"""Read a study out of Optuna's tables: one statement if nothing changed, two if little did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from highnoon.hpo.reading import statements
from highnoon.hpo.reading.rows import (
    METRIC_NAMES,
    AttributeRows,
    Known,
    ParameterRows,
    Reading,
    ReportRows,
    Seen,
    TrialRows,
    is_study_attribute,
    is_unfinished,
)
from highnoon.hpo.reading.statements import Kind, columns_of
from highnoon.hpo.storage.engines import engine_of

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from sqlalchemy import Connection, Engine

__all__ = ["DatabaseSource", "database_of"]

_FEW = 200
_NONE = [-1]
# Fewer than set off Python's garbage collector, which else takes a third of the time.
_ROWS_AT_ONCE = 512

_Rows = Sequence[Sequence[Any]]


class DatabaseSource:
    """Reads through an engine.

    Each time in a transaction of its own: MySQL keeps what it showed first for the rest of one. A
    trial's state is read before what belongs to it, so that nothing is missed that was there when
    it finished; what is newer than its state is found again, unchanged, the next time.

    Args:
        engine: The database's.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def read(self, known: Known) -> Reading | None:
        """Return what changed, or None where the study is not there any more.

        Raises:
            KeyError: There is no study of that name.
        """
        with self._engine.connect() as connection:
            if known.study_id is None:
                return _everything(connection, _study_id(connection, known.name))
            return _changes(connection, known, known.study_id)

    def read_overview(self, name: str) -> Reading | None:
        """Return all trials of a study with what their statuses go by, and nothing else of them.

        None where there is no study of that name.
        """
        with self._engine.connect() as connection:
            try:
                study_id = _study_id(connection, name)
            except KeyError:
                return None
            given = {"study_id": study_id}
            about = connection.execute(statements.wide(statements.study_parts()), given).all()
            if not columns_of(about, Kind.STUDY, "text")[0]:
                return None
            trials = TrialRows(*_columns(connection, statements.trials_after(), study_id, -1))
            marks, constraints = statements.children_of_statuses()
            return Reading(
                study_id,
                *_about(about),
                trials,
                ParameterRows((), (), (), (), {}),
                AttributeRows(*_columns(connection, marks, study_id, -1)),
                AttributeRows(*_columns(connection, constraints, study_id, -1)),
                ReportRows((), (), (), (), ()),
            )

    def read_whole(self, overview: Reading, positions: Sequence[int]) -> Reading:
        """Return some trials of an overview, by their places in it, with all that columns hold."""
        picked: Any = ([column[position] for position in positions] for column in overview.trials)
        trials = TrialRows(*picked)
        with self._engine.connect() as connection:
            read = _few(connection, (), overview.study_id, trials, {})
        return read._replace(
            name=overview.name, directions=overview.directions, attributes=overview.attributes
        )


def database_of(storage: "BaseStorage") -> "Engine | None":
    """Return the database of a storage, also of one that Optuna made of a URL, else None."""
    return engine_of(storage) or engine_of(getattr(storage, "_backend", storage))


def _study_id(connection: "Connection", name: str) -> int:
    for row in connection.execute(statements.id_of(name)):
        if row.study_name == name:
            return row.study_id
    raise KeyError(name)


def _everything(connection: "Connection", study_id: int) -> Reading | None:
    about = connection.execute(
        statements.wide(statements.study_parts()), {"study_id": study_id}
    ).all()
    if not columns_of(about, Kind.STUDY, "text")[0]:
        return None  # deleted since its id was read
    trials = TrialRows(*_columns(connection, statements.trials_after(), study_id, -1))
    return _many(connection, about, study_id, trials)


def _changes(connection: "Connection", known: Known, study_id: int) -> Reading | None:
    looked_at = known.looked_at
    waiting = [trial_id for trial_id in known.waiting if trial_id not in looked_at]
    rows = connection.execute(
        statements.pulse(),
        {
            "study_id": study_id,
            "after": known.last_id,
            "looked_at": list(looked_at) or _NONE,
            "first_waiting": waiting[0] if waiting else 0,
            "last_waiting": waiting[-1] if waiting else -1,
            "running": known.running or _NONE,
        },
    ).all()
    (names,) = columns_of(rows, Kind.STUDY, "text")
    trials = TrialRows(*columns_of(rows, Kind.TRIAL, "id", "n", "word", "text", "more", "value"))
    if not names or not known.is_in(names[0], trials):
        return None
    counts = {
        kind: dict(zip(*columns_of(rows, kind, "id", "n"), strict=True))
        for kind in (
            Kind.PARAMETER_COUNT,
            Kind.MARK_COUNT,
            Kind.CONSTRAINT_COUNT,
            Kind.REPORT_COUNT,
        )
    }
    changed = [
        position
        for position, (trial_id, word) in enumerate(zip(trials.ids, trials.words, strict=True))
        if trial_id > known.last_id
        or (
            trial_id in known.unfinished
            and known.unfinished[trial_id]
            != Seen(word, *(count.get(trial_id, 0) for count in counts.values()))
        )
    ]
    picked: Any = ([column[position] for position in changed] for column in trials)
    trials = TrialRows(*picked)
    if len(changed) > _FEW:
        return _many(connection, rows, study_id, trials)
    reading = _few(connection, rows, study_id, trials, known.report_ids)
    read = Counter(reading.reports.ids)
    lacking = [
        trial_id
        for trial_id, seen in known.unfinished.items()
        if trial_id in trials.ids
        and seen.reports + read[trial_id] < counts[Kind.REPORT_COUNT].get(trial_id, 0)
    ]
    if lacking:  # two processes reported to one trial, and the first id was committed last
        without = {key: row for key, row in known.report_ids.items() if key not in lacking}
        reading = _few(connection, rows, study_id, trials, without)
    return reading


def _few(
    connection: "Connection",
    about: _Rows,
    study_id: int,
    trials: TrialRows,
    report_ids: Mapping[int, int],
) -> Reading:
    """Read a few trials in one statement; of those that run, only the new reports."""
    rows: _Rows = ()
    if trials.ids:
        grown = {
            trial_id: report_ids.get(trial_id, -1)
            for trial_id, word in zip(trials.ids, trials.words, strict=True)
            if is_unfinished(word)
        }
        rows = connection.execute(
            statements.children_of(),
            {
                "ids": trials.ids,
                "whole": [trial_id for trial_id in trials.ids if trial_id not in grown] or _NONE,
                "grown": list(grown) or _NONE,
                "row": min(grown.values(), default=-1),
            },
        ).all()
    ids, names, texts, values = columns_of(rows, Kind.PARAMETER, "id", "word", "text", "value")
    newest: dict[str, tuple[int, str]] = {}
    for trial_id, name, text in zip(ids, names, texts, strict=True):
        if name not in newest or newest[name][0] < trial_id:
            newest[name] = (trial_id, text)
    return Reading(
        study_id,
        *_about(about),
        trials,
        ParameterRows(ids, names, values, texts, newest),
        AttributeRows(*columns_of(rows, Kind.MARK, "id", "word", "text")),
        AttributeRows(*columns_of(rows, Kind.CONSTRAINT, "id", "word", "text")),
        ReportRows(*columns_of(rows, Kind.REPORT, "id", "n", "value", "word", "row")),
        AttributeRows(*columns_of(rows, Kind.QUEUED, "id", "word", "text")),
    )


def _many(connection: "Connection", about: _Rows, study_id: int, trials: TrialRows) -> Reading:
    """Read all trials from the first of those given, in a statement for each table."""
    after = min(trials.ids, default=0) - 1
    parameters, marks, constraints, reports = statements.many_children()
    ids, names, texts, values = _columns(connection, parameters, study_id, after)
    newest = _newest(connection, ids, names)
    report_ids, steps, row_ids, kinds, reported = _columns(connection, reports, study_id, after)
    return Reading(
        study_id,
        *_about(about),
        trials,
        ParameterRows(ids, names, values, texts, newest),
        AttributeRows(*_columns(connection, marks, study_id, after)),
        AttributeRows(*_columns(connection, constraints, study_id, after)),
        ReportRows(report_ids, steps, reported, kinds, row_ids),
        AttributeRows(*_columns(connection, statements.queued(), study_id, after)),
    )


def _columns(
    connection: "Connection", part: statements.Part, study_id: int, after: int
) -> Sequence[Sequence[Any]]:
    result = connection.execute(statements.narrow(part), {"study_id": study_id, "after": after})
    columns: list[list[Any]] = [[] for _ in part.columns]
    for rows in result.partitions(_ROWS_AT_ONCE):
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(values)
    return columns


def _newest(
    connection: "Connection", ids: Sequence[int], names: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """Return, by name, the last trial that has a parameter, and its distribution there."""
    in_order: Any = zip(names, ids, strict=True)
    if (np.diff(np.array(ids, dtype=np.int64)) < 0).any():
        in_order = sorted(in_order, key=itemgetter(1))
    holders = dict(in_order)
    if not holders:
        return {}
    rows = connection.execute(
        statements.newest_distributions(), {"ids": sorted(set(holders.values()))}
    )
    return {
        row.param_name: (row.trial_id, row.distribution_json)
        for row in rows
        if holders.get(row.param_name) == row.trial_id
    }


def _about(rows: _Rows) -> tuple[str, list[str], dict[str, str]]:
    """Return name, directions and attributes of the study."""
    name = "".join(columns_of(rows, Kind.STUDY, "text")[0])
    objectives, directions = columns_of(rows, Kind.DIRECTION, "n", "word")
    keys, values = columns_of(rows, Kind.STUDY_ATTRIBUTE, "word", "text")
    attrs = dict(zip(keys, values, strict=True))
    return (
        name,
        [direction for _, direction in sorted(zip(objectives, directions, strict=True))],
        {
            key: value
            for key, value in attrs.items()
            if key == METRIC_NAMES or is_study_attribute(key)
        },
    )
