"""`Hub`: the studies that somebody looks at, each read once for all."""

import asyncio
import difflib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from highnoon.exceptions import StorageError, StudyError
from highnoon.hpo.reading import study_names
from highnoon.hpo.storages import Storages
from highnoon.webui.live_list import LiveList
from highnoon.webui.live_study import LiveStudy
from highnoon.webui.threads import DaemonThreads

__all__ = ["Hub", "Token"]

# Most of them wait, for a database that does not answer.
_THREADS = 32
_PATIENCE_SECONDS = 1.0
_MOST_LETTERS = 512

T = TypeVar("T")


class Token(NamedTuple):
    """What a page knows of a study or of the list: whose revision, and which."""

    epoch: str
    revision: int

    @classmethod
    def parse(cls, text: str) -> "Token":
        """Read a token.

        Raises:
            ValueError: It is none.
        """
        epoch, dash, revision = text.partition("-")
        if not (dash and epoch.isalnum() and revision.isascii() and revision.isdigit()):
            raise ValueError(text)
        return cls(epoch, int(revision))


class Hub:
    """Follows what is looked at, in threads, for the handlers of one event loop.

    Args:
        storages: The storages whose studies may be looked at.

    Example:
        ```python
        hub = Hub(Storages("sqlite:///hpo.db"))
        study = await hub.study("hpo.db", "experiment_001")
        message = (await study.whole()).message
        ```
    """

    def __init__(self, storages: Storages) -> None:
        self.storages = storages
        self._pool = DaemonThreads(_THREADS, "highnoon-webui")
        self._look_pool = DaemonThreads(2, "highnoon-webui-list")
        self._studies: list[LiveStudy] = []
        self._list: LiveList | None = None
        self._asked: dict[str, tuple[float, asyncio.Future[list[str] | StorageError]]] = {}

    def warm_up(self) -> None:
        """Open the storages in the background, so that who asks first does not wait for that."""
        self._pool.submit(self._open_all)

    async def study(self, alias: str | None, name: str, token: Token | None = None) -> LiveStudy:
        """Return a study that somebody looks at, once it was read.

        Args:
            alias: What its storage is called; None where no other storage has one of that name.
            name: Its name.
            token: What a page knows of it; the study that it knows is found under its new name too.

        Raises:
            StudyError: There is no such study; the message names the closest one.
            StorageError: The storage does not answer.
        """
        known = self._known(alias, name, token)
        if known is None:
            known = self.begin(await self.find(alias, name), name)
        await known.wait_beyond(None, 0.0)
        return known

    def at_hand(self, alias: str, name: str) -> LiveStudy | None:
        """Return a study that was read already, or None."""
        known = self._known(alias, name)
        return known if known is not None and known.revision >= 0 else None

    def begin(self, alias: str, name: str) -> LiveStudy:
        """Begin to read a study, unless that was done, and return it without waiting."""
        known = self._known(alias, name)
        if known is None:
            known = LiveStudy(alias, name, partial(self.storages.open, alias), self._pool)
            self._studies.append(known)
        return known

    async def studies(self) -> LiveList:
        """Return the list of all studies, once it was read."""
        if self._list is None or self._list.has_ended:
            self._list = LiveList(self.storages, self._pool, self._look_pool)
        await self._list.wait_beyond(None, 0.0)
        return self._list

    async def find(self, alias: str | None, name: str) -> str:
        """Return the alias of the storage that has a study.

        Raises:
            StudyError: None has, or several have one of that name and no alias was given.
        """
        if alias is not None and self.at_hand(alias, name) is not None:
            return alias
        aliases = [place.alias for place in await self.run(self.storages.places)]
        if alias is not None and alias not in aliases:
            raise StudyError(_not_there("storage", alias, aliases))
        wanted = aliases if alias is None else [alias]
        names, troubles = await self._names(wanted, name)
        found = [each for each in wanted if name in names.get(each, ())]
        if len(found) > 1:
            raise StudyError(
                f"Several storages have a study {name!r}: {', '.join(found)}. Write the storage "
                f"before it: /{found[0]}/study/..."
            )
        if found:
            return found[0]
        if troubles:
            raise troubles[0]
        there = [each for own in names.values() for each in own]
        raise StudyError(await self.run(partial(_not_there, "study", name, there)))

    async def run(self, function: Callable[[], T]) -> T:
        """Call a function in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    async def close(self) -> None:
        """Follow nothing any more."""
        followed = [*self._studies, *([self._list] if self._list is not None else [])]
        await asyncio.gather(*(each.end() for each in followed))
        for pool in (self._pool, self._look_pool):
            pool.shutdown(wait=False, cancel_futures=True)
        self.storages.close()

    async def _names(
        self, aliases: Sequence[str], wanted: str
    ) -> tuple[dict[str, list[str]], list[StorageError]]:
        """Ask storages for the names of their studies; late ones only where none has a name."""
        asked = {self._asking(alias): alias for alias in aliases}
        names: dict[str, list[str]] = {}
        troubles: list[StorageError] = []
        late, patience = set(asked), _PATIENCE_SECONDS
        while late and not (patience is None and any(wanted in own for own in names.values())):
            done, late = await asyncio.wait(late, timeout=patience)
            for answer in done:
                if isinstance(said := answer.result(), StorageError):
                    troubles.append(said)
                else:
                    names[asked[answer]] = said
            patience = None
        return names, troubles

    def _open_all(self) -> None:
        for place in self.storages.places():
            self._pool.submit(self._ask, place.alias)

    def _asking(self, alias: str) -> "asyncio.Future[list[str] | StorageError]":
        """Ask a storage for names, unless it was asked a while ago and has not answered yet."""
        since, asked = self._asked.get(alias, (0.0, None))
        now = time.monotonic()
        if asked is None or asked.done() or now - since < _PATIENCE_SECONDS:
            asked = asyncio.ensure_future(self.run(partial(self._ask, alias)))
            self._asked[alias] = (now, asked)
        return asked

    def _ask(self, alias: str) -> list[str] | StorageError:
        try:
            return study_names(self.storages.open(alias))
        except StorageError as error:
            return error

    def _known(self, alias: str | None, name: str, token: Token | None = None) -> LiveStudy | None:
        self._studies = [study for study in self._studies if not study.has_ended]
        if token is not None:
            for study in self._studies:
                if study.epoch == token.epoch:
                    return study
        for study in self._studies:
            if (study.alias, study.name) == (alias, name):
                return study
        return None


def _not_there(what: str, name: str, there: Sequence[str]) -> str:
    message = f"There is no {what} {name[:_MOST_LETTERS]!r} here"
    near = difflib.get_close_matches(name[:_MOST_LETTERS], there, n=1, cutoff=0.4)
    if near:
        return f"{message}. Did you mean {near[0]!r}?"
    if there:
        listed = ", ".join(repr(each) for each in there[:10])
        more = f" and {len(there) - 10} more" if len(there) > 10 else ""
        return f"{message}. There are: {listed}{more}."
    return f"{message}, and no other."
