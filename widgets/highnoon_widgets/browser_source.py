"""`BrowserSource`: the studies of some storages as a page sees them."""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from highnoon.exceptions import StudyError
from highnoon.hpo.reading import SummaryRow, study_summaries, summary_row
from highnoon.hpo.storage import open_storage, storage_label
from highnoon_widgets.browser_actions import BROWSER_ACTIONS, BROWSER_READING
from highnoon_widgets.following import Following

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["BrowserSource"]


class BrowserSource(Following):
    """Sends a row for each study to the page, and the page's orders to the studies.

    Args:
        storages: Database URLs or Optuna storages by their aliases.
        on_open: Called with alias and name of a study that the page opens.

    Raises:
        StorageError: A database is not there or does not answer.
    """

    poll_seconds = 2.0
    actions = BROWSER_ACTIONS
    reading = BROWSER_READING

    places = traitlets.List(help="Alias and address of each storage.").tag(sync=True)
    studies = traitlets.List(help="A row for each study.").tag(sync=True)

    def __init__(
        self,
        storages: "Mapping[str, str | BaseStorage]",
        *,
        on_open: Callable[[str, str], None],
    ) -> None:
        self.open_study = on_open
        self._storages = {alias: open_storage(storage) for alias, storage in storages.items()}
        self._lock = threading.Lock()
        super().__init__(
            places=[
                {"alias": alias, "address": storage_label(storage)}
                for alias, storage in storages.items()
            ],
            studies=self._rows(),
        )
        self.start()

    def storage(self, alias: str) -> "BaseStorage":
        """Return a storage by its alias.

        Raises:
            StudyError: There is none.
        """
        if alias not in self._storages:
            raise StudyError(f"No storage {alias!r}. There is {', '.join(self._storages)}.")
        return self._storages[alias]

    def refresh(self) -> None:
        """Send the rows where they changed."""
        with self._lock:
            rows = self._rows()
            if rows != self.studies:
                self.studies = rows

    def _rows(self) -> list[SummaryRow]:
        return [
            summary_row(alias, summary)
            for alias, storage in self._storages.items()
            for summary in study_summaries(storage)
        ]

    def _welcome(self, content: Mapping[str, Any]) -> None:  # noqa: ARG002 -- the same for all
        self.send_state(["studies", "trouble"])
