"""Ctrl-C and SIGTERM, let through only where they can do no harm.

While the objective runs, a signal ends it at once. While its result is being written, the signal
waits until that is done, so that nothing finished is lost. A database that does not answer is not
waited for any longer than a few seconds then.
"""

import _thread
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from highnoon.hpo.storage import AccessAbandoned

__all__ = ["Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SECONDS_FOR_THE_DATABASE = 3.0
_SECONDS_OF_ITS_SILENCE = 1.0
_SECONDS_BETWEEN_LOOKS = 0.1


class Interrupts:
    """The signals that came during a run.

    Attributes:
        received: Name of the signal that is to end the run, or None.
        cause: What to call it instead, where the signal stands for something else.
    """

    def __init__(self) -> None:
        self.received: str | None = None
        self.cause: str | None = None
        self._interruptible = False
        self._blocks = 0
        self._abandons = False

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Handle signals in the block; in another than the main thread there are none to handle.

        Raises:
            AccessAbandoned: The database did not answer for seconds after a signal.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[signal.Signals, Any] = {
            number: signal.signal(number, self._handle) for number in _SIGNALS
        }
        self._blocks += 1
        try:
            yield
        finally:
            self._blocks -= 1
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal end the block, as `KeyboardInterrupt` or `SystemExit`."""
        self._interruptible = True
        try:
            if self.received is not None:
                raise self.ending
            yield
        finally:
            self._interruptible = False

    @property
    def ending(self) -> BaseException:
        """What the signal stands for: `KeyboardInterrupt` or `SystemExit`."""
        if self.received == "SIGTERM":
            return SystemExit(128 + signal.SIGTERM)
        return KeyboardInterrupt()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._abandons:
            self._abandons = False
            if _is_in_storage(frame):
                raise AccessAbandoned(self.received)
            return
        again = self.received is not None
        self.received = signal.Signals(number).name
        if not again and sys.platform != "win32":
            # Not threading's: its locks may be held by what the signal interrupted.
            _thread.start_new_thread(self._abandon_what_is_silent, (_thread.get_ident(),))
        if self._interruptible or again:
            raise self.ending

    def _abandon_what_is_silent(self, main_thread: int) -> None:
        """Cut off, by a signal of its own, accesses that hold up the end of the run."""
        received = silent_since = time.monotonic()
        while self._blocks:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            now = time.monotonic()
            if not _is_in_storage(sys._current_frames().get(main_thread)):
                silent_since = now
            elif (
                now - received >= _SECONDS_FOR_THE_DATABASE
                and now - silent_since >= _SECONDS_OF_ITS_SILENCE
            ):
                silent_since = now
                self._abandons = True
                signal.pthread_kill(main_thread, signal.SIGINT)


def _is_in_storage(frame: FrameType | None) -> bool:
    """Whether a thread is inside an access to a database, or waits for another's to end."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(("sqlalchemy.", "highnoon.hpo.storage.")):
            return True
        frame = frame.f_back
    return False
