"""SIGTERM, obeyed within a second whatever the objective is doing.

Python calls signal handlers between two instructions of the main thread, so that one waits for as
long as a call into a library takes, such as a step of training. A thread that the signal itself
wakes gives the running trial back where the main thread does not get to it.
"""

import os
import signal
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

__all__ = ["EXIT_STATUS", "PromptTermination"]

EXIT_STATUS = 128 + signal.SIGTERM

_SECONDS_FOR_THE_MAIN_THREAD = 0.6
_SECONDS_TO_GIVE_BACK = 2.0
_SECONDS_TO_WRITE_A_RESULT = 5.0


class PromptTermination:
    """While the block runs, SIGTERM ends the process, and a second one at once.

    Args:
        give_back: Called in another thread when the main thread does not react; gives the running
            trial back and returns whether there was one. There is none while the last one's result
            is being written, which is waited for.
    """

    def __init__(self, give_back: Callable[[], bool]) -> None:
        self._give_back = give_back
        self._ended = threading.Event()
        self._before = -1

    def __enter__(self) -> Self:
        self._here, self._there = socket.socketpair()
        self._there.settimeout(0)
        self._before = signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._work, name="highnoon-termination", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        signal.set_wakeup_fd(self._before)
        self._there.close()

    def _work(self) -> None:
        with self._here:
            if not self._next_is_termination():
                return
            threading.Thread(target=self._end_at_the_second, daemon=True).start()
            if self._ended.wait(_SECONDS_FOR_THE_MAIN_THREAD):
                return
            giving = threading.Thread(target=self._give_back_or_wait, daemon=True)
            giving.start()
            giving.join(_SECONDS_TO_GIVE_BACK + _SECONDS_TO_WRITE_A_RESULT)
        os._exit(EXIT_STATUS)

    def _give_back_or_wait(self) -> None:
        if not self._give_back():
            self._ended.wait(_SECONDS_TO_WRITE_A_RESULT)

    def _end_at_the_second(self) -> None:
        if self._next_is_termination():
            os.kill(os.getpid(), signal.SIGKILL)

    def _next_is_termination(self) -> bool:
        """Wait for SIGTERM; False when the block has ended."""
        while True:
            try:
                number = self._here.recv(1)
            except OSError:
                return False
            if not number:
                return False
            if number[0] == signal.SIGTERM:
                return True
