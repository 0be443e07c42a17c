"""`LiveStudy`: a study, read once for all who look at it."""

import asyncio
import concurrent.futures
import gzip
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from highnoon.hpo.reader import StudyReader
from highnoon.hpo.reading import StudyFeed, StudyMessages
from highnoon.webui.following import Followed

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["LiveStudy", "Whole"]

# What pages may lack that ask after a while: a minute of a page that nobody sees.
_MANY_MESSAGES = 1000
_MANY_BYTES = 2 * 1024 * 1024
# Beyond this level a message of a large study takes longer to pack than it saves.
_GZIP_LEVEL = 2


class Whole(NamedTuple):
    """A whole study as a message, and that packed by gzip."""

    revision: int
    message: bytes
    packed: bytes


class LiveStudy(Followed):
    """A study whose columns are kept up to date as long as somebody looks at them.

    It stays the same study when it is renamed, and when it was deleted and made anew under its
    name; `name` says what it is called now.

    Args:
        alias: What its storage is called.
        name: Name of the study.
        open_storage: Opens its storage; called in a thread.
        pool: Whose threads read.

    Attributes:
        reader: The study, once the first look succeeded.
        feed: Its columns.
    """

    poll_seconds = 0.5

    def __init__(
        self,
        alias: str,
        name: str,
        open_storage: "Callable[[], BaseStorage]",
        pool: concurrent.futures.Executor,
    ) -> None:
        self.alias = alias
        self._opened_as = name
        self.reader: StudyReader
        self.feed: StudyFeed
        self._open_storage = open_storage
        self._messages: StudyMessages | None = None
        self._whole: Whole | None = None
        self._reading = threading.Lock()
        super().__init__(pool)

    @property
    def name(self) -> str:
        """What the study is called now."""
        return self._opened_as if self._messages is None else self.feed.study.name

    @property
    def token(self) -> str:
        """Names the study's state as it is known now."""
        return f"{self.epoch}-{self.revision}"

    def since(self, revision: int) -> tuple[int, bytes] | None:
        """Return the messages that follow on a revision, and the one that they lead to.

        None where they are not kept: then the `whole` study is needed.
        """
        assert self._messages is not None
        messages = self._messages.since(revision)
        return None if messages is None else (revision + len(messages), b"".join(messages))

    async def whole(self) -> Whole:
        """Return the whole study as it is known now."""
        known = self._whole
        if known is None or known.revision != self.revision:
            loop = asyncio.get_running_loop()
            known = await loop.run_in_executor(self._pool, self._encode)
        return known

    def _encode(self) -> Whole:
        assert self._messages is not None
        with self._reading:
            known, revision = self._whole, self._messages.revision
            if known is None or known.revision != revision:
                message = self._messages.whole()
                packed = gzip.compress(message, _GZIP_LEVEL, mtime=0)
                known = self._whole = Whole(revision, message, packed)
            return known

    def _look(self) -> int:
        with self._reading:
            if self._messages is None:
                self.reader = StudyReader.open(self._opened_as, self._open_storage())
                self.feed = StudyFeed(self.reader)
                self._messages = StudyMessages(
                    self.feed, most=_MANY_MESSAGES, most_bytes=_MANY_BYTES
                )
            else:
                self._messages.poll()
            return self._messages.revision
