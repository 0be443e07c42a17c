"""Ctrl-C and SIGTERM, let through only where they can do no harm.

While the objective runs, a signal ends it at once. While its result is being written, the signal
waits until that is done, so that nothing finished is lost.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Handle signals in the block; in another than the main thread there are none to handle."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[signal.Signals, Any] = {
            number: signal.signal(number, self._handle) for number in _SIGNALS
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal end the block, as `KeyboardInterrupt` or `SystemExit`."""
        self._interruptible = True
        try:
            if self.received is not None:
                self._raise()
            yield
        finally:
            self._interruptible = False

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        again = self.received is not None
        self.received = signal.Signals(number).name
        if self._interruptible or again:
            self._raise()

    def _raise(self) -> None:
        if self.received == "SIGTERM":
            raise SystemExit(128 + signal.SIGTERM)
        raise KeyboardInterrupt
