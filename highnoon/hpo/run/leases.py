"""Signs of life of running trials, and what is done about those that show none.

A worker renews a counter with each trial that it runs. Whoever runs trials of the same study
watches the counters of the others: one that stands still for the grace period, by the watcher's own
clock, belongs to a worker that died. Its trial is failed, and its parameters are tried again.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from highnoon._notices import logger, notice
from highnoon.hpo import attributes
from highnoon.hpo.provenance import worker_name

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

__all__ = ["Leases"]

_RENEWALS_PER_GRACE_PERIOD = 4


class Leases:
    """Renews the leases of this process' trials in a thread, and gives up those of dead workers.

    A trial that ends before its first renewal costs nothing. Trials that Optuna runs without
    HighNoon have no lease and are left alone, as are studies in memory.

    Args:
        study: The study.
        storage: Where it is kept.
        grace_period: Seconds without a sign of life after which a trial is given up.
    """

    def __init__(
        self, study: "optuna.Study", storage: "BaseStorage", *, grace_period: float
    ) -> None:
        self._study = study
        self._storage = storage
        self._grace_period = grace_period
        self._shared = not isinstance(storage, InMemoryStorage)
        self._held: dict[int, int] = {}  # trial number -> id in the storage
        self._watchers = 0
        self._renewals = 0
        self._last_seen: dict[int, tuple[object, float]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, trial: "optuna.Trial") -> None:
        """Show signs of life for a trial, until it is released or the process ends."""
        with self._lock:
            self._held[trial.number] = trial._trial_id
            self._start()

    def release(self, number: int) -> None:
        """Stop showing signs of life for a trial."""
        with self._lock:
            self._held.pop(number, None)
            self._stop_if_idle()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Give up the trials of dead workers while the block runs."""
        with self._lock:
            self._watchers += 1
            self._start()
        try:
            yield
        finally:
            with self._lock:
                self._watchers -= 1
                self._stop_if_idle()

    def _start(self) -> None:
        if self._shared and self._thread is None:
            self._ended = threading.Event()
            self._thread = threading.Thread(
                target=self._work, args=(self._ended,), name="highnoon-leases", daemon=True
            )
            self._thread.start()

    def _stop_if_idle(self) -> None:
        if not self._held and not self._watchers:
            self._ended.set()
            self._thread = None

    def _work(self, ended: threading.Event) -> None:
        while not ended.wait(self._grace_period / _RENEWALS_PER_GRACE_PERIOD):
            try:
                self._renew()
                if self._watchers:
                    self._give_up_the_dead()
            except Exception as error:
                logger.warning("The trials' signs of life could not be written or read: %s", error)

    def _renew(self) -> None:
        self._renewals += 1
        with self._lock:
            held = list(self._held.values())
        for trial_id in held:
            lease = [worker_name(), self._renewals]
            with suppress(UpdateFinishedTrialError):
                self._storage.set_trial_user_attr(trial_id, attributes.LEASE, lease)

    def _give_up_the_dead(self) -> None:
        running = [
            trial
            for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if trial.number not in self._held and attributes.RUN in trial.user_attrs
        ]
        now = time.monotonic()
        before = self._last_seen
        self._last_seen = {}
        for trial in running:
            lease = trial.user_attrs.get(attributes.LEASE)
            seen_lease, since = before.get(trial.number, (lease, now))
            if seen_lease != lease:
                since = now
            if now - since >= self._grace_period:
                self._give_up(trial)
            else:
                self._last_seen[trial.number] = (lease, since)

    def _give_up(self, trial: "FrozenTrial") -> None:
        try:
            self._storage.set_trial_user_attr(trial._trial_id, attributes.INTERRUPTED, "lost")
            self._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        except UpdateFinishedTrialError:  # it was alive after all, or another watcher was first
            return
        retry = {attributes.RETRY_OF: trial.number}
        self._study.enqueue_trial(trial.params, user_attrs=retry)
        worker = trial.user_attrs[attributes.RUN]["worker"]
        notice(
            f"Trial {trial.number} is given up: its worker {worker} has shown no life for "
            f"{self._grace_period:g} s. Its parameters are tried again."
        )
