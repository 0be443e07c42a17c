"""Signs of life of the trials that this process runs."""

import json
import threading
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import TYPE_CHECKING

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from highnoon.hpo import attributes
from highnoon.hpo.provenance import worker_name
from highnoon.hpo.storage.engines import engine_of

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage
    from sqlalchemy.engine import Engine

__all__ = ["Leases"]


class Leases:
    """The leases of running trials: counters that stand still when their worker is dead.

    In a database they are renewed by statements of their own, which neither wait for what the
    storage holds back nor for a long write of its.

    Args:
        storage: Where the trials are kept.
    """

    def __init__(self, storage: "BaseStorage") -> None:
        self._storage = storage
        self._held: dict[int, int] = {}  # trial number -> id in the storage
        self._lost: set[int] = set()
        self._renewals = 0
        self._lock = threading.Lock()

    @property
    def held(self) -> AbstractSet[int]:
        """Numbers of the trials whose leases are renewed."""
        with self._lock:
            return set(self._held)

    @property
    def lost(self) -> AbstractSet[int]:
        """Numbers of the held trials that someone else has finished."""
        return self._lost

    def hold(self, trial: "optuna.Trial") -> None:
        """Renew a trial's lease from now on, and write it where the storage did not."""
        if attributes.LEASE not in trial.user_attrs:
            trial.set_user_attr(attributes.LEASE, [worker_name(), 0])
        with self._lock:
            self._held[trial.number] = trial._trial_id

    def release(self, number: int) -> None:
        """Renew a trial's lease no more."""
        with self._lock:
            self._held.pop(number, None)
            self._lost.discard(number)

    def renew(self) -> None:
        """Renew all, and learn which trials someone else has finished."""
        with self._lock:
            held = dict(self._held)
        if not held:
            return
        self._renewals += 1
        lease = [worker_name(), self._renewals]
        engine = engine_of(self._storage)
        if engine is None:
            running = self._renew_one_by_one(held, lease)
        else:
            running = _renew_together(engine, sorted(held.values()), lease)
        with self._lock:
            self._lost |= {
                number
                for number, trial_id in held.items()
                if trial_id not in running and number in self._held
            }

    def _renew_one_by_one(self, held: dict[int, int], lease: list[object]) -> set[int]:
        running = set()
        for trial_id in held.values():
            with suppress(UpdateFinishedTrialError):
                self._storage.set_trial_user_attr(trial_id, attributes.LEASE, lease)
                running.add(trial_id)
        return running


def _renew_together(engine: "Engine", trial_ids: list[int], lease: list[object]) -> set[int]:
    import sqlalchemy as sa

    from highnoon.hpo.storage import tables

    kept, trials = tables.trial_user_attributes, tables.trials
    running = sa.select(trials.c.trial_id).where(
        trials.c.trial_id.in_(trial_ids), trials.c.state == TrialState.RUNNING
    )
    renewed = (
        sa.update(kept)
        .where(kept.c.trial_id.in_(running), kept.c.key == attributes.LEASE)
        .values(value_json=json.dumps(lease))
    )
    with engine.begin() as connection:
        connection.execute(renewed)
        return set(connection.scalars(running))
