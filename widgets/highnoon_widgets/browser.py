"""`StudyBrowser`: all studies of a storage."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from highnoon.hpo.reader import StudyReader
from highnoon.hpo.storage import storage_label
from highnoon_widgets import _bundles
from highnoon_widgets._cells import close_former
from highnoon_widgets.browser_source import BrowserSource
from highnoon_widgets.dashboard import StudyDashboard
from highnoon_widgets.engines import Engines
from highnoon_widgets.still import show_with_still, studies_still

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["StudyBrowser"]


class StudyList(anywidget.AnyWidget):
    """The list itself; `opened` is that of its `StudyBrowser`."""

    _esm = traitlets.Unicode().tag(sync=True)
    _part = traitlets.Unicode("study_browser").tag(sync=True)
    _engines = traitlets.Unicode().tag(sync=True)
    _source = traitlets.Unicode().tag(sync=True)
    opened = traitlets.List(traitlets.Unicode()).tag(sync=True)

    @traitlets.default("_esm")
    def _loader(self) -> str:
        return _bundles.loader()


class StudyBrowser(ipywidgets.Box):
    """All studies of a storage, live: find, compare, open, rename, archive, delete.

    Args:
        storage: A database URL, an Optuna storage, or several of them by alias.
        on_open: Called with a `StudyReader` when a study is opened. Without it, the study's
            dashboard is shown below the list.

    Attributes:
        opened: Alias of the storage and name of the study that was opened last; empty at first.

    Raises:
        StorageError: A database is not there or does not answer.

    Example:
        ```python
        StudyBrowser({"team": "postgresql://user:pass@db/optuna", "mine": "sqlite:///hpo.db"})
        ```
    """

    opened = traitlets.List(traitlets.Unicode())

    def __init__(
        self,
        storage: "str | BaseStorage | Mapping[str, str | BaseStorage]",
        *,
        on_open: Callable[[StudyReader], Any] | None = None,
    ) -> None:
        storages = storage if isinstance(storage, Mapping) else {storage_label(storage): storage}
        self.source = BrowserSource(storages, on_open=self.open_study)
        self.list = StudyList(_engines=Engines.shared().model_id, _source=self.source.model_id)
        self._on_open = on_open
        self._dashboard: StudyDashboard | None = None
        super().__init__([self.list])
        self.add_class("hn-browser")
        close_former(self)

    def open_study(self, alias: str, name: str) -> None:
        """Open a study: call `on_open`, or show its dashboard below the list.

        Args:
            alias: Of its storage.
            name: Of the study.

        Raises:
            StudyError: There is none, or it has several objectives.
            StorageError: The storage does not answer.
        """
        reader = StudyReader.open(name, self.source.storage(alias))
        self.opened = self.list.opened = [alias, name]
        if self._on_open is not None:
            self._on_open(reader)
            return
        former, self._dashboard = self._dashboard, StudyDashboard(reader)
        self.children = [self.list, self._dashboard]
        _close(former)

    def _ipython_display_(self) -> None:
        show_with_still(self, studies_still(self.source.studies))

    def close(self) -> None:
        """Stop following the studies."""
        self.source.close()
        self.list.close()
        _close(self._dashboard)
        super().close()

    def __del__(self) -> None:
        if hasattr(self, "_dashboard"):  # else its storages did not open
            super().__del__()


def _close(dashboard: StudyDashboard | None) -> None:
    if dashboard is not None:
        dashboard.source.close()
        dashboard.close()
