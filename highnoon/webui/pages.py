"""The pages: content at once, then the kernel that acts for them."""

import dataclasses
from typing import Any
from urllib.parse import parse_qs

from tornado.iostream import StreamClosedError

from highnoon.exceptions import StorageError, StudyError
from highnoon.webui.access import Guarded
from highnoon.webui.document import document, no_kernel
from highnoon.webui.first_paint import browser_paint, study_paint, way_paint
from highnoon.webui.hub import Hub
from highnoon.webui.kernels import NoKernelError, ViewerKernels

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
    """One document: the head and the content as HTML, then what the notebook adds."""

    @property
    def hub(self) -> Hub:
        """The studies of this server."""
        return self.settings["hub"]

    @property
    def kernels(self) -> ViewerKernels:
        """The kernels of this server."""
        return self.settings["kernel_manager"]

    async def answer(self, page: str, content: str, *, refused: str, **about: Any) -> None:
        """Send a page.

        Args:
            page: What it is.
            content: What it shows at first, as HTML.
            refused: Why it gets no kernel, or empty.
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
            "static": server.static_addresses,
            **about,
        }
        if self.request.method == "HEAD":
            return
        boot |= {"kernel": False, "refused": refused} if refused else {"kernel": True}
        self.write(document(boot, content=content))
        await self.flush()
        if not refused:
            await self._stream_notebook(self.kernels)

    async def _stream_notebook(self, kernels: ViewerKernels) -> None:
        kernel_id = None
        try:
            kernel_id, html = await kernels.take()
            async for snippet in html:
                self.write(snippet)
                await self.flush()
            kernels.delivered(kernel_id)
        except NoKernelError as error:
            self.write(no_kernel(str(error)))
        except Exception as error:
            if kernel_id is not None:
                await kernels.give_up(kernel_id)
            if not isinstance(error, StreamClosedError):  # somebody waits for it
                self.log_exception(type(error), error, error.__traceback__)
                self.write(no_kernel("The kernel failed; the server's log says why."))


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
        refused = self.kernels.refusal() or ""
        try:
            alias = await self.hub.find(alias, study)
            content = await study_paint(self.hub, alias, study, base, refused=refused)
        except (StorageError, StudyError) as error:
            self.set_status(404 if isinstance(error, StudyError) else 503)
            refused = str(error)
            content = way_paint(base, study, sentence=refused)
        await self.answer("study", content, refused=refused, alias=alias, study=study)

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
