"""`BufferedStorage`: Optuna's relational storage, with far fewer statements and transactions."""

import json
import pickle
import secrets
import threading
from collections.abc import Callable, Container, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, check_distribution_compatibility
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from highnoon.hpo import attributes
from highnoon.hpo.provenance import worker_name
from highnoon.hpo.storage import reading
from highnoon.hpo.storage.background import Flusher, register
from highnoon.hpo.storage.conflicts import Conflict
from highnoon.hpo.storage.delegating import StudyOperations
from highnoon.hpo.storage.engines import PATIENCE, disconnect_at_the_end_of
from highnoon.hpo.storage.known_trials import KnownTrials
from highnoon.hpo.storage.limits import check_name_and_text, check_step
from highnoon.hpo.storage.own_trials import Batch, OwnTrial, started_trial
from highnoon.hpo.storage.reading import TrialRow
from highnoon.hpo.storage.retrying import Retrying, is_passing
from highnoon.hpo.storage.study_cache import copy_trial
from highnoon.hpo.storage.urls import shown_url
from highnoon.hpo.storage.writing import TrialWriter

__all__ = ["BufferedStorage"]

T = TypeVar("T")

_UNKNOWN = TrialRow(-1, -1, -1, TrialState.RUNNING, None, None)

# Connections that a forked child has from its parent. To close them, even by garbage collection,
# would end them for the parent.
_of_parents: list[object] = []


