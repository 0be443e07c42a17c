"""The pages: their content at once; their scripts ask for the kernels that act for them."""

import dataclasses
from typing import Any
from urllib.parse import parse_qs

from highnoon.exceptions import StorageError, StudyError
from highnoon.webui.access import Guarded
from highnoon.webui.document import document
from highnoon.webui.first_paint import browser_paint, study_paint, way_paint
from highnoon.webui.hub import Hub
from highnoon.webui.kernels import ViewerKernels

__all__ = ["Health", "ToPages", "page_handlers"]


def page_handlers(below: str) -> list[tuple[str, type[Guarded]]]:
    """Return the routes of the pages below a path."""
    return [
        (below, BrowserPage),
        (rf"{below}/study/([^/]+)", StudyPage),
        (rf"{below}/([^/]+)/study/([^/]+)", StudyPage),
        (rf"{below}/compare", ComparePage),
    ]


class ToPages(Guarded):
    """Leads to the Study Browser."""

    async def get(self) -> None:
        """Redirect."""
        self.redirect(self.access.path)

    head = get


class Health(Guarded):
    """Says that the server lives, to everybody."""

    public = True

    async def get(self) -> None:
        """Say it."""
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": "ok"})

    head = get


class _Page(Guarded):
    """One document."""

    @property
    def hub(self) -> Hub:
        """The studies of this server."""
        return self.settings["hub"]

    @property
    def kernels(self) -> ViewerKernels:
        """The kernels of this server."""
        return self.settings["kernel_manager"]

    async def answer(
        self, page: str, content: str, *, refused: str, missing: bool = False, **about: Any
    ) -> None:
        """Send a page.

        Args:
            page: What it is.
            content: What it shows at first, as HTML.
            refused: Why it gets no kernel now, or empty.
            missing: Whether what it is about is not there, or cannot be read.
            about: What its script starts from beside what all pages do.
        """
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        server = self.settings["voila"]
        places = await self.hub.run(self.hub.storages.places)
        boot = {
            "base": self.access.path,
            "page": page,
            "places": [dataclasses.asdict(place) for place in places],
            "readOnly": server.read_only,
            "missing": missing,
            "kernel": self.kernels.max_viewers > 0 and not missing,
            "refused": refused,
            "static": server.static_addresses,
            **about,
        }
        if self.request.method != "HEAD":
            self.finish(document(boot, content=content))


class BrowserPage(_Page):
    """All studies."""

    async def get(self) -> None:
        """Send the page."""
        refused = self.kernels.refusal() or ""
        content = await browser_paint(self.hub, self.access.path, refused=refused)
        await self.answer("browser", content, refused=refused)

    head = get


class StudyPage(_Page):
    """One study."""

    async def get(self, *names: str) -> None:
        """Send the page of a study, whose storage's alias comes before its name."""
        *storage, study = names
        alias, base = storage[0] if storage else None, self.access.path
        refused, missing = self.kernels.refusal() or "", False
        try:
            alias = await self.hub.find(alias, study)
            content = await study_paint(self.hub, alias, study, base, refused=refused)
        except (StorageError, StudyError) as error:
            self.set_status(404 if isinstance(error, StudyError) else 503)
            refused, missing = str(error), True
            content = way_paint(base, study, sentence=refused)
        await self.answer(
            "study", content, refused=refused, missing=missing, alias=alias, study=study
        )

    head = get


class ComparePage(_Page):
    """Several studies beside each other."""

    async def get(self) -> None:
        """Send the page."""
        studies = parse_qs(self.request.query).get("study", [])
        content = way_paint(self.access.path, "Compare")
        refused = self.kernels.refusal() or ""
        await self.answer("compare", content, refused=refused, studies=studies)

    head = get
