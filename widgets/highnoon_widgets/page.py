"""`Page`: what the notebook behind the pages of the WebUI shows."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import ipywidgets
import traitlets

from highnoon.hpo.reader import StudyReader
from highnoon.hpo.storages import Storages
from highnoon_widgets import _bundles
from highnoon_widgets.answering import Answering
from highnoon_widgets.browser import StudyBrowser
from highnoon_widgets.browser_actions import BROWSER_ACTIONS, BROWSER_READING
from highnoon_widgets.source import StudySource

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["Page"]

_READ_ONLY = "HIGHNOON_WEBUI_READ_ONLY"


class Page(ipywidgets.Box):
    """All studies at hand: in a notebook their browser, behind a page of the WebUI its actions.

    The server draws the WebUI's pages and brings them the studies; there this widget shows nothing
    and carries out what buttons ask for. In JupyterLab it is a `StudyBrowser` of the storage that
    `HIGHNOON_STORAGE` names, else of the SQLite files in the working directory.

    Attributes:
        actions: What a page of the WebUI asks; None in JupyterLab.

    Raises:
        StorageError: A database does not answer.

    Example:
        ```python
        Page()
        ```
    """

    def __init__(self) -> None:
        storages = Storages.for_kernel()
        read_only = os.environ.get(_READ_ONLY)
        self.actions: PageActions | None = None
        if read_only is None:
            opened = {place.alias: storages.open(place.alias) for place in storages.places()}
            super().__init__([StudyBrowser(opened)])
        else:
            self.actions = PageActions(storages, read_only=bool(read_only))
            super().__init__([_PageView(_actions=self.actions.model_id)])


class _PageView(anywidget.AnyWidget):
    """Tells a page of the WebUI which model to ask; draws nothing.

    A page takes no message for a model of anywidget whose code it had only after two seconds, so
    that the model that answers is another one.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _actions = traitlets.Unicode(help="Id of the model to ask.").tag(sync=True)

    @traitlets.default("_esm")
    def _loader(self) -> str:
        return _bundles.loader()


class PageActions(Answering):
    """Opens what a page of the WebUI acts on.

    Args:
        storages: Those of the server.
        read_only: Whether what changes something is refused.

    Attributes:
        opened: What was opened.
    """

    _model_name = traitlets.Unicode("WidgetModel").tag(sync=True)
    _model_module = traitlets.Unicode("@jupyter-widgets/base").tag(sync=True)

    def __init__(self, storages: Storages, *, read_only: bool) -> None:
        self._storages = storages
        self.opened: list[Answering] = []
        super().__init__(read_only=read_only)
        self.listen()

    def open_study(self, *, alias: str | None, study: str) -> str:
        """Open a study; return the id of the model that answers about it.

        Args:
            alias: Of its storage; not needed where there is one.
            study: Its name.

        Raises:
            StudyError: There is none, or it has several objectives.
            StorageError: The storage does not answer.
        """
        if alias is None:
            alias = self._storages.places()[0].alias
        reader = StudyReader.open(study, self._storages.open(alias))
        source = StudySource(reader, sends_study=False, read_only=self.read_only)
        source.importances.follow()
        return self._keep(source)

    def browse(self) -> str:
        """Return the id of the model that answers about all studies."""
        return self._keep(BrowserActions(self._storages, read_only=self.read_only))

    def close(self) -> None:
        """Close what was opened too."""
        for opened in self.opened:
            opened.close()
        super().close()

    def _keep(self, opened: Answering) -> str:
        self.opened.append(opened)
        return opened.model_id

    actions: ClassVar[Mapping[Any, Callable[..., Any]]] = {"open": open_study, "browse": browse}
    reading = frozenset(actions)


class BrowserActions(Answering):
    """Does to studies what the page that lists them asks for; the server sends it the list."""

    _model_name = traitlets.Unicode("WidgetModel").tag(sync=True)
    _model_module = traitlets.Unicode("@jupyter-widgets/base").tag(sync=True)

    actions = BROWSER_ACTIONS
    reading = BROWSER_READING

    def __init__(self, storages: Storages, *, read_only: bool) -> None:
        self._storages = storages
        super().__init__(read_only=read_only)
        self.listen()

    def storage(self, alias: str) -> "BaseStorage":
        """Return a storage by its alias."""
        return self._storages.open(alias)

    def refresh(self) -> None:
        """Do nothing: the server sees what changed."""
