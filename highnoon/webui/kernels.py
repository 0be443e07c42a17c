"""The kernels behind pages: one for each viewer, started ahead, and gone when nobody looks."""

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import tornado.web
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.websocket import WebSocketHandler
from traitlets import Dict, Integer, Unicode

from highnoon.exceptions import HighNoonError

__all__ = ["NoKernelError", "ThisPython", "ViewerKernels", "rendered_notebook"]

TOKEN_VARIABLE = "HIGHNOON_WEBUI_TOKEN"
_CLOSING = "The server is closing."
_NONE_STARTS = "No kernel starts; the server's log says why."
_FAILURE = re.compile(r'<script id="highnoon-failure"[^>]*>(.*?)</script>')


class NoKernelError(HighNoonError):
    """A page gets no kernel: there are as many viewers as there may be, or none starts."""


class ThisPython(KernelSpecManager):
    """Kernels run in the Python that the server runs in, whatever is registered elsewhere."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002
        """Return the one kernel there is."""
        spec = get_kernel_dict(["--HistoryManager.enabled=False"])  # nobody types
        return KernelSpec(resource_dir="", **spec)

    def find_kernel_specs(self) -> dict[str, str]:
        """Return its name."""
        return {"python3": ""}


class ViewerKernels(AsyncMappingKernelManager):
    """Starts kernels, knows which of them belong to viewers, and ends those nobody looks at."""

    max_viewers = Integer(config=True, help="How many pages have a kernel at once.")
    environment = Dict(config=True, help="Variables that kernels find in their environment.")
    notebook = Unicode(config=True, help="The notebook's path below the root.")

    def __init__(self, **kwargs: Any) -> None:
        self._unseen_since: dict[str, float | None] = {}
        self._arriving = self._starting = 0
        self._closing = False
        self._sockets: dict[str, set[WebSocketHandler]] = {}
        super().__init__(**kwargs)

    @property
    def viewers(self) -> int:
        """How many pages have a kernel, or are about to."""
        return len(self._unseen_since) + self._arriving

    def refusal(self) -> str | None:
        """Return why the next page gets no kernel, or None where it gets one."""
        if self.viewers < self.max_viewers:
            return None
        if not self.max_viewers:
            return "This server gives pages no kernel; they stay live."
        return (
            f"As many pages are open as this server gives a kernel: {self.max_viewers}. This page "
            "stays live, and has its buttons once another one is closed."
        )

    def serves(self, kernel_id: str) -> bool:
        """Return whether a kernel belongs to a viewer."""
        return kernel_id in self._unseen_since

    def cwd_for_path(self, path: str, **_: Any) -> str:  # noqa: ARG002
        """Return the server's working directory, so that both mean the same by a path."""
        return str(Path.cwd())

    async def start_kernel(self, **kwargs: Any) -> str:
        """Start a kernel that knows what to show, and no secret of the server."""
        if self._closing:
            raise NoKernelError(_CLOSING)
        environment = {**kwargs.pop("env", os.environ), **self.environment}
        environment.pop(TOKEN_VARIABLE, None)
        self._starting += 1
        try:
            return await ensure_async(super().start_kernel(env=environment, **kwargs))
        finally:
            self._starting -= 1

    async def close(self) -> None:
        """End every kernel, those that are only starting too, and start no more."""
        self._closing = True
        while self._starting or len(self):
            await asyncio.gather(*map(self.give_up, self.list_kernel_ids()))
            await asyncio.sleep(0.02 * bool(self._starting))
        await self._end_rendering()

    async def _end_rendering(self) -> None:
        """Wait for what is rendered ahead to fail: its kernels are gone, and nobody else does."""
        while ahead := [pool.pop() for pool in getattr(self, "_pools", {}).values() if pool]:
            started = await asyncio.gather(*ahead, return_exceptions=True)
            rendering = [each["task"] for each in started if isinstance(each, dict)]
            await asyncio.gather(*rendering, return_exceptions=True)

    def delivered(self, kernel_id: str) -> None:
        """Note that a page has its kernel and can connect with it from now on."""
        if kernel_id in self._unseen_since and not self._sockets.get(kernel_id):
            self._unseen_since[kernel_id] = time.monotonic()

    def connected(self, kernel_id: str, socket: WebSocketHandler) -> None:
        """Note that a page is connected with its kernel."""
        self._sockets.setdefault(kernel_id, set()).add(socket)
        if kernel_id in self._unseen_since:
            self._unseen_since[kernel_id] = None

    def disconnected(self, kernel_id: str, socket: WebSocketHandler) -> None:
        """Note that it is no longer."""
        self._sockets.get(kernel_id, set()).discard(socket)
        self.delivered(kernel_id)

    async def give_up(self, kernel_id: str) -> None:
        """End a viewer's kernel, if it is there, and close its connections."""
        self._unseen_since.pop(kernel_id, None)
        for socket in self._sockets.pop(kernel_id, set()):
            socket.close()
        for notebook in getattr(self, "notebook_data", {}).values():
            notebook["kernel_ids"].discard(kernel_id)
        with contextlib.suppress(tornado.web.HTTPError):  # it ended in the meantime
            # Not Voilà's method, which looks through its pool and fails where a start there did.
            await ensure_async(super().shutdown_kernel(kernel_id, now=True))

    async def cull(self, seconds: float) -> None:
        """End the kernels whose page was not connected for that long, and those that died."""
        now = time.monotonic()
        for kernel_id, since in list(self._unseen_since.items()):
            abandoned = since is not None and now - since > seconds
            if abandoned or not await self._is_alive(kernel_id):
                self.log.info("ending kernel %s, its page is gone", kernel_id)
                await self.give_up(kernel_id)

    async def take(self) -> tuple[str, str]:
        """Return a viewer's kernel and its rendered notebook.

        Raises:
            NoKernelError: There are `max_viewers` already, the server is closing, or no kernel
                starts.
        """
        if self._closing:
            raise NoKernelError(_CLOSING)
        if refusal := self.refusal():
            raise NoKernelError(refusal)
        self._arriving += 1
        try:
            for _ in range(2):
                kernel_id, html = await self._rendered()
                if await self._is_alive(kernel_id):
                    self._unseen_since[kernel_id] = None  # until the page has it
                    return kernel_id, html
                await self.give_up(kernel_id)
        finally:
            self._arriving -= 1
        raise NoKernelError(_NONE_STARTS)

    async def _rendered(self) -> tuple[str, str]:
        kernel_id = None
        try:
            kernel_id, pieces = await rendered_notebook(self, self.notebook)
            html = "".join([piece async for piece in pieces])
        except Exception:
            if self._closing:
                raise NoKernelError(_CLOSING) from None
            self.log.exception("no kernel starts")
            if kernel_id is not None:
                await self.give_up(kernel_id)
            raise NoKernelError(_NONE_STARTS) from None
        if failure := _FAILURE.search(html):
            await self.give_up(kernel_id)
            raise NoKernelError(json.loads(failure[1]))
        return kernel_id, html

    async def _is_alive(self, kernel_id: str) -> bool:
        if kernel_id not in self:
            return False
        return await ensure_async(self.get_kernel(kernel_id).is_alive())


async def rendered_notebook(pool: Any, notebook: str) -> tuple[str, AsyncIterator[str]]:
    """Return a kernel from Voilà's pool of preheated ones, and the HTML of its notebook.

    Where the pool has none to give, one is started for it.
    """
    if not pool.get_pool_size(notebook):
        pool.fill_if_needed(delay=0, notebook_name=notebook)
    task, ready, kernel_id = await pool.get_rendered_notebook(notebook_name=notebook)
    task.add_done_callback(_take_error)

    async def html() -> AsyncIterator[str]:
        yield "".join(ready)
        rendered, rest = await task
        yield "".join(rendered[len(ready) :])
        async for snippet, _ in rest:
            yield snippet

    return kernel_id, html()


def _take_error(task: "asyncio.Task[Any]") -> None:
    """Take the error of a task that may be awaited by nobody, where the page is gone."""
    if not task.cancelled():
        task.exception()
