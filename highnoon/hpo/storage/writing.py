"""Write trials, each operation one transaction that may be repeated.

The order of locks is the study's row, then trials' rows, as in Optuna's own storage, so that both
may work on a study at the same time.
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
    distribution_to_json,
)
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from highnoon.hpo.storage.own_trials import Batch
from highnoon.hpo.storage.reading import TrialRow, build_trial, read_distributions, read_parts
from highnoon.hpo.storage.tables import (
    studies,
    to_stored_datetime,
    to_stored_number,
    trial_intermediate_values,
    trial_params,
    trial_system_attributes,
    trial_user_attributes,
    trials,
)
from highnoon.hpo.storage.upserts import upsert

if TYPE_CHECKING:
    from highnoon.hpo.storage.retrying import Retrying

__all__ = ["Conflict", "Ended", "KnownDistributions", "TrialWriter", "Written"]

KnownDistributions = Mapping[int, Mapping[str, BaseDistribution]]
"""By study: the distributions that are known to be in the database."""

_MAX_NAME_LENGTH = 512
_MAX_MYSQL_TEXT_BYTES = 65_535
_MAX_INTEGER = 2**31 - 1

_locked_study = (
    sa.select(studies.c.study_id)
    .where(studies.c.study_id == sa.bindparam("study_id"))
    .with_for_update()
)
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


class Conflict(NamedTuple):
    """A parameter that cannot be kept, for the study has another distribution of that name."""

    trial_id: int
    name: str
    reason: str


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

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Run the block as one transaction that writes."""
        with self._engine.begin() as connection:
            if self._dialect == "sqlite":
                # Otherwise the lock is taken at the first write, too late for what was read.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def check_storable(self, name: str, text: str = "") -> None:
        """Refuse what would fail, later and together with everything else, in the database.

        Raises:
            StorageInternalError: The name or the JSON text is too long.
            UnicodeEncodeError: The name holds half of a surrogate pair.
        """
        name.encode()
        if self._dialect == "sqlite":
            return
        if len(name) > _MAX_NAME_LENGTH or "\0" in name:
            raise StorageInternalError(
                f"A name has at most {_MAX_NAME_LENGTH} characters and no NUL, got {name[:40]!r}..."
            )
        if self._dialect == "mysql" and len(text.encode()) > _MAX_MYSQL_TEXT_BYTES:
            raise StorageInternalError(
                f"MySQL keeps at most {_MAX_MYSQL_TEXT_BYTES} bytes as an attribute, and "
                f"{name!r} has {len(text.encode())}. Keep it in a file, and its path here."
            )

    def check_step(self, step: int) -> None:
        """Refuse a step that the database cannot hold.

        Raises:
            StorageInternalError: It is too large.
        """
        if self._dialect != "sqlite" and not -_MAX_INTEGER <= step <= _MAX_INTEGER:
            raise StorageInternalError(f"A step must be below 2**31 in size, got {step}.")

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
            with self.transaction() as connection:
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
                self._write_parts(connection, tried[-1:])
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
        distributions = _distributions_of(templates)
        attrs = [
            {name: json.dumps(value) for name, value in attrs.items()}
            for attrs in (templates[-1].user_attrs, templates[-1].system_attrs)
        ]
        ids: list[int] = []
        tried: list[Batch] = []

        def operation(_again: bool) -> list[int]:  # noqa: FBT001
            with self.transaction() as connection:
                self._lock_study(connection, study_id)
                if self._is_committed(connection, tried):
                    return ids
                unknown = distributions.keys() - known.keys()
                found = read_distributions(connection, study_id, unknown) if unknown else {}
                for name, distribution in distributions.items():
                    there = known.get(name) or found.get(name)
                    if there is not None:
                        check_distribution_compatibility(there, distribution)
                rows = self._insert_templates(connection, study_id, templates)
                ids[:] = [row.trial_id for row in rows]
                tried.append(Batch(rows[-1], user_attrs=attrs[0], system_attrs=attrs[1]))
            return ids

        return self._retrying.run(operation)

    def write(
        self, batches: Sequence[Batch], known: KnownDistributions, *, patience: float | None = None
    ) -> Written:
        """Write batches of running trials; those that are not running any more are left alone."""

        def operation(_again: bool) -> Written:  # noqa: FBT001
            with self.transaction() as connection:
                conflicts, found = self._check_params(connection, batches, known)
                ids = [batch.row.trial_id for batch in batches]
                rows = {
                    row.trial_id: TrialRow._make(row)
                    for row in connection.execute(_locked_trials, {"trial_ids": ids})
                }
                alive = [batch for batch in batches if _is_running(rows, batch.row)]
                self._write_parts(connection, _without(alive, conflicts))
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
            with self.transaction() as connection:
                row, _ = self._lock_trial(connection, trial_id)
                _check_updatable(row)
                batch = Batch(
                    row, change.params, change.reports, change.user_attrs, change.system_attrs
                )
                conflicts, _ = self._check_params(connection, [batch], {}, lock=False)
                if conflicts:
                    raise ValueError(conflicts[0].reason)
                self._write_parts(connection, [batch])

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
            with self.transaction() as connection:
                if batch is not None and batch.params:
                    conflicts, _ = self._check_params(connection, [batch], known or {})
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
                    self._write_parts(connection, _without([batch], conflicts))
                if values is not None:
                    self._write_values(connection, trial_id, values)
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
            with self.transaction() as connection:
                row, _ = self._lock_trial(connection, trial_id)
                if not (tried and row == tried[-1].row and self._is_committed(connection, tried)):
                    _check_updatable(row)
                    if row.state != TrialState.WAITING:
                        return None
                    row = row._replace(state=TrialState.RUNNING, datetime_start=now)
                    tried.append(Batch(row, user_attrs=dict(user_attrs)))
                    self._write_parts(connection, tried[-1:])
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
        if connection.execute(_locked_study, {"study_id": study_id}).first() is None:
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

    def _check_params(
        self,
        connection: sa.Connection,
        batches: Iterable[Batch],
        known: KnownDistributions,
        *,
        lock: bool = True,
    ) -> tuple[list[Conflict], dict[int, dict[str, BaseDistribution]]]:
        """Check distributions that are new to this process against the database.

        The study's row is locked, so that of two processes that write a parameter for the first
        time the second sees what the first wrote.
        """
        unknown: dict[int, set[str]] = {}
        for batch in batches:
            names = batch.params.keys() - known.get(batch.row.study_id, {}).keys()
            if names:
                unknown.setdefault(batch.row.study_id, set()).update(names)
        found: dict[int, dict[str, BaseDistribution]] = {}
        conflicts = []
        for study_id, names in sorted(unknown.items()):
            if lock:
                connection.execute(_locked_study, {"study_id": study_id}).first()
            found[study_id] = read_distributions(connection, study_id, names)
        for batch in batches:
            there = found.setdefault(batch.row.study_id, {})
            for name, (_, distribution) in batch.params.items():
                try:
                    check_distribution_compatibility(
                        there.setdefault(name, distribution), distribution
                    )
                except ValueError as error:
                    conflicts.append(Conflict(batch.row.trial_id, name, str(error)))
        return conflicts, found

    def _write_parts(self, connection: sa.Connection, batches: Sequence[Batch]) -> None:
        params, reports, user_attrs, system_attrs = [], [], [], []
        for batch in batches:
            trial_id = batch.row.trial_id
            for name, (value, distribution) in batch.params.items():
                text = distribution_to_json(distribution)
                params.append(_param(trial_id, name, value, text))
            reports += [_report(trial_id, *report) for report in batch.reports.items()]
            user_attrs += [_attr(trial_id, *attr) for attr in batch.user_attrs.items()]
            system_attrs += [_attr(trial_id, *attr) for attr in batch.system_attrs.items()]
        if params:
            connection.execute(upsert("trial_params", self._dialect), params)
        if reports:
            connection.execute(upsert("trial_intermediate_values", self._dialect), reports)
        if user_attrs:
            connection.execute(upsert("trial_user_attributes", self._dialect), user_attrs)
        if system_attrs:
            connection.execute(upsert("trial_system_attributes", self._dialect), system_attrs)

    def _write_values(
        self, connection: sa.Connection, trial_id: int, values: Sequence[float]
    ) -> None:
        rows = [_value(trial_id, *value) for value in enumerate(values)]
        if rows:
            connection.execute(upsert("trial_values", self._dialect), rows)

    def _insert_templates(
        self, connection: sa.Connection, study_id: int, templates: Sequence[FrozenTrial]
    ) -> list[TrialRow]:
        counted = _counted_trials.add_columns(sa.func.max(trials.c.trial_id))
        number, last_id = connection.execute(counted, {"study_id": study_id}).one()
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
        connection.execute(_inserted_trial, inserted)
        new = sa.select(*_row_columns).where(
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
                params.append(_param(trial_id, name, distribution.to_internal_repr(value), text))
            reports += [
                _report(trial_id, *report) for report in template.intermediate_values.items()
            ]
            for attrs, target in (
                (template.user_attrs, user_attrs),
                (template.system_attrs, system_attrs),
            ):
                target += [
                    _attr(trial_id, name, json.dumps(value)) for name, value in attrs.items()
                ]
            values += [_value(trial_id, *value) for value in enumerate(template.values or ())]
        for table_name, parts in (
            ("trial_params", params),
            ("trial_values", values),
            ("trial_intermediate_values", reports),
            ("trial_user_attributes", user_attrs),
            ("trial_system_attributes", system_attrs),
        ):
            if parts:
                connection.execute(upsert(table_name, self._dialect), parts)
        return rows


def _param(trial_id: int, name: str, value: float, text: str) -> dict[str, Any]:
    return {
        "trial_id": trial_id,
        "param_name": name,
        "param_value": value,
        "distribution_json": text,
    }


def _report(trial_id: int, step: int, value: float) -> dict[str, Any]:
    stored, kind = to_stored_number(value)
    return {
        "trial_id": trial_id,
        "step": step,
        "intermediate_value": stored,
        "intermediate_value_type": kind,
    }


def _attr(trial_id: int, name: str, text: str) -> dict[str, Any]:
    return {"trial_id": trial_id, "key": name, "value_json": text}


def _value(trial_id: int, objective: int, value: float) -> dict[str, Any]:
    stored, kind = to_stored_number(value)
    return {"trial_id": trial_id, "objective": objective, "value": stored, "value_type": kind}


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


def _without(batches: Sequence[Batch], conflicts: Sequence[Conflict]) -> Sequence[Batch]:
    """Return the batches without the parameters that cannot be kept."""
    if not conflicts:
        return batches
    refused = {(conflict.trial_id, conflict.name) for conflict in conflicts}
    return [
        Batch(
            batch.row,
            {
                name: param
                for name, param in batch.params.items()
                if (batch.row.trial_id, name) not in refused
            },
            batch.reports,
            batch.user_attrs,
            batch.system_attrs,
        )
        for batch in batches
    ]


def _distributions_of(templates: Iterable[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Return the templates' distributions by name, which must agree with one another."""
    distributions: dict[str, BaseDistribution] = {}
    for template in templates:
        for name, distribution in template.distributions.items():
            first = distributions.setdefault(name, distribution)
            if first is not distribution:
                check_distribution_compatibility(first, distribution)
    return distributions
