"""The pages: content at once, then the kernel that acts for them."""

import dataclasses
from typing import Any
from urllib.parse import parse_qs

from tornado.iostream import StreamClosedError

from highnoon.webui.access import Guarded
from highnoon.webui.document import document, no_kernel
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


class Health(Guarded):
    """Says that the server lives, to everybody."""

    public = True

    async def get(self) -> None:
        """Say it."""
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": "ok"})


class _Page(Guarded):
    """One document: the head and the content as HTML, then what the notebook adds."""

    async def answer(self, page: str, **about: Any) -> None:
        """Send a page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        server, kernels = self.settings["voila"], self.settings["kernel_manager"]
        hub = self.settings["hub"]
        places = await hub.run(hub.storages.places)
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
        refusal = kernels.refusal()
        boot |= {"kernel": True} if refusal is None else {"kernel": False, "refused": refusal}
        self.write(document(boot, content=""))
        await self.flush()
        if refusal is None:
            await self._stream_notebook(kernels)

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
        except StreamClosedError:  # nobody waits for it any more
            if kernel_id is not None:
                await kernels.give_up(kernel_id)


class BrowserPage(_Page):
    """All studies."""

    async def get(self) -> None:
        """Send the page."""
        await self.answer("browser")

    head = get


class StudyPage(_Page):
    """One study."""

    async def get(self, *names: str) -> None:
        """Send the page of a study, whose storage's alias comes before its name."""
        *alias, study = names
        await self.answer("study", alias=alias[0] if alias else None, study=study)

    head = get


class ComparePage(_Page):
    """Several studies beside each other."""

    async def get(self) -> None:
        """Send the page."""
        studies = parse_qs(self.request.query).get("study", [])
        await self.answer("compare", studies=studies)

    head = get
