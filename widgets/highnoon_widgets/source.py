"""`StudySource`: a study of the kernel as the widgets of a page see it."""

import threading
import weakref
from collections.abc import Mapping
from typing import Any

import optuna
import traitlets

from highnoon.hpo.reader import StudyReader
from highnoon.hpo.reading import StudyFeed, StudyMessages
from highnoon.hpo.storage import storage_label
from highnoon_widgets.actions import ACTIONS, READING
from highnoon_widgets.following import Following
from highnoon_widgets.importance_follower import ImportanceFollower

__all__ = ["StudySource"]

# What changed lately is in every message: one that arrives while the page begins to listen is lost.
_RECENT_SECONDS = 3.0

_sources: "weakref.WeakKeyDictionary[optuna.Study, StudySource]" = weakref.WeakKeyDictionary()


class StudySource(Following):
    """Sends a study to the page and the page's orders to the study.

    All widgets of a study share one: its trials are sent once, and a trial that is selected in one
    is selected in all. It has no view. A thread reads what changed, so that trials arrive while a
    cell keeps the kernel busy.

    Args:
        study: A manager, a `StudyReader` or an Optuna study.
        sends_study: Whether the page gets the trials from here; otherwise it has them from a
            server, and only orders, answers and scores pass.
        read_only: Whether orders that change something are refused.

    Attributes:
        reader: The study.
        feed: Its columns.
        selected: Numbers of the selected trials.
        importances: Computes the scores of parameters.
        importance: PED-ANOVA's scores, empty before the first; see `ImportanceFollower`.
        fanova: The scores of fANOVA, or how far their computation is; empty where it was not asked
            for.
    """

    poll_seconds = 0.5
    actions = ACTIONS
    reading = READING

    selected = traitlets.List(traitlets.Int()).tag(sync=True)
    storage = traitlets.Unicode(help="What to call the storage.").tag(sync=True)
    snapshot = traitlets.Bytes(help="The study, until a page has it.").tag(sync=True)
    changes = traitlets.List(help="What changed lately.").tag(sync=True)
    importance = traitlets.Dict().tag(sync=True)
    fanova = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        study: "StudyReader | optuna.Study",
        *,
        sends_study: bool = True,
        read_only: bool = False,
    ) -> None:
        self.reader = as_reader(study)
        self.feed = StudyFeed(self.reader)
        self._messages = StudyMessages(self.feed) if sends_study else None
        self._snapshot_revision = 0
        self._has_page = False
        self._lock = threading.RLock()
        super().__init__(
            snapshot=self._messages.whole() if self._messages else b"",
            storage=storage_label(self.reader.study._storage),
            read_only=read_only,
        )
        self.importances = ImportanceFollower(self)
        self.start()

    @classmethod
    def of(cls, study: "StudyReader | optuna.Study | StudySource") -> "StudySource":
        """Return the source of a study, the same for all its widgets.

        Raises:
            TypeError: It is no study.
        """
        if isinstance(study, StudySource):
            return study
        key = as_reader(study).study
        source = _sources.get(key)
        if source is None or source.comm is None:
            source = _sources[key] = cls(study)
        return source

    def close(self) -> None:
        """Stop following the study."""
        self.importances.close()
        super().close()

    def refresh(self) -> None:
        """Send what changed since the last look, now.

        Raises:
            StorageError: The storage does not answer.
            StudyError: The study was deleted.
        """
        with self._lock:
            if self._messages is None:
                changed = bool(self.feed.poll())
            else:
                changed = self._messages.poll() is not None
                if changed:
                    self._publish(self._messages)
        if changed:
            self.importances.changed()

    def _publish(self, messages: StudyMessages) -> None:
        if self._has_page:
            self.changes = messages.recent(_RECENT_SECONDS)
            return
        changes = messages.since(self._snapshot_revision)
        if changes is None:
            self.snapshot, self._snapshot_revision = messages.whole(), messages.revision
        self.changes = changes or []

    def _receive(self, content: Mapping[str, Any]) -> None:
        if content.get("type") == "watching importance":
            self.importances.watch(watched=content.get("watched") is not False)

    def _welcome(self, content: Mapping[str, Any]) -> None:
        with self._lock:
            if not self._has_page:
                self._has_page = True
                self.snapshot = b""
            messages = self._messages
            if messages is not None and content.get("revision") != messages.revision:
                self.send({"type": "study"}, [messages.whole()])
        self.send_state(["importance", "fanova"])


def as_reader(study: "StudyReader | optuna.Study") -> StudyReader:
    """Return a study as its reader.

    Raises:
        TypeError: It is no study.
    """
    if isinstance(study, StudyReader):
        return study
    if isinstance(study, optuna.Study):
        return StudyReader(study, storage_label=storage_label(study._storage))
    raise TypeError(
        f"A widget takes an HPOTrialManager, a StudyReader or an Optuna study, got {study!r}."
    )
