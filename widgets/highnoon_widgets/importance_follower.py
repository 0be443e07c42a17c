"""`ImportanceFollower`: computes how important parameters are, beside what the kernel does."""

import threading
import time
from typing import TYPE_CHECKING, Any

from highnoon.hpo.plotdata import Importance, importance
from highnoon.hpo.plotdata.importances import FANOVA_RESAMPLES

if TYPE_CHECKING:
    from highnoon.hpo.reading import TrialColumns
    from highnoon_widgets.source import StudySource

__all__ = ["ImportanceFollower"]

_WAIT_SECONDS = 5.0
# Of many trials PED-ANOVA takes a second; it shall not take more than this part of the time.
_SHARE_OF_TIME = 0.05


class ImportanceFollower:
    """Keeps `StudySource.importance` up to date, and computes fANOVA when asked.

    Scores are computed in a thread, so that they arrive while a cell keeps the kernel busy: when
    trials completed, at most every five seconds, and not while the page says that nothing on the
    screen shows them.

    Args:
        source: Where scores are put.
    """

    def __init__(self, source: "StudySource") -> None:
        self._source = source
        self._changed = threading.Event()
        self._changed.set()
        self._watched = threading.Event()
        self._watched.set()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._following = False
        self._fanova: threading.Thread | None = None

    def follow(self) -> None:
        """Compute scores from now on; a widget that shows them asks for it."""
        with self._lock:
            if self._following:
                return
            self._following = True
        threading.Thread(target=self._follow, name="highnoon-importance", daemon=True).start()

    def changed(self) -> None:
        """Take note that trials changed."""
        self._changed.set()

    def watch(self, *, watched: bool) -> None:
        """Take note whether anything that shows scores is on the screen."""
        if watched:
            self._watched.set()
        else:
            self._watched.clear()

    def compute_fanova(self) -> None:
        """Compute fANOVA in a thread, unless it is being computed; see `StudySource.fanova`."""
        with self._lock:
            if self._fanova is not None and self._fanova.is_alive():
                return
            self._source.fanova = {"state": "computing", "done": 0, "of": FANOVA_RESAMPLES}
            self._fanova = threading.Thread(
                target=self._compute_fanova, name="highnoon-fanova", daemon=True
            )
            self._fanova.start()

    def close(self) -> None:
        """End the threads."""
        self._closing.set()
        self._changed.set()
        self._watched.set()

    def _follow(self) -> None:
        known = None
        while True:
            self._changed.wait()
            self._watched.wait()
            if self._closing.is_set():
                return
            self._changed.clear()
            columns = self._source.feed.columns
            completed = _completed(columns)
            if completed == known:
                continue
            known = completed
            since = time.monotonic()
            try:
                found = as_json(importance(columns, self._source.feed.study.direction))
            except Exception as error:  # shown where the bars would be
                found = {"error": str(error) or type(error).__name__}
            took = time.monotonic() - since
            if not self._closing.is_set():
                self._source.importance = found
            self._closing.wait(max(_WAIT_SECONDS, took / _SHARE_OF_TIME))

    def _compute_fanova(self) -> None:
        source = self._source

        def progress(done: int, of: int) -> None:
            if self._closing.is_set():
                raise _ClosedError
            source.fanova = {"state": "computing", "done": done, "of": of}

        try:
            found = importance(
                source.feed.columns, source.feed.study.direction, "fanova", progress=progress
            )
            source.fanova = {"state": "done", **as_json(found)}
        except _ClosedError:
            return
        except Exception as error:  # shown beside the button
            source.fanova = {"state": "failed", "error": str(error) or type(error).__name__}


class _ClosedError(Exception):
    """The study's widgets are gone."""


def as_json(found: Importance) -> dict[str, Any]:
    """Return scores as the page takes them."""
    return {
        "evaluator": found.evaluator,
        "n_trials": found.n_trials,
        "names": list(found.names),
        "median": found.median.tolist(),
        "low": found.low.tolist(),
        "high": found.high.tolist(),
        "reason": found.reason,
        "rests_on": found.rests_on,
    }


def _completed(columns: "TrialColumns") -> bytes:
    """Return what differs where other trials completed."""
    rows = columns.is_status("completed")
    return columns.number[rows].tobytes() + columns.value[rows].tobytes()
