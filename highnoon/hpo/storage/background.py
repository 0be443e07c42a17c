"""Flush what a storage holds back: a second later, at exit; and what a forked child must forget."""

import atexit
import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Protocol

from highnoon._notices import logger

__all__ = ["Flusher", "register"]

FLUSH_SECONDS = 1.0
_LONGEST_SECONDS = 30.0
_PATIENCE_AT_EXIT = 5.0


class _Buffering(Protocol):
    def flush_at_exit(self, patience: float) -> None: ...

    def after_fork(self) -> None: ...


class Flusher:
    """Calls a function every second, in a thread that lives only while there is something to do.

    A failure is told once, until it succeeds again; nothing is lost, for what could not be written
    stays with the caller.

    Args:
        flush: Writes what is there.
        is_empty: Whether there is nothing to write.
    """

    def __init__(self, flush: Callable[[], object], is_empty: Callable[[], bool]) -> None:
        self._flush = flush
        self._is_empty = is_empty
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._told = False

    def wake(self) -> None:
        """See to it that a flush comes, also where the thread is about to end."""
        with self._lock:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._work, name="highnoon-flush", daemon=True)
            # Python does not start threads any more while it ends; the flush at exit comes then.
            with contextlib.suppress(RuntimeError):
                thread.start()
                self._thread = thread

    def _work(self) -> None:
        pause = threading.Event()
        seconds = FLUSH_SECONDS
        while True:
            pause.wait(seconds)
            try:
                self._flush()
            except Exception as error:
                seconds = min(2 * seconds, _LONGEST_SECONDS)
                self._tell(error)
            else:
                seconds = FLUSH_SECONDS
                self._told = False
            with self._lock:
                if self._is_empty():
                    self._thread = None
                    return

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            logger.warning(
                "Reports and attributes could not be written yet, and are kept: %s",
                error,
            )


_storages: "weakref.WeakSet[_Buffering]" = weakref.WeakSet()


def register(storage: _Buffering) -> None:
    """Flush a storage at exit, and tell it when the process was forked."""
    _storages.add(storage)


@atexit.register
def _flush_at_exit() -> None:
    deadline = time.monotonic() + _PATIENCE_AT_EXIT
    for storage in list(_storages):
        try:
            storage.flush_at_exit(max(0.0, deadline - time.monotonic()))
        except Exception as error:
            logger.warning("Reports and attributes were lost at exit: %s", error)


def _forget_after_fork() -> None:
    for storage in list(_storages):
        storage.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
