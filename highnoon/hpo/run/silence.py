"""Whether a trial's lease stands still because its worker is dead, or because none could write.

A database that takes no writes for a while, locked or failing over, may still be read: leases that
stand still say nothing then. So a trial is given up only after a statement that takes a lock went
through, its worker had the time until the next look to write too, and the lease is still what it
was, in the transaction that ends the trial.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from highnoon.hpo import attributes
from highnoon.hpo.storage.engines import engine_of, writing
from highnoon.hpo.storage.rows import write_values
from highnoon.hpo.storage.tables import to_stored_datetime, trial_user_attributes, trials
from highnoon.hpo.storage.upserts import upsert

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from highnoon.hpo.run.ending import Ending

__all__ = ["Silence", "end_if_silent", "written_leases"]


@dataclass(frozen=True)
class Silence:
    """Why a trial's worker is taken for dead.

    Attributes:
        lease: The lease that stood still.
        is_outdated: Whether this was found out too long ago.
    """

    lease: object
    is_outdated: Callable[[], bool]


def written_leases(storage: "BaseStorage", running: Sequence["FrozenTrial"]) -> dict[int, object]:
    """Return, by trial id, the leases that the database has, once it grants a lock for writing.

    Args:
        storage: Where the trials are kept. Of one without a database, nothing is read.
        running: The trials as they were read; of those of this process, that is from memory.
    """
    engine = engine_of(storage)
    if engine is None or not running:
        return {trial._trial_id: trial.user_attrs[attributes.LEASE] for trial in running}
    ids = [trial._trial_id for trial in running]
    with writing(engine) as connection:
        _lease_of(connection, ids[0])
        kept = trial_user_attributes
        found = connection.execute(
            sa.select(kept.c.trial_id, kept.c.value_json).where(
                kept.c.trial_id.in_(ids), kept.c.key == attributes.LEASE
            )
        )
        return {trial_id: json.loads(text) for trial_id, text in found}


def end_if_silent(
    storage: "BaseStorage", trial_id: int, ending: "Ending", silence: Silence
) -> bool:
    """End a running trial in place of its worker; False if its worker shows life, or it has ended.

    In a database that is one transaction, tried once: where it raises, whoever watches judges anew.
    """
    engine = engine_of(storage)
    if engine is None:
        return _end_step_by_step(storage, trial_id, ending, silence)
    with writing(engine) as connection:
        of_trial = trials.c.trial_id == trial_id
        state = connection.scalar(sa.select(trials.c.state).where(of_trial).with_for_update())
        if state != TrialState.RUNNING or _lease_of(connection, trial_id) != silence.lease:
            return False
        if silence.is_outdated():  # the transaction had to wait, and so did the worker's
            return False
        rows = [
            {"trial_id": trial_id, "key": name, "value_json": json.dumps(value)}
            for name, value in ending.attrs.items()
        ]
        connection.execute(upsert("trial_user_attributes", engine.dialect.name), rows)
        write_values(connection, trial_id, ending.values or ())
        now = to_stored_datetime(datetime.now())
        ended = {"state": ending.state, "datetime_complete": now}
        connection.execute(sa.update(trials).where(of_trial).values(ended))
        return True


def _end_step_by_step(
    storage: "BaseStorage", trial_id: int, ending: "Ending", silence: Silence
) -> bool:
    try:
        # Before the state, as a finished trial takes no attributes. If the trial is alive and
        # completes, they say nothing: what became of a trial goes by its state first.
        for name, value in ending.attrs.items():
            storage.set_trial_user_attr(trial_id, name, value)
        lease = storage.get_trial(trial_id).user_attrs.get(attributes.LEASE)
        if lease != silence.lease or silence.is_outdated():
            return False
        return storage.set_trial_state_values(trial_id, ending.state, ending.values)
    except UpdateFinishedTrialError:
        return False


def _lease_of(connection: sa.Connection, trial_id: int) -> object:
    kept = trial_user_attributes
    text = connection.scalar(
        sa.select(kept.c.value_json)
        .where(kept.c.trial_id == trial_id, kept.c.key == attributes.LEASE)
        .with_for_update()
    )
    return None if text is None else json.loads(text)
