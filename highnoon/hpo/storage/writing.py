"""Write trials, each operation one transaction that may be repeated.

The order of locks is the study's row, then trials' rows, as in Optuna's own storage, so that both
may work on a study at the same time.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
)
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from highnoon.hpo.storage.conflicts import (
    Conflict,
    KnownDistributions,
    check_params,
    locked_study,
    without,
)
from highnoon.hpo.storage.engines import writing
from highnoon.hpo.storage.importing import distributions_of, insert_templates
from highnoon.hpo.storage.own_trials import Batch
from highnoon.hpo.storage.reading import TrialRow, build_trial, read_distributions, read_parts
from highnoon.hpo.storage.rows import write_parts, write_values
from highnoon.hpo.storage.tables import (
    to_stored_datetime,
    trial_intermediate_values,
    trial_params,
    trial_system_attributes,
    trial_user_attributes,
    trials,
)

if TYPE_CHECKING:
    from highnoon.hpo.storage.retrying import Retrying

__all__ = ["Ended", "TrialWriter", "Written"]

_counted_trials = sa.select(sa.func.count(trials.c.trial_id)).where(
    trials.c.study_id == sa.bindparam("study_id")
)
_row_columns = tuple(trials.c[name] for name in TrialRow._fields)
_locked_trials = (
    sa.select(*_row_columns)
    .where(trials.c.trial_id.in_(sa.bindparam("trial_ids", expanding=True)))
    .order_by(trials.c.trial_id)
    .with_for_update()
)


def _count_of(table: sa.TableClause) -> Any:
    count = sa.select(sa.func.count()).select_from(table)
    return count.where(table.c.trial_id == trials.c.trial_id).scalar_subquery()


_locked_trial = (
    sa.select(
        *_row_columns,
        *map(
            _count_of,
            (
                trial_params,
                trial_intermediate_values,
                trial_user_attributes,
                trial_system_attributes,
            ),
        ),
    )
    .where(trials.c.trial_id == sa.bindparam("trial_id"))
    .with_for_update()
)
_inserted_trial = sa.insert(trials)
_updated_trial = (
    sa.update(trials)
    .where(trials.c.trial_id == sa.bindparam("id_"))
    .values(
        state=sa.bindparam("state"),
        datetime_start=sa.bindparam("datetime_start"),
        datetime_complete=sa.bindparam("datetime_complete"),
    )
)


class Written(NamedTuple):
    """What became of batches.

    Attributes:
        lost: Ids of trials that are not there any more, or that someone else finished.
        conflicts: Parameters that were not written.
        found: Distributions, by study, that the database has.
    """

    lost: set[int]
    conflicts: list[Conflict]
    found: dict[int, dict[str, BaseDistribution]]


class Ended(NamedTuple):
    """A change of state that was made.

    Attributes:
        row: The trial's row after it.
        counts: Params, reports, user and system attributes that the database had before it.
    """

    row: TrialRow
    counts: tuple[int, int, int, int]


class TrialWriter:
    """Writes trials into one database.

    Args:
        engine: The database.
        retrying: Repeats what failed for a passing reason.
    """

    def __init__(self, engine: sa.Engine, retrying: "Retrying") -> None:
        self._engine = engine
        self._retrying = retrying
        self._dialect = engine.dialect.name

    def start(self, study_id: int, user_attrs: Mapping[str, str]) -> TrialRow:
        """Create a running trial with user attributes, JSON by name.

        One of them should hold something unique, by which the trial is known for this one's after
        a commit of which the answer was lost.

        Raises:
            KeyError: There is no such study.
        """
        started = self._now()
        tried: list[Batch] = []

        def operation(_again: bool) -> TrialRow:  # noqa: FBT001
            with writing(self._engine) as connection:
                self._lock_study(connection, study_id)
                if self._is_committed(connection, tried):
                    return tried[-1].row
                counted = connection.execute(_counted_trials, {"study_id": study_id})
                number = counted.scalar_one()
                values = {
                    "number": number,
                    "study_id": study_id,
                    "state": TrialState.RUNNING,
                    "datetime_start": started,
                }
                trial_id = self._insert_trial(connection, values)
                row = TrialRow(trial_id, number, study_id, TrialState.RUNNING, started, None)
                tried.append(Batch(row, user_attrs=dict(user_attrs)))
                write_parts(connection, tried[-1:])
            return row

        return self._retrying.run(operation)

    def add(
        self,
        study_id: int,
        templates: Sequence[FrozenTrial],
        known: Mapping[str, BaseDistribution],
    ) -> list[int]:
        """Create trials as their templates are, with consecutive numbers, and return their ids.

        Raises:
            KeyError: There is no such study.
            ValueError: A parameter has another distribution in the study.
        """
        distributions = distributions_of(templates)
        attrs = [
            {name: json.dumps(value) for name, value in attrs.items()}
            for attrs in (templates[-1].user_attrs, templates[-1].system_attrs)
        ]
        ids: list[int] = []
        tried: list[Batch] = []

        def operation(_again: bool) -> list[int]:  # noqa: FBT001
            with writing(self._engine) as connection:
                self._lock_study(connection, study_id)
                if self._is_committed(connection, tried):
                    return ids
                unknown = distributions.keys() - known.keys()
                found = read_distributions(connection, study_id, unknown) if unknown else {}
                for name, distribution in distributions.items():
                    there = known.get(name) or found.get(name)
                    if there is not None:
                        check_distribution_compatibility(there, distribution)
                rows = insert_templates(connection, study_id, templates)
                ids[:] = [row.trial_id for row in rows]
                tried.append(Batch(rows[-1], user_attrs=attrs[0], system_attrs=attrs[1]))
            return ids

        return self._retrying.run(operation)

    def write(
        self, batches: Sequence[Batch], known: KnownDistributions, *, patience: float | None = None
    ) -> Written:
        """Write batches of running trials; those that are not running any more are left alone."""

        def operation(_again: bool) -> Written:  # noqa: FBT001
            with writing(self._engine) as connection:
                conflicts, found = check_params(connection, batches, known)
                ids = [batch.row.trial_id for batch in batches]
                rows = {
                    row.trial_id: TrialRow._make(row)
                    for row in connection.execute(_locked_trials, {"trial_ids": ids})
                }
                alive = [batch for batch in batches if _is_running(rows, batch.row)]
                write_parts(connection, without(alive, conflicts))
                lost = set(ids) - {batch.row.trial_id for batch in alive}
            return Written(lost, conflicts, found)

        return self._retrying.run(operation, patience=patience)

    def write_to(self, trial_id: int, change: Batch) -> None:
        """Write to a trial that another process may run; the batch's row is not looked at.

        Raises:
            KeyError: There is no such trial.
            UpdateFinishedTrialError: It is finished.
            ValueError: A parameter has another distribution in the study.
        """

        def operation(_again: bool) -> None:  # noqa: FBT001
            with writing(self._engine) as connection:
                row, _ = self._lock_trial(connection, trial_id)
                _check_updatable(row)
                batch = Batch(
                    row, change.params, change.reports, change.user_attrs, change.system_attrs
                )
                conflicts, _ = check_params(connection, [batch], {}, lock=False)
                if conflicts:
                    raise ValueError(conflicts[0].reason)
                write_parts(connection, [batch])

        self._retrying.run(operation)

    def change_state(
        self,
        trial_id: int,
        state: TrialState,
        values: Sequence[float] | None,
        *,
        batch: Batch | None = None,
        known: KnownDistributions | None = None,
    ) -> Ended | list[Conflict]:
        """Change a trial's state, and write what is left of it, in one transaction.

        Returns the change; or, unless the trial fails, the parameters that cannot be kept, for
        which nothing was changed.

        Args:
            trial_id: The trial.
            state: The new state; for a start see `claim`.
            values: The values; None leaves them.
            batch: What is not written yet of a trial of this process.
            known: As for `write`.

        Raises:
            KeyError: There is no such trial.
            UpdateFinishedTrialError: It is finished.
        """
        now = self._now()
        tried: list[Batch] = []

        def operation(_again: bool) -> Ended | list[Conflict]:  # noqa: FBT001
            conflicts: list[Conflict] = []
            with writing(self._engine) as connection:
                if batch is not None and batch.params:
                    conflicts, _ = check_params(connection, [batch], known or {})
                    if conflicts and state != TrialState.FAIL:
                        return conflicts
                row, counts = self._lock_trial(connection, trial_id)
                if batch is not None and not batch.row.is_still(row):
                    raise KeyError(f"Trial {batch.row.number} is not there any more.")
                if tried and row == tried[-1].row and self._is_committed(connection, tried):
                    return Ended(row, counts)
                _check_updatable(row)
                changed = row._replace(state=state)
                if state.is_finished():
                    changed = changed._replace(datetime_complete=now)
                if batch is not None:
                    write_parts(connection, without([batch], conflicts))
                if values is not None:
                    write_values(connection, trial_id, values)
                self._update(connection, changed)
                written = batch or Batch(row)
                tried.append(dataclasses.replace(written, row=changed))
            return Ended(changed, counts)

        return self._retrying.run(operation)

    def claim(
        self, trial_id: int, user_attrs: Mapping[str, str]
    ) -> tuple[TrialRow, FrozenTrial] | None:
        """Start a waiting trial with user attributes as for `start`; None if it was not waiting.

        Raises:
            KeyError: There is no such trial.
            UpdateFinishedTrialError: It is finished.
        """
        now = self._now()
        tried: list[Batch] = []

        def operation(_again: bool) -> tuple[TrialRow, FrozenTrial] | None:  # noqa: FBT001
            with writing(self._engine) as connection:
                row, _ = self._lock_trial(connection, trial_id)
                if not (tried and row == tried[-1].row and self._is_committed(connection, tried)):
                    _check_updatable(row)
                    if row.state != TrialState.WAITING:
                        return None
                    row = row._replace(state=TrialState.RUNNING, datetime_start=now)
                    tried.append(Batch(row, user_attrs=dict(user_attrs)))
                    write_parts(connection, tried[-1:])
                    self._update(connection, row)
                return row, build_trial(row, read_parts(connection, trial_ids=[trial_id]))

        return self._retrying.run(operation)

    def _is_committed(self, connection: sa.Connection, tried: Sequence[Batch]) -> bool:
        """Whether the last try is in the database although its commit raised.

        The row alone does not tell: another process may have written an equal one, with the same
        id, which databases give anew, and on MySQL within the same second.
        """
        # SQLite raises where a commit was not done, and gives the same ids anew at once.
        if not tried or self._dialect == "sqlite":
            return False
        batch = tried[-1]
        found = connection.execute(_locked_trials, {"trial_ids": [batch.row.trial_id]}).first()
        return (
            found is not None
            and batch.row.is_still(TrialRow._make(found))
            and _has_attrs(connection, batch)
        )

    def _now(self) -> datetime:
        now = to_stored_datetime(datetime.now())
        assert now is not None
        # MySQL keeps whole seconds, rounded or cut off as it is set up.
        return now.replace(microsecond=0) if self._dialect == "mysql" else now

    def _lock_study(self, connection: sa.Connection, study_id: int) -> None:
        if connection.execute(locked_study, {"study_id": study_id}).first() is None:
            raise KeyError(f"There is no study with the id {study_id}.")

    def _lock_trial(
        self, connection: sa.Connection, trial_id: int
    ) -> tuple[TrialRow, tuple[int, int, int, int]]:
        found = connection.execute(_locked_trial, {"trial_id": trial_id}).first()
        if found is None:
            raise KeyError(f"There is no trial with the id {trial_id}.")
        params, reports, user_attrs, system_attrs = found[6:]
        return TrialRow._make(found[:6]), (params, reports, user_attrs, system_attrs)

    def _insert_trial(self, connection: sa.Connection, values: dict[str, Any]) -> int:
        if self._dialect == "postgresql":
            returning = _inserted_trial.returning(trials.c.trial_id)
            return connection.execute(returning, values).scalar_one()
        return connection.execute(_inserted_trial, values).lastrowid

    def _update(self, connection: sa.Connection, row: TrialRow) -> None:
        changed = {
            "id_": row.trial_id,
            "state": row.state,
            "datetime_start": row.datetime_start,
            "datetime_complete": row.datetime_complete,
        }
        connection.execute(_updated_trial, changed)


def _has_attrs(connection: sa.Connection, batch: Batch) -> bool:
    for table, attrs in (
        (trial_user_attributes, batch.user_attrs),
        (trial_system_attributes, batch.system_attrs),
    ):
        if attrs:
            of_trial = table.c.trial_id == batch.row.trial_id
            # MySQL shows what is newest only to reads that lock.
            there = sa.select(table.c.key, table.c.value_json).where(of_trial).with_for_update()
            if not attrs.items() <= {(name, text) for name, text in connection.execute(there)}:
                return False
    return True


def _is_running(rows: Mapping[int, TrialRow], known: TrialRow) -> bool:
    row = rows.get(known.trial_id)
    return row is not None and known.is_still(row) and not row.state.is_finished()


def _check_updatable(row: TrialRow) -> None:
    if row.state.is_finished():
        raise UpdateFinishedTrialError(
            f"Trial#{row.number} has already finished and can not be updated."
        )
