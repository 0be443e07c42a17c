"""`StudyMessages`: a study as numbered binary messages, for pages that keep its columns."""

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from highnoon.hpo.reading.wire import encode_changes

if TYPE_CHECKING:
    from highnoon.hpo.reading.columns import ParameterColumn, TrialColumns
    from highnoon.hpo.reading.feed import StudyFeed

__all__ = ["StudyMessages"]


class StudyMessages:
    """Numbers the states of a study, and says what leads from one to the next.

    The study as it was first read is revision 0; each change makes the next one. A page that has
    the `whole` study stays up to date with the messages `since` its revision. The messages are
    those of `highnoon.hpo.reading.wire`. Several threads may use one; `since` and `recent` never
    wait for the database.

    Args:
        feed: The study. Only this object polls it.
        most: How many messages are kept at most.
        most_bytes: How long they may be together; the last is kept however long it is.

    Attributes:
        revision: That of the study as of the last look.

    Example:
        >>> import optuna
        >>> from highnoon.hpo.reading import StudyFeed
        >>> study = optuna.create_study()
        >>> messages = StudyMessages(StudyFeed(study))
        >>> whole = messages.whole()
        >>> study.add_trial(optuna.trial.create_trial(value=1.0))
        >>> messages.poll() is not None, messages.revision
        (True, 1)
        >>> len(messages.since(0))
        1
    """

    def __init__(self, feed: "StudyFeed", *, most: int = 32, most_bytes: int = 256 * 1024) -> None:
        self.revision = 0
        self._feed = feed
        self._most = most
        self._most_bytes = most_bytes
        self._known: dict[str, ParameterColumn] = {}
        self._known_workers = 0
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._reading = threading.Lock()
        self._keeping = threading.Lock()
        feed.poll()

    def poll(self) -> bytes | None:
        """Look at the study; return what changed since the last look, or None.

        Where it was deleted and made anew, that is the whole study.

        Raises:
            StorageError: The database does not answer.
            StudyError: The study was deleted.
        """
        with self._reading:
            changes = self._feed.poll()
            if not changes:
                return None
            base, revision = self.revision, self.revision + 1
            if changes.reset:
                base, message = -1, self._encode_whole(revision)
            else:
                message = encode_changes(
                    base=base,
                    revision=revision,
                    study=changes.study,
                    trials=changes.trials,
                    reports=changes.reports,
                    known=self._known.values(),
                    known_workers=self._known_workers,
                )
                self._know(changes.trials)
            self._keep(_Kept(time.monotonic(), base, message), revision)
            return message

    def whole(self) -> bytes:
        """Return the whole study, as of the last look."""
        with self._reading:
            return self._encode_whole(self.revision)

    def since(self, revision: int) -> list[bytes] | None:
        """Return what leads from a revision to the last look, or None where that is not kept."""
        with self._keeping:
            if revision == self.revision:
                return []
            messages = [kept.message for kept in self._kept if kept.base >= revision]
            is_kept = any(kept.base == revision for kept in self._kept)
            return messages if is_kept else None

    def recent(self, seconds: float) -> list[bytes]:
        """Return the messages of the last seconds, as far as they are kept."""
        with self._keeping:
            earliest = time.monotonic() - seconds
            return [kept.message for kept in self._kept if kept.time > earliest]

    def _encode_whole(self, revision: int) -> bytes:
        trials = self._feed.columns
        self._known.clear()
        self._know(trials)
        return encode_changes(
            base=-1,
            revision=revision,
            study=self._feed.study,
            trials=trials,
            reports=self._feed.reports,
        )

    def _know(self, trials: "TrialColumns") -> None:
        self._known.update(trials.parameters)
        self._known_workers = len(trials.workers)

    def _keep(self, kept: "_Kept", revision: int) -> None:
        with self._keeping:
            self.revision = revision
            if kept.base == -1:
                self._kept.clear()
                self._bytes = 0
            self._kept.append(kept)
            self._bytes += len(kept.message)
            while len(self._kept) > 1 and (
                len(self._kept) > self._most or self._bytes > self._most_bytes
            ):
                self._bytes -= len(self._kept.popleft().message)


class _Kept(NamedTuple):
    time: float
    base: int
    message: bytes
