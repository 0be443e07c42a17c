"""What is done about trials whose workers are dead.

**When a worker is dead.** A lease that stands still for the grace period, by the clock of whoever
watches it, is a dead worker's. Clocks of different machines are never compared. A worker that is
suspended for longer, or whose objective keeps Python's lock for longer, is taken for dead as well:
its trial is given up, and at its next report, or when it tells, it finds that out. A watcher that
was itself suspended, or could not read or write, starts to watch anew; see `silence`.

**One retry.** Of several watchers one changes the state from running to failed, and that one queues
the retry. Failing comes first: a retry that is queued before could start while the trial, alive
after all, completes. Should the winner die in between, the trial is failed without a retry, and
whoever sees it so for a grace period queues it. Two may do that at the same moment, so a
worker that draws a retry drops it if a retry of the same trial with a lower number is there:
numbers are given by the storage in one order for all, so that exactly one remains.
"""

import time
from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from optuna.trial import TrialState

from highnoon._notices import notice
from highnoon.exceptions import WorkerDiedError
from highnoon.hpo import attributes
from highnoon.hpo.run.recovery import (
    DUPLICATE,
    LOST,
    MAX_DEATHS,
    deaths_before,
    end_in_place_of_worker,
    give_up,
    params_to_retry,
    queue_retry,
)

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from highnoon.hpo.run.recovery import GivenUp
    from highnoon.hpo.run.silence import Silence

__all__ = ["Reaper"]


_THEN: "dict[GivenUp, str]" = {
    "tried again": "Its parameters are tried again.",
    "without parameters": "It had no parameters yet.",
    "stopped": "It had been told to stop and is not tried again.",
}


class Reaper:
    """Gives up the trials of dead workers and sees that each is tried again.

    Trials without a lease are not HighNoon's and are left alone.

    Args:
        study: The study.
        storage: Where it is kept.
        grace_period: Seconds without a sign of life after which a trial is given up.
        clock: Tells the seconds.
    """

    def __init__(
        self,
        study: "optuna.Study",
        storage: "BaseStorage",
        *,
        grace_period: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._study = study
        self._storage = storage
        self._grace_period = grace_period
        self._clock = clock
        self._standing_still: dict[int, tuple[object, float]] = {}
        self._written: dict[int, object] = {}  # leases by trial id
        self._looked_at = -float("inf")

    def look(self, own: Container[int]) -> None:
        """Look at all trials but those of this process, and act on those that stood still."""
        from highnoon.hpo.run.silence import Silence, written_leases

        trials = self._study.get_trials(deepcopy=False)
        retried = {trial.user_attrs.get(attributes.RETRY_OF) for trial in trials}
        now = self._clock()
        # Whoever could not look for so long can not tell a dead worker from one that could not
        # write for the same reason: a suspended machine, a server that was down.
        away = now - self._looked_at > self._grace_period / 2
        before, written = ({}, {}) if away else (self._standing_still, self._written)
        self._looked_at = now
        self._standing_still, self._written = {}, {}
        doubted: list[FrozenTrial] = []
        dead: list[FrozenTrial] = []
        for trial in trials:
            if trial.number in own:
                continue
            sign = _sign_of_life(trial, retried)
            if sign is None:
                continue
            seen, since = before.get(trial.number, (sign, now))
            if seen != sign:
                since = now
            self._standing_still[trial.number] = (sign, since)
            still_for = now - since
            if trial.state != TrialState.RUNNING:
                if still_for >= self._grace_period:
                    queue_retry(self._study, trial)
            elif still_for >= self._grace_period and trial._trial_id in written:
                dead.append(trial)
            elif still_for >= self._grace_period / 2:
                doubted.append(trial)

        def waited() -> bool:
            return self._clock() - now > self._grace_period / 4

        for trial in dead:
            self._give_up(trial, Silence(written[trial._trial_id], waited))
        self._written = written_leases(self._storage, doubted)
        if waited():  # for a database that let no worker write either
            self._standing_still, self._written = {}, {}

    def _give_up(self, trial: "FrozenTrial", silence: "Silence") -> None:
        worker = trial.user_attrs[attributes.LEASE][0]
        silent = f"The worker {worker} has shown no life for {self._grace_period:g} s."
        deaths = 1 + deaths_before(self._study, trial)
        if deaths >= MAX_DEATHS:
            text = f"{silent} It is the worker number {deaths} to die of these parameters."
            error = WorkerDiedError(text, worker=worker)
            if end_in_place_of_worker(self._storage, trial, error, silence):
                notice(f"Trial {trial.number} failed: {text}")
            return
        given_up = give_up(self._study, self._storage, trial, LOST, silence)
        if given_up is not None:
            notice(f"Trial {trial.number} is given up. {silent} {_THEN[given_up]}")


def _sign_of_life(trial: "FrozenTrial", retried: Container[object]) -> object:
    """Return what changes while a trial is cared for, or None where there is nothing to do."""
    attrs = trial.user_attrs
    if trial.state == TrialState.RUNNING:
        return attrs.get(attributes.LEASE)
    waits = (
        trial.state == TrialState.FAIL
        and attrs.get(attributes.INTERRUPTED, DUPLICATE) != DUPLICATE
        and trial.number not in retried
        and params_to_retry(trial)
    )
    return "waits for its retry" if waits else None
