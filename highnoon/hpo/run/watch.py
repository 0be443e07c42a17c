"""The thread that watches over a study while this process runs trials of it."""

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import TYPE_CHECKING

from optuna.storages import InMemoryStorage

from highnoon._notices import logger, notice
from highnoon.hpo import attributes
from highnoon.hpo.flags import StudyFlags, read_flags
from highnoon.hpo.run.leases import Leases
from highnoon.hpo.run.reaping import Reaper
from highnoon.hpo.run.results import TrialResult, deliver
from highnoon.hpo.run.spool import Spool
from highnoon.hpo.storage.retrying import run_patiently

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

__all__ = ["Watch"]

_RENEWALS_PER_GRACE_PERIOD = 4
_SECONDS_BETWEEN_LOOKS = 1.0


class Watch:
    """Reads the study's flags every second, renews leases, and gives up trials of dead workers.

    It does so in a thread, while there are trials to hold or runs to watch for. A trial that ends
    before the first look costs nothing. A study in memory has no other processes: its flags are
    read as they are needed, and there are no leases.

    Args:
        study: The study.
        storage: Where it is kept.
        grace_period: Seconds without a sign of life after which a trial is given up.

    Attributes:
        study_is_gone: Whether someone deleted the study.
        spool: Keeps results until the storage has them.
    """

    def __init__(
        self, study: "optuna.Study", storage: "BaseStorage", *, grace_period: float
    ) -> None:
        self.study_is_gone = False
        self.spool = Spool(storage)
        self._study_id = study._study_id
        self._storage = storage
        self._shared = not isinstance(storage, InMemoryStorage)
        self._study = study
        self._grace_period = grace_period
        self._flags = StudyFlags()
        self._seconds_between_renewals = grace_period / _RENEWALS_PER_GRACE_PERIOD
        self._begin()
        _watches.add(self)

    def _begin(self) -> None:
        """Hold nothing and watch for nobody, as a child does after a fork: threads stay behind."""
        self._leases = Leases(self._storage)
        self._reaper = Reaper(self._study, self._storage, grace_period=self._grace_period)
        self._renewed_at = self._reaped_at = time.monotonic()
        self._trouble: set[str] = set()
        self._watchers = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def flags(self) -> StudyFlags:
        """The study's flags, not older than about a second while something is watched."""
        return self._flags if self._shared else self.read()

    @property
    def lost(self) -> AbstractSet[int]:
        """Numbers of trials held here that someone else has finished."""
        return self._leases.lost

    def read(self) -> StudyFlags:
        """Read the flags now."""
        flags = read_flags(self._storage, self._study_id)
        if flags is None:
            self.study_is_gone = True
        else:
            self._flags = flags
        return self._flags

    def read_patiently(self) -> StudyFlags:
        """Read the flags now; a database that does not answer is waited for.

        Raises:
            StorageInternalError: It was silent for too long.
        """
        return run_patiently(self._storage, self.read)

    def deliver(self, result: TrialResult) -> None:
        """See to a result whose trial was finished by someone else before it was told."""
        if not self._shared:
            return
        delivered = deliver(result, self._storage)
        if delivered in ("as the retry", "as another trial"):
            notice(
                f"Trial {result.number} had been given up; its result is kept {delivered}, which "
                f"is linked to it by {attributes.RETRY_OF!r}."
            )

    def hold(self, trial: "optuna.Trial") -> None:
        """Show signs of life for a trial, until it is released or the process ends."""
        if self._shared:
            self._leases.hold(trial)
            with self._lock:
                self._start()

    def release(self, number: int) -> None:
        """Stop showing signs of life for a trial."""
        if self._shared:
            self._leases.release(number)
            with self._lock:
                self._stop_if_idle()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Give up the trials of dead workers while the block runs, and deliver their results."""
        self.replay()
        with self._lock:
            self._watchers += 1
            if self._shared:
                self._start()
        try:
            yield
        finally:
            with self._lock:
                # A child that was forked meanwhile has none.
                self._watchers = max(0, self._watchers - 1)
                self._stop_if_idle()

    def _start(self) -> None:
        if self._thread is None:
            self._ended = threading.Event()
            self._thread = threading.Thread(
                target=self._work, args=(self._ended,), name="highnoon-watch", daemon=True
            )
            self._thread.start()

    def _stop_if_idle(self) -> None:
        if not self._watchers and not self._leases.held:
            self._ended.set()
            self._thread = None

    def _work(self, ended: threading.Event) -> None:
        pause = min(_SECONDS_BETWEEN_LOOKS, self._seconds_between_renewals)
        while not ended.wait(pause):
            self._try("The study's flags", self.read)
            now = time.monotonic()
            if now - self._renewed_at >= self._seconds_between_renewals and self._try(
                "The trials' signs of life", self._leases.renew
            ):
                self._renewed_at = now
            if not self.study_is_gone and now - self._reaped_at >= self._seconds_between_renewals:
                # Results first, so that their trials are not tried again; where that fails, the
                # trials of dead workers are given up all the same.
                self.replay()
                if self._try("The other workers' trials", self._look_at_others):
                    self._reaped_at = now

    def replay(self) -> None:
        """Deliver the results that dead processes of this machine left; what fails stays kept."""
        self._try("Results that were kept", self._replay)

    def _replay(self) -> None:
        for result in self.spool.replay():
            if result.study_id == self._study_id:
                self.release(result.number)

    def _look_at_others(self) -> None:
        if self._watchers:
            self._reaper.look(self._leases.held)

    def _try(self, what: str, action: Callable[[], object]) -> bool:
        """Do something that may fail for a while; say so once, not every second."""
        try:
            action()
        except Exception as error:
            if what not in self._trouble:
                logger.warning("%s could not be read or written: %s", what, error)
            self._trouble.add(what)
            return False
        self._trouble.discard(what)
        return True


_watches: "weakref.WeakSet[Watch]" = weakref.WeakSet()


def _forget_after_fork() -> None:
    for watch in list(_watches):
        watch._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