class BufferedStorage(StudyOperations):
    """Keeps what this process' running trials set, and writes it in one go.

    Trials of this process are read from memory. Their parameters, reports and attributes reach the
    database within a second, on `flush`, and in the transaction that ends the trial, so that
    nothing of a finished trial is ever missing there. Trials of others are read as they change,
    finished ones once. Every access is tried again after what passes: locks, deadlocks, restarts.

    A trial that someone else finishes meanwhile refuses further writes from the next flush on, and
    gets none of what was held back. The database stays one of Optuna's: its own storages may read
    and write it at the same time.

    Args:
        storage: Where everything is kept. It must not be in memory.
        leases: Whether trials that start get the attribute `highnoon:lease` in the same
            transaction. Without one they are left alone when their worker dies.
        patience: Seconds for which an access is tried again.
    """

    def __init__(
        self, storage: RDBStorage, *, leases: bool = True, patience: float = PATIENCE
    ) -> None:
        database = shown_url(storage.engine.url)
        super().__init__(storage, Retrying(database, patience=patience))
        self._leases = leases
        self._patience = patience
        self._reader: sa.Engine = storage.engine
        if self._reader.dialect.name == "postgresql":
            # A statement that is a transaction of its own costs one round trip, not three.
            self._reader = self._reader.execution_options(isolation_level="AUTOCOMMIT")
        self._writer = TrialWriter(storage.engine, self.retrying)
        self._known = KnownTrials()
        self._flusher = Flusher(lambda: self._flush(0.0), self._known.is_all_written)
        # Held while trials of this process are written; taken before the lock of what is known.
        self._writing = threading.RLock()
        register(self)

    def __getstate__(self) -> dict[str, Any]:
        self.flush()
        return {
            "database": shown_url(self.engine.url),
            "storage": pickle.dumps(self._storage),
            "leases": self._leases,
            "patience": self._patience,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Optuna's storage connects as it is unpickled.
        retrying = Retrying(state["database"], patience=state["patience"])
        storage = retrying.run(lambda _again: pickle.loads(state["storage"]))
        self.__init__(storage, leases=state["leases"], patience=state["patience"])
        disconnect_at_the_end_of(self, self._storage.engine)

    def after_fork(self) -> None:
        """Leave, in a forked child, the parent's trials and connections to the parent."""
        _of_parents.append(self._storage.engine.pool)
        self._storage.engine.dispose(close=False)
        self.__init__(self._storage, leases=self._leases, patience=self._patience)

    # Flushing

    def flush(self, trial_id: int | None = None) -> None:
        """Write what is held back, and wait for what another thread is writing.

        Args:
            trial_id: A trial of this process, to learn whether its parameters were kept.

        Raises:
            ValueError: A parameter of that trial has another distribution in the study.
            StorageInternalError: The database refused.
        """
        self._flush(None)
        own = None if trial_id is None else self._known.own.get(trial_id)
        if own is not None:
            _check_conflict(own)

    def flush_at_exit(self, patience: float) -> None:
        """Write what is held back, waiting and trying again for at most so many seconds.

        A database that did not answer at the end of a run is not asked again.

        Raises:
            StorageInternalError: The database refused, or another thread is writing all the time.
        """
        if not self.retrying.abandoned:
            self._flush(patience, wait=patience)

    def close(self) -> None:
        """Write what is held back and close the connections; a later access opens new ones."""
        self.flush()
        self._storage.engine.dispose()

    def _flush(self, patience: float | None, *, wait: float = -1) -> None:
        # What another thread is writing is neither here nor in the database before it gets done.
        if not self._writing.acquire(timeout=wait):
            raise StorageInternalError(f"Another thread was still writing after {wait:.0f} s.")
        try:
            batches = self._known.take_unwritten()
            if not batches:
                return
            try:
                self._write(batches, patience)
            except StorageInternalError as error:
                if len(batches) == 1 or is_passing(error):
                    raise
                self._flush_one_by_one(patience)
        finally:
            self._writing.release()

    def _flush_one_by_one(self, patience: float | None) -> None:
        """Keep the fault of one trial from holding up the others."""
        failure: StorageInternalError | None = None
        for batch in self._known.take_unwritten():
            try:
                self._write([batch], patience)
            except StorageInternalError as error:
                failure = error
        if failure is not None:
            raise failure

    def _write(self, batches: list[Batch], patience: float | None) -> None:
        own = self._known.own
        try:
            written = self._writer.write(batches, self._known.distributions(), patience=patience)
        except BaseException:
            with self._known.lock:
                for batch in batches:
                    if batch.row.trial_id in own:
                        own[batch.row.trial_id].give_back(batch)
            self._flusher.wake()
            raise
        with self._known.lock:
            for trial_id in written.lost:
                own.pop(trial_id, None)
            for batch in batches:
                if batch.row.trial_id in own:
                    own[batch.row.trial_id].has_written(batch)
            for conflict in written.conflicts:
                if conflict.trial_id in own:
                    own[conflict.trial_id].drop_param(conflict.name, conflict.reason)
            if not written.lost:
                for study_id, distributions in written.found.items():
                    self._known.study(study_id).learn(distributions)

    # Studies

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        """Create a study and return its id; see `optuna.storages.BaseStorage`."""
        study_id = super().create_new_study(directions, study_name)
        self._known.forget(study_id)
        return study_id

    def delete_study(self, study_id: int) -> None:
        """Delete a study; see `optuna.storages.BaseStorage`."""
        with self._writing:
            super().delete_study(study_id)
            self._known.forget(study_id)

    # New trials

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Create a trial and return its id; see `optuna.storages.BaseStorage`."""
        if template_trial is not None:
            return self.create_new_trials(study_id, [template_trial])[0]
        lease = self._lease()
        with self._writing:
            row = self._writer.start(study_id, lease)
            parsed = {name: json.loads(text) for name, text in lease.items()}
            self._known.adopt(OwnTrial(row, started_trial(row, parsed)))
        return row.trial_id

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        """Create trials as their templates are, in one transaction, with consecutive numbers.

        Args:
            study_id: The study.
            templates: The trials; their numbers and ids do not matter.

        Returns:
            The new trials' ids.

        Raises:
            KeyError: There is no such study.
            ValueError: A parameter has another distribution in the study.
        """
        if not templates:
            return []
        known = self._known.distributions().get(study_id, {})
        return self._writer.add(study_id, templates, known)

    def _lease(self) -> dict[str, str]:
        if not self._leases:
            return {}
        # The last part is unique, so that a lost answer to a commit can be made up for.
        return {attributes.LEASE: json.dumps([worker_name(), 0, secrets.token_hex(8)])}

    # What trials are made of

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter; see `optuna.storages.BaseStorage`."""
        check_name_and_text(self.engine.dialect.name, param_name)
        own = self._writable(trial_id)
        if own is not None:
            _check_conflict(own)
            self._check_distribution(own.row.study_id, param_name, distribution)
        self._set(
            trial_id,
            lambda own: own.set_param(param_name, param_value_internal, distribution),
            params={param_name: (param_value_internal, distribution)},
        )

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Set the value of a step; see `optuna.storages.BaseStorage`."""
        check_step(self.engine.dialect.name, step)
        value = float(intermediate_value)
        self._set(trial_id, lambda own: own.set_report(step, value), reports={step: value})

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute of a trial; see `optuna.storages.BaseStorage`."""
        text = json.dumps(value)
        check_name_and_text(self.engine.dialect.name, key, text)
        self._set(trial_id, lambda own: own.set_user_attr(key, text), user_attrs={key: text})

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute of Optuna's own; see `optuna.storages.BaseStorage`."""
        text = json.dumps(value)
        check_name_and_text(self.engine.dialect.name, key, text)
        self._set(trial_id, lambda own: own.set_system_attr(key, text), system_attrs={key: text})

    def _writable(self, trial_id: int) -> OwnTrial | None:
        """Return a running trial of this process; None for one that another thread ends, too."""
        own = self._known.own.get(trial_id)
        return None if own is None or own.ending else own

    def _set(self, trial_id: int, change: Callable[[OwnTrial], None], **parts: Any) -> None:
        with self._known.lock:
            own = self._writable(trial_id)
            if own is not None:
                change(own)
        if own is not None:
            self._flusher.wake()
            return
        with self._writing:
            self._writer.write_to(trial_id, Batch(_UNKNOWN, **parts))

    def _check_distribution(self, study_id: int, name: str, distribution: BaseDistribution) -> None:
        there = self._known.study(study_id).distribution(name)
        if there is None:
            found = self._read(lambda c: reading.read_distributions(c, study_id, [name]))
            with self._known.lock:
                study = self._known.study(study_id)
                study.learn(found)
                there = study.distribution(name) or study.planned.setdefault(name, distribution)
        if there is not distribution:
            check_distribution_compatibility(there, distribution)

    # States

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Change a trial's state; see `optuna.storages.BaseStorage`."""
        with self._writing:
            if state == TrialState.RUNNING:
                return self._start_waiting(trial_id)
            own = self._known.own.get(trial_id)
            if own is None:
                self._writer.change_state(trial_id, state, values)
            else:
                self._end(own, state, values)
        return True

    def _start_waiting(self, trial_id: int) -> bool:
        claimed = self._writer.claim(trial_id, self._lease())
        if claimed is None:
            return False
        self._known.adopt(OwnTrial(*claimed))
        return True

    def _end(self, own: OwnTrial, state: TrialState, values: Sequence[float] | None) -> None:
        trial_id = own.row.trial_id
        if state != TrialState.FAIL:
            _check_conflict(own)
        with self._known.lock:
            own.ending = True
            batch = own.take()
        known = self._known.distributions()
        try:
            ended = self._writer.change_state(trial_id, state, values, batch=batch, known=known)
        except (KeyError, UpdateFinishedTrialError):
            with self._known.lock:
                self._known.own.pop(trial_id, None)
            raise
        except BaseException:
            with self._known.lock:
                own.give_back(batch)
                own.ending = False
            self._flusher.wake()
            raise
        if isinstance(ended, list):
            self._refuse(own, batch, ended)
            return
        with self._known.lock:
            self._known.own.pop(trial_id, None)
            if state.is_finished() and own.has_only_own(ended.counts):
                self._known.study(own.row.study_id).put(ended.row, own.ended(ended.row, values))
            if state != TrialState.FAIL:
                new = {name: distribution for name, (_, distribution) in batch.params.items()}
                self._known.study(own.row.study_id).learn(new)

    def _refuse(self, own: OwnTrial, batch: Batch, conflicts: list[Conflict]) -> None:
        with self._known.lock:
            own.give_back(batch)
            own.ending = False
            for conflict in conflicts:
                own.drop_param(conflict.name, conflict.reason)
        self._flusher.wake()
        _check_conflict(own)

    # Reading trials

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial; see `optuna.storages.BaseStorage`."""
        with self._known.lock:
            own = self._known.own.get(trial_id)
            if own is not None:
                return own.copy()
        known = self._known.finished(trial_id)
        if known is not None:
            if self._read(lambda c: reading.is_still_there(c, known)):
                return known
            self._known.forget_trial(trial_id)
        found = self._read(lambda c: reading.read_trial(c, trial_id))
        if found is None:
            raise KeyError(f"There is no trial with the id {trial_id}.")
        return found

    def get_trial_user_attrs(self, trial_id: int) -> dict[str, Any]:
        """Return a trial's attributes; see `optuna.storages.BaseStorage`."""
        with self._known.lock:
            own = self._known.own.get(trial_id)
            if own is not None:
                return own.user_attrs()
        return super().get_trial_user_attrs(trial_id)

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """Return a trial's attributes of Optuna's own; see `optuna.storages.BaseStorage`."""
        with self._known.lock:
            own = self._known.own.get(trial_id)
            if own is not None:
                return own.system_attrs()
        return super().get_trial_system_attrs(trial_id)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the id of the trial of a number; see `optuna.storages.BaseStorage`."""
        trial_id = self._read(lambda c: reading.read_trial_id(c, study_id, trial_number))
        if trial_id is None:
            raise KeyError(f"There is no trial {trial_number} in the study with id {study_id}.")
        return trial_id

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,  # noqa: FBT001, FBT002
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Return a study's trials; see `optuna.storages.BaseStorage`."""
        self._known.catch_up(study_id, self._read)
        trials = self._known.select(study_id, states)
        return [copy_trial(trial) for trial in trials] if deepcopy else trials

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """Return the best trial; see `optuna.storages.BaseStorage`."""
        self._known.catch_up(study_id, self._read)
        directions = self.get_study_directions(study_id)
        if len(directions) > 1:
            raise RuntimeError("There is no best trial of a study with several objectives.")
        best = self._known.study(study_id).best(maximize=directions[0] == StudyDirection.MAXIMIZE)
        if best is None:
            raise ValueError("No trials are completed yet.")
        return best

    def _read(self, operation: Callable[[sa.Connection], T]) -> T:
        def read(_again: bool) -> T:  # noqa: FBT001
            with self._reader.connect() as connection:
                return operation(connection)

        return self.retrying.run(read)


def _check_conflict(own: OwnTrial) -> None:
    if own.conflict is not None:
        raise ValueError(own.conflict)
