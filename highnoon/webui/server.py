"""The server: Voilà with the dashboard's own pages, and nothing else of what Voilà serves."""

import asyncio
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from traitlets.config import Config
from voila.app import Voila
from voila.configuration import VoilaConfiguration
from voila.paths import collect_static_paths

from highnoon.hpo.storages import Storages
from highnoon.webui.access import Access, Guarded, Login, NotFound, log_request
from highnoon.webui.api import api_handlers
from highnoon.webui.files import (
    ImmutableFiles,
    compress_all,
    files_below,
    hashed_names,
    widgets_folder,
)
from highnoon.webui.hub import Hub
from highnoon.webui.kernels import NoKernelError, ThisPython, ViewerKernels
from highnoon.webui.pages import Health, ToPages, page_handlers

__all__ = ["Server"]

_EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
)
_MESSAGES = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]
_LONGEST_BODY = 65536
_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
logging.getLogger("highnoon.webui.voila").setLevel(logging.ERROR)

_TEMPLATES = Path(__file__).parent / "templates"


class Server(Voila):
    """The dashboard's server, opened and closed inside a running event loop.

    Args:
        storages: The storages to show.
        access: Who may ask.
        notebook: The notebook that each viewer's kernel runs.
        base_url: Path below which everything is served, with slashes at both ends.
        read_only: Whether kernels refuse what changes a study.
        max_viewers: How many pages have a kernel at once.
        cull: Seconds after which a kernel whose page is gone is ended.
        preheated: How many kernels wait for a viewer.
    """

    def __init__(
        self,
        storages: Storages,
        access: Access,
        *,
        notebook: Path,
        base_url: str,
        read_only: bool,
        max_viewers: int,
        cull: float,
        preheated: int,
    ) -> None:
        environment = {
            **storages.kernel_environment(),
            "HIGHNOON_WEBUI_READ_ONLY": "1" if read_only else "",
        }
        below = f"{base_url}hpo/"
        super().__init__(
            log=logging.getLogger("highnoon.webui.voila"),
            base_url=below,
            server_url=below,
            root_dir=str(notebook.parent),
            notebook_path=str(notebook),
            config=Config(
                # Sockets in a folder of this user's alone, where there are such sockets.
                KernelManager={
                    "autorestart": False,
                    "transport": "tcp" if os.name == "nt" else "ipc",
                },
                MappingKernelManager={"buffer_offline_messages": False},
                ViewerKernels={
                    "allowed_message_types": _MESSAGES,
                    "environment": environment,
                    "max_viewers": max_viewers,
                    "notebook": notebook.name,
                },
                VoilaConfiguration={
                    "allow_template_override": "NO",
                    "allow_theme_override": "NO",
                    "default_pool_size": min(preheated, max_viewers),
                    "extension_allowlist": list(_EXTENSIONS),
                    "kernel_spec_manager_class": ThisPython,
                    "multi_kernel_manager_class": ViewerKernels,
                    "preheat_kernel": True,
                    "show_tracebacks": True,
                },
            ),
        )
        self.access = access
        self.storages = storages
        self.read_only = read_only
        self.pages_url = base_url
        self.cull = cull
        self.static_files = hashed_names(widgets_folder())
        self.static_addresses = {
            path.name: f"{below}static/{name}" for name, path in self.static_files.items()
        }
        self.voila_configuration = VoilaConfiguration(
            parent=self, page_config_hook=self._page_config
        )
        self.template_paths = [str(_TEMPLATES / "voila")]
        self.static_paths = collect_static_paths(["voila"], "base", prune=True)
        self.voila_files = files_below(self._voila_folders())
        self._version = "-".join(version(name) for name in ("voila", "ipywidgets", "anywidget"))

    async def open(self, sockets: Sequence[Any]) -> None:
        """Serve on sockets that listen already."""
        self.port = sockets[0].getsockname()[1]
        self.access.cookie_name = f"highnoon-{self.port}"
        self.connection_dir = tempfile.mkdtemp(prefix="highnoon-", dir=_folder_of_sockets())
        self.app = tornado.web.Application(default_handler_class=NotFound, compress_response=True)
        self.hub = Hub(self.storages)
        self.hub.warm_up()
        self.app.settings.update(access=self.access, hub=self.hub, log_function=log_request)
        self.app.settings.update(cast(Any, self.init_settings()))
        self.app.add_handlers(".*$", self.routes())
        self._http = tornado.httpserver.HTTPServer(self.app, max_body_size=_LONGEST_BODY)
        self._http.add_sockets(sockets)
        self._culling = tornado.ioloop.PeriodicCallback(
            lambda: self.kernel_manager.cull(self.cull), 1e3 * min(max(self.cull / 4, 0.2), 1)
        )
        self._culling.start()
        self._warming = asyncio.create_task(self._warm())

    async def close(self) -> None:
        """Stop serving and end every kernel."""
        self._http.stop()
        self._culling.stop()
        try:
            await self.kernel_manager.close()
            await self._http.close_all_connections()
            await self.hub.close()
            self._warming.cancel()
            await asyncio.wait([self._warming])
        finally:
            shutil.rmtree(self.connection_dir, ignore_errors=True)

    async def _warm(self) -> None:
        """Do what the first page would wait for."""
        await self.hub.studies()
        files = [*self.static_files.values(), *self.voila_files.values()]
        await asyncio.to_thread(compress_all, files)

    def routes(self) -> list[Any]:
        """Return every route, each behind the rules of access."""
        below = re.escape(self.base_url.rstrip("/"))
        voila = f"{below}/voila/{re.escape(self._version)}"
        routes: list[tuple[Any, ...]] = [
            (re.escape(self.pages_url), ToPages),
            (f"{below}/", ToPages),
            (f"{below}/health", Health),
            (f"{below}/login", Login),
            (rf"{below}/static/(.+)", ImmutableFiles, {"files": self.static_files}),
            (rf"{voila}/(.+)", ImmutableFiles, {"files": self.voila_files}),
            (rf"{below}/kernel", NewKernel),
            (rf"{below}/api/kernels/{_KERNEL}", KernelModel),
            (rf"{below}/api/kernels/{_KERNEL}/channels", KernelSocket),
            (rf"{below}/voila/api/shutdown/{_KERNEL}", PageClosed),
            *api_handlers(below),
            *page_handlers(below),
        ]
        assert all(issubclass(route[1], Guarded) for route in routes)
        return routes

    def _voila_folders(self) -> dict[str, Path]:
        folders = {
            f"labextensions/{name}/static": Path(root) / name / "static"
            for root in reversed(self.labextensions_path)
            for name in _EXTENSIONS
            if (Path(root) / name / "static").is_dir()
        }
        return {**folders, "static": Path(self.static_paths[0])}

    def _page_config(self, config: dict[str, Any], **_: Any) -> dict[str, Any]:
        voila = f"{self.base_url}voila/{self._version}"
        return {
            **config,
            "fullStaticUrl": f"{voila}/static",
            "fullLabextensionsUrl": f"{voila}/labextensions",
        }


