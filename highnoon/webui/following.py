"""`Followed`: something in a storage that is looked at as long as somebody asks about it."""

import asyncio
import concurrent.futures
import contextlib
import logging
import secrets
import time
from typing import ClassVar

from highnoon.exceptions import HighNoonError, StorageError

__all__ = ["Followed", "unreadable"]

_KEEP_SECONDS = 60.0
# Of a large storage, or one that does not answer, a look takes a while; it shall not take more than
# this part of the time.
_SHARE_OF_TIME = 0.1
_LONGEST_WAIT_SECONDS = 5.0

log = logging.getLogger("highnoon.webui")


class Followed:
    """Looks again and again, in a thread, for all who ask.

    It ends by itself when nobody has asked for a minute. All but `_look` runs in the event loop
    that it was made in.

    Args:
        pool: Whose threads look.

    Attributes:
        epoch: Names this object: revisions of another one are no revisions of it.
        revision: Number of the state that is known; -1 before the first look succeeded.
        trouble: Why the last look failed, or None.
        has_ended: Whether it looks no more.
    """

    poll_seconds: ClassVar[float]

    def __init__(self, pool: concurrent.futures.Executor) -> None:
        self.epoch = secrets.token_hex(6)
        self.revision = -1
        self.trouble: Exception | None = None
        self.has_ended = False
        self._pool = pool
        self._news = asyncio.Event()
        self._asked = time.monotonic()
        self._waiting = 0
        self._task = asyncio.create_task(self._follow())

    async def wait_beyond(self, revision: int | None, seconds: float) -> bool:
        """Wait until another state than one is known; return whether it is.

        Args:
            revision: That of the state; None for any, which waits for the first look alone.
            seconds: How long to wait at most.

        Raises:
            StorageError: The storage does not answer, and what is known is no news.
            StudyError: There is nothing to follow any more.
        """
        end = time.monotonic() + seconds
        self._waiting += 1
        try:
            while True:
                if self.revision >= 0 and self.revision != revision and not self.has_ended:
                    return True
                if self.trouble is not None:
                    raise self.trouble.with_traceback(None)
                left = end - time.monotonic()
                if left <= 0 and self.revision >= 0:
                    return False
                await self._wait(left if self.revision >= 0 else None)
        finally:
            self._waiting -= 1
            self._asked = time.monotonic()

    async def end(self) -> None:
        """Look no more."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def _look(self) -> int:
        """Look, in a thread, and return the revision that is known now.

        Raises:
            StorageError: The storage does not answer.
            HighNoonError: There is nothing to follow any more.
        """
        raise NotImplementedError

    async def _wait(self, seconds: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    async def _follow(self) -> None:
        try:
            while self._waiting or time.monotonic() - self._asked < _KEEP_SECONDS:
                wait = await self._look_once()
                if self.has_ended:
                    return
                await asyncio.sleep(wait)
        finally:
            self.has_ended = True

    async def _look_once(self) -> float:
        """Look, tell those who wait, and return the seconds until the next look."""
        since = time.monotonic()
        before = (self.revision, self.trouble)
        try:
            self.revision = await asyncio.get_running_loop().run_in_executor(self._pool, self._look)
            self.trouble = None
        except StorageError as error:
            self.trouble = error
        except HighNoonError as error:
            self.trouble, self.has_ended = error, True
        except Exception as error:
            log.exception("What is stored cannot be read")
            self.trouble, self.has_ended = unreadable(error), True
        if (self.revision, self.trouble) != before:
            self._news.set()
            self._news = asyncio.Event()
        if before[0] < 0 <= self.revision:  # the first look reads all
            return self.poll_seconds
        wait = (time.monotonic() - since) / _SHARE_OF_TIME
        return min(max(self.poll_seconds, wait), _LONGEST_WAIT_SECONDS)


def unreadable(error: Exception) -> StorageError:
    """Return an error of reading as one that pages can say."""
    return StorageError(f"What is stored cannot be read: {type(error).__name__}: {error}")
