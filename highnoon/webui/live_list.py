"""`LiveList`: the studies of all storages, read once for all who look at them."""

import concurrent.futures
import time
from collections.abc import Sequence
from typing import Any, TypedDict

from highnoon.exceptions import HighNoonError, NoStudiesError
from highnoon.hpo.reading import SummaryRow, study_summaries, summary_row
from highnoon.hpo.storages import Storages
from highnoon.webui.following import Followed, unreadable

__all__ = ["ListedPlace", "LiveList"]

# A storage that answers later than this is listed as one that has not answered yet.
_PATIENCE_SECONDS = 1.0
_AWAITED = "It has not answered yet."


class ListedPlace(TypedDict):
    """A storage, and why its studies cannot be read or an empty text."""

    alias: str
    address: str
    trouble: str


class LiveList(Followed):
    """The studies of all storages, kept up to date as long as somebody looks at them.

    Storages are asked beside each other, so that one that does not answer hides no other.

    Args:
        storages: The storages.
        pool: Whose threads ask them.
        look_pool: Whose thread waits for them.

    Attributes:
        places: The storages.
        studies: A row for each study.
    """

    poll_seconds = 2.0

    def __init__(
        self,
        storages: Storages,
        pool: concurrent.futures.Executor,
        look_pool: concurrent.futures.Executor,
    ) -> None:
        self.places: Sequence[ListedPlace] = ()
        self.studies: Sequence[SummaryRow] = ()
        self._storages = storages
        self._ask_pool = pool
        self._asked_of: dict[str, concurrent.futures.Future[list[SummaryRow]]] = {}
        self._known: dict[str, list[SummaryRow]] = {}
        self._troubles: dict[str, str] = {}
        super().__init__(look_pool)

    @property
    def token(self) -> str:
        """Names the list as it is known now."""
        return f"{self.epoch}-{self.revision}"

    def json(self) -> dict[str, Any]:
        """Return the list as pages take it."""
        return {
            "places": [{"alias": p["alias"], "address": p["address"]} for p in self.places],
            "trouble": {p["alias"]: p["trouble"] for p in self.places if p["trouble"]},
            "studies": self.studies,
        }

    async def wait_for_answers(self, seconds: float) -> None:
        """Wait until every storage has answered once.

        Args:
            seconds: How long to wait at most.
        """
        end = time.monotonic() + seconds
        while any(place["trouble"] == _AWAITED for place in self.places):
            if not await self.wait_beyond(self.revision, end - time.monotonic()):
                return

    def _look(self) -> int:
        places = self._storages.places()
        for place in places:
            if place.alias not in self._asked_of:
                self._asked_of[place.alias] = self._ask_pool.submit(self._rows, place.alias)
        end = time.monotonic() + _PATIENCE_SECONDS
        for place in places:
            self._take(place.alias, max(0.0, end - time.monotonic()))
        listed: list[ListedPlace] = [
            {
                "alias": place.alias,
                "address": place.address,
                "trouble": self._troubles.get(place.alias, ""),
            }
            for place in places
        ]
        studies = [row for place in places for row in self._known.get(place.alias, ())]
        changed = self.revision < 0 or (listed, studies) != (self.places, self.studies)
        self.places, self.studies = listed, studies
        return self.revision + changed

    def _take(self, alias: str, seconds: float) -> None:
        """Take what a storage answers within some seconds; an answer that lacks is left to come."""
        asked = self._asked_of[alias]
        try:
            self._known[alias] = asked.result(seconds)
            self._troubles.pop(alias, None)
        except TimeoutError:
            if alias not in self._known:
                self._troubles.setdefault(alias, _AWAITED)
            return
        except HighNoonError as error:
            self._troubles[alias] = str(error)
        del self._asked_of[alias]

    def _rows(self, alias: str) -> list[SummaryRow]:
        try:
            summaries = study_summaries(self._storages.open(alias))
            return [summary_row(alias, summary) for summary in summaries]
        except NoStudiesError:
            if self._known.get(alias):
                raise
            return []
        except HighNoonError:
            raise
        except Exception as error:
            raise unreadable(error) from error