class NewKernel(Guarded):
    """Gives a page that is on the screen the kernel that acts for it."""

    async def post(self) -> None:
        """Answer with what Voilà's script finds in the page."""
        kernels: ViewerKernels = self.settings["kernel_manager"]
        try:
            kernel_id, html = await kernels.take()
        except NoKernelError as error:
            self._refuse(503, str(error))
            return
        if self.is_alone:
            await kernels.give_up(kernel_id)
            return
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(html)
        kernels.delivered(kernel_id)


class _ViewersKernel(Guarded):
    """A handler of one kernel, which must be a viewer's and not one that waits."""

    @property
    def kernels(self) -> ViewerKernels:
        """The kernels of this server."""
        return self.settings["kernel_manager"]

    async def prepare(self) -> None:
        """Refuse to answer for other kernels."""
        await super().prepare()
        if not self._finished and not self.kernels.serves(self.path_kwargs["kernel_id"]):
            raise tornado.web.HTTPError(404)


class KernelModel(_ViewersKernel, KernelHandler):
    """What a page asks about its own kernel."""

    SUPPORTED_METHODS = ("GET",)


class KernelSocket(_ViewersKernel, KernelWebsocketHandler):
    """The connection of a page with its kernel, over which no code is run.

    Not Voilà's, which reads binary messages of the older protocol as such of the newer one, and
    does not come to an end with that.
    """

    @property
    def ping_interval(self) -> int:
        """Seconds, for Tornado, which finds out whether the page is still there.

        Jupyter's own pings, which do the same, read them as milliseconds: they end at the first.
        """
        return 30

    @property
    def ping_timeout(self) -> int:
        """Seconds after which a page that does not answer is gone."""
        return 30

    async def get(self, kernel_id: str) -> None:
        """Connect, and note that somebody looks until the connection ends."""
        self.kernels.connected(kernel_id, self)
        try:
            await ensure_async(super().get(kernel_id))
        finally:
            self.kernels.disconnected(kernel_id, self)

    def send_ping(self) -> None:
        """Stop Jupyter's pings."""
        assert self.ping_callback is not None
        self.ping_callback.stop()

    def on_message(self, ws_message: str | bytes) -> None:
        """Hand a message on, unless the connection is closing, and with it what it agreed on."""
        if self.ws_connection is not None:
            super().on_message(ws_message)


class PageClosed(_ViewersKernel):
    """What a page says when it is closed."""

    async def post(self, kernel_id: str) -> None:
        """End its kernel."""
        await self.kernels.give_up(kernel_id)
        self.set_status(204)


def _folder_of_sockets() -> str:
    """Return the folder for temporary files, or `/tmp` where paths of sockets get too long there.

    Systems take 103 characters, of which a socket's name and its own folder need 72.
    """
    folder = tempfile.gettempdir()
    return "/tmp" if len(os.fsencode(folder)) > 30 and os.name != "nt" else folder
