"""Kernels: one for each viewer, gone with the page."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest

from highnoon.webui import kernels
from tests.processes import WAIT_SECONDS, wait_until
from tests.webui.client import ask, kernel_of, open_socket, page_kernel
from tests.webui.dashboards import Dashboard, Serve


@pytest.fixture(scope="module")
def dashboard(serve_dashboard: Serve) -> Dashboard:
    return serve_dashboard(cull=1.0, max_viewers=3)


def test_no_kernel_outlives_its_page(dashboard: Dashboard) -> None:
    port, kernels, server = dashboard.port, dashboard.kernels, dashboard.server
    patience, server.cull = server.cull, 3600.0  # until all of them are open
    processes = []

    def opened() -> str:
        kernel = page_kernel(port)
        processes.append(psutil.Process(kernels.get_kernel(kernel).provisioner.pid))
        return kernel

    closed = f"/hpo/voila/api/shutdown/{opened()}"
    here = {"Origin": f"http://localhost:{port}"}
    assert ask(port, closed, method="POST", headers=here, body="_xsrf=").status == 204
    assert kernels.viewers == 0
    with open_socket(port, opened()) as page, open_socket(port, opened()) as crashed:
        opened()  # and gone before it was connected
        # More viewers than there may be see everything all the same, and are told why.
        refused = ask(port, "/hpo/study/demo").text
        assert kernel_of(refused) is None
        boot = json.loads(re.search(r'id="highnoon-page"[^>]*>(.*?)</script>', refused)[1])
        assert boot["kernel"] is False
        assert boot["refused"].startswith("3 pages are open")
        server.cull = patience
        crashed.socket.close()
        wait_until(lambda: kernels.viewers == 1)
        assert page.ping().wait(WAIT_SECONDS)
        alive = [False, True, False, False]
        wait_until(lambda: [process.is_running() for process in processes] == alive)
        processes[1].kill()  # the kernel of a page that is open dies
        wait_until(lambda: kernels.viewers == 0)
    wait_until(lambda: not any(process.is_running() for process in processes))


def test_a_page_whose_notebook_fails_keeps_no_kernel(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = kernels.rendered_notebook

    async def failing(pool: Any, notebook: str) -> tuple[str, AsyncIterator[str]]:
        kernel, pieces = await rendered(pool, notebook)

        async def html() -> AsyncIterator[str]:
            async for piece in pieces:
                yield piece
            raise RuntimeError("of the test")

        return kernel, html()

    monkeypatch.setattr(kernels, "rendered_notebook", failing)
    assert "The kernel failed" in ask(dashboard.port, "/hpo").text
    assert dashboard.kernels.viewers == 0
    wait_until(lambda: len(dashboard.kernels) == 1)  # the next waits


def test_a_page_that_is_asked_for_while_the_server_closes_is_no_error(
    serve_dashboard: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    dashboard = serve_dashboard()
    running = dashboard.app._running
    assert running is not None
    assert running._loop is not None
    asyncio.run_coroutine_threadsafe(dashboard.kernels.close(), running._loop).result(WAIT_SECONDS)
    assert "The server is closing." in ask(dashboard.port, "/hpo").text
    assert "no kernel starts" not in caplog.messages
