"""`StudySource`: a study of the kernel as the widgets of a page see it."""

import concurrent.futures
import threading
import time
import weakref
from typing import Any

import ipywidgets
import optuna
import traitlets

from highnoon.exceptions import HighNoonError, StorageError
from highnoon.hpo.reader import StudyReader, storage_label
from highnoon.hpo.reading import ParameterColumn, StudyFeed
from highnoon.hpo.reading.wire import encode_changes
from highnoon_widgets.actions import ACTIONS
from highnoon_widgets.importance_follower import ImportanceFollower

__all__ = ["StudySource"]

_POLL_SECONDS = 0.5
_RETRY_SECONDS = 8.0
# What changed lately is in every message: one that arrives while the page begins to listen is lost.
_RECENT_SECONDS = 3.0
_MANY_CHANGES = 32
_MANY_BYTES = 256 * 1024

_sources: "weakref.WeakKeyDictionary[optuna.Study, StudySource]" = weakref.WeakKeyDictionary()


class StudySource(ipywidgets.Widget):
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

    _model_name = traitlets.Unicode("WidgetModel").tag(sync=True)
    _model_module = traitlets.Unicode("@jupyter-widgets/base").tag(sync=True)

    selected = traitlets.List(traitlets.Int()).tag(sync=True)
    storage = traitlets.Unicode(help="What to call the storage.").tag(sync=True)
    snapshot = traitlets.Bytes(help="The study, until a page has it.").tag(sync=True)
    changes = traitlets.List(help="What changed lately.").tag(sync=True)
    trouble = traitlets.Unicode(help="Why the storage cannot be read, or empty.").tag(sync=True)
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
        self._closing = threading.Event()
        self._pool = concurrent.futures.ThreadPoolExecutor(2, "highnoon-widgets")
        self.feed.poll()
        super().__init__(snapshot=self._whole(), storage=storage_label(self.reader.study._storage))
        self.importances = ImportanceFollower(self)
        self.on_msg(self._on_message)
        threading.Thread(target=self._follow, name="highnoon-follow", daemon=True).start()

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
        self._closing.set()
        self.importances.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
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

    def _follow(self) -> None:
        """Send changes as they come, until the study or this widget is gone."""
        wait = _POLL_SECONDS
        while not self._closing.wait(wait):
            wait = _POLL_SECONDS
            try:
                self.refresh()
                self._say_trouble("")
            except StorageError as error:
                self._say_trouble(str(error))
                wait = _RETRY_SECONDS
            except HighNoonError as error:  # the study was deleted
                self._say_trouble(str(error))
                return
            except Exception:
                if self._closing.is_set():
                    return
                raise

    def _say_trouble(self, trouble: str) -> None:
        if self.trouble != trouble:
            self.trouble = trouble

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("type")
        if kind == "listening":
            self._welcome(content.get("revision"))
        elif kind == "call":
            self._pool.submit(self._call, content)
        elif kind == "watching importance":
            self.importances.watch(watched=content.get("watched") is not False)

    def _welcome(self, revision: Any) -> None:
        """Bring a page that listens from now on up to date."""
        with self._lock:
            if not self._has_page:
                self._has_page = True
                self.snapshot = b""
            if revision != self._revision:
                self.send({"type": "study"}, [self._whole()])
        self.send_state(["importance", "fanova"])

    def _call(self, content: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"type": "answer", "id": content.get("id")}
        buffers = None
        try:
            action = ACTIONS.get(content.get("action"))
            if action is None:
                raise TypeError(f"The page asked for {content.get('action')!r}, which is unknown.")
            result = action(self, **content.get("arguments", {}))
            if isinstance(result, bytes):
                buffers = [result]
            else:
                answer["result"] = result
        except Exception as error:
            answer["error"] = str(error) or type(error).__name__
        self.send(answer, buffers)


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
