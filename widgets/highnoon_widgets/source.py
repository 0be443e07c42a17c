"""`StudySource`: a study of the kernel as the widgets of a page see it."""

import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any

import optuna
import traitlets

from highnoon.hpo.reader import StudyReader, storage_label
from highnoon.hpo.reading import ParameterColumn, StudyFeed
from highnoon.hpo.reading.wire import encode_changes
from highnoon_widgets.actions import ACTIONS
from highnoon_widgets.following import Following
from highnoon_widgets.importance_follower import ImportanceFollower

__all__ = ["StudySource"]

# What changed lately is in every message: one that arrives while the page begins to listen is lost.
_RECENT_SECONDS = 3.0
_MANY_CHANGES = 32
_MANY_BYTES = 256 * 1024

_sources: "weakref.WeakKeyDictionary[optuna.Study, StudySource]" = weakref.WeakKeyDictionary()


class StudySource(Following):
    """Sends a study to the page and the page's orders to the study.

    All widgets of a study share one: its trials are sent once, and a trial that is selected in one
    is selected in all. It has no view. A thread reads what changed, so that trials arrive while a
    cell keeps the kernel busy.

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

    selected = traitlets.List(traitlets.Int()).tag(sync=True)
    storage = traitlets.Unicode(help="What to call the storage.").tag(sync=True)
    snapshot = traitlets.Bytes(help="The study, until a page has it.").tag(sync=True)
    changes = traitlets.List(help="What changed lately.").tag(sync=True)
    importance = traitlets.Dict().tag(sync=True)
    fanova = traitlets.Dict().tag(sync=True)

    def __init__(self, study: "StudyReader | optuna.Study") -> None:
        self.reader = as_reader(study)
        self.feed = StudyFeed(self.reader)
        self._known: dict[str, ParameterColumn] = {}
        self._known_workers = 0
        self._revision = 0
        self._recent: list[tuple[float, bytes]] = []
        self._has_page = False
        self._lock = threading.RLock()
        self.feed.poll()
        super().__init__(snapshot=self._whole(), storage=storage_label(self.reader.study._storage))
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
            changes = self.feed.poll()
            if not changes:
                return
            base, self._revision = self._revision, self._revision + 1
            if changes.reset:
                self._recent.clear()
                message = self._whole()
            else:
                message = encode_changes(
                    base=base,
                    revision=self._revision,
                    study=changes.study,
                    trials=changes.trials,
                    reports=changes.reports,
                    known=self._known.values(),
                    known_workers=self._known_workers,
                )
                self._know(changes.trials.parameters, len(changes.trials.workers))
            self._publish(message)
        self.importances.changed()

    def _publish(self, message: bytes) -> None:
        now = time.monotonic()
        recent = [*self._recent, (now, message)]
        if self._has_page:
            recent = [kept for kept in recent if now - kept[0] < _RECENT_SECONDS]
        elif len(recent) > _MANY_CHANGES or sum(len(m) for _, m in recent) > _MANY_BYTES:
            recent = []
            self.snapshot = self._whole()
        self._recent = recent[-_MANY_CHANGES:]
        self.changes = [message for _, message in self._recent]

    def _whole(self) -> bytes:
        """Return the whole study as a message."""
        trials = self.feed.columns
        self._know(trials.parameters, len(trials.workers))
        return encode_changes(
            base=-1,
            revision=self._revision,
            study=self.feed.study,
            trials=trials,
            reports=self.feed.reports,
        )

    def _know(self, parameters: Any, workers: int) -> None:
        self._known.update(parameters)
        self._known_workers = workers

    def _receive(self, content: Mapping[str, Any]) -> None:
        if content.get("type") == "watching importance":
            self.importances.watch(watched=content.get("watched") is not False)

    def _welcome(self, content: Mapping[str, Any]) -> None:
        with self._lock:
            if not self._has_page:
                self._has_page = True
                self.snapshot = b""
            if content.get("revision") != self._revision:
                self.send({"type": "study"}, [self._whole()])
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
