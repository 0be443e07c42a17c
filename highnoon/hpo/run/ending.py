"""End a trial in place of its worker."""

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from highnoon.hpo import attributes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from highnoon.hpo.flags import Order

__all__ = ["Ending", "end_unfinished"]


@dataclass(frozen=True)
class Ending:
    """How a trial is ended in place of its worker.

    Attributes:
        state: Its state.
        attrs: Further attributes of the trial.
        values: Its value, where it has one.
    """

    state: TrialState
    attrs: "Mapping[str, Any]"
    values: "Sequence[float] | None" = None

    @classmethod
    def of_stopped(cls, trial: "FrozenTrial", order: "Order") -> Self:
        """Return how a trial ends that someone told to stop: pruned, with its last report."""
        last = None if trial.last_step is None else trial.intermediate_values[trial.last_step]
        values = None if last is None or math.isnan(last) else [last]
        return cls(TrialState.PRUNED, {attributes.STOPPED: order.to_json()}, values)


def end_unfinished(storage: "BaseStorage", trial_id: int, ending: Ending) -> bool:
    """End a trial; False if it is finished, also where someone finishes it at this moment."""
    try:
        # Before the state, as a finished trial takes no attributes. Should the trial turn out to be
        # alive and complete, they say nothing: what became of a trial goes by its state first.
        for name, value in ending.attrs.items():
            storage.set_trial_user_attr(trial_id, name, value)
        return _set_state(storage, trial_id, ending)
    except UpdateFinishedTrialError:
        return False


def _set_state(storage: "BaseStorage", trial_id: int, ending: Ending) -> bool:
    """Set a trial's state, unless it is finished.

    Optuna's relational storage reads the state before it writes it, which on SQLite lets two
    writers both believe that they were first. There, one statement compares and sets.
    """
    if not isinstance(storage, RDBStorage):
        return storage.set_trial_state_values(trial_id, ending.state, ending.values)
    import sqlalchemy as sa

    from highnoon.hpo.storage.engines import writing
    from highnoon.hpo.storage.rows import write_values
    from highnoon.hpo.storage.tables import to_stored_datetime, trials

    statement = (
        sa.update(trials)
        .where(trials.c.trial_id == trial_id)
        .where(trials.c.state.in_((TrialState.RUNNING, TrialState.WAITING)))
        .values(
            state=ending.state,
            datetime_complete=to_stored_datetime(datetime.datetime.now()),
        )
    )
    with writing(storage.engine) as connection:
        ended = connection.execute(statement).rowcount == 1
        if ended and ending.values:
            write_values(connection, trial_id, ending.values)
        return ended
