"""Kernels: one for each viewer, gone with the page."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from highnoon.webui import kernels
from highnoon.webui import notebook as notebook_module
from tests.processes import WAIT_SECONDS, wait_until
from tests.webui.client import ask, ask_for_kernel, open_socket, page_kernel
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
        fourth = ask(port, "/hpo/study/demo").text
        boot = json.loads(re.search(r'id="highnoon-page"[^>]*>(.*?)</script>', fourth)[1])
        assert boot["refused"].startswith(
            "As many pages are open as this server gives a kernel: 3."
        )
        refused = ask_for_kernel(port)
        assert refused.status == 503
        assert json.loads(refused.body) == {"error": boot["refused"]}
        server.cull = patience
        crashed.socket.close()
        wait_until(lambda: kernels.viewers == 1)
        assert page.ping().wait(WAIT_SECONDS)
        alive = [False, True, False, False]
        wait_until(lambda: [process.is_running() for process in processes] == alive)
        processes[1].kill()  # the kernel of a page that is open dies
        wait_until(lambda: kernels.viewers == 0)
    wait_until(lambda: not any(process.is_running() for process in processes))


def test_who_looks_at_a_page_without_running_it_takes_no_kernel(dashboard: Dashboard) -> None:
    wait_until(lambda: dashboard.kernels.viewers == 0)
    for path in ("/hpo", "/hpo/study/demo", "/hpo/compare?study=demo"):
        assert ask(dashboard.port, path).status == 200
    assert dashboard.kernels.viewers == 0


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
    refused = ask_for_kernel(dashboard.port)
    assert refused.status == 503
    assert "No kernel starts" in refused.text
    assert dashboard.kernels.viewers == 0
    wait_until(lambda: len(dashboard.kernels) == 1)  # the next waits


def test_a_notebook_that_raises_is_said_and_keeps_no_kernel(
    serve_dashboard: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = nbformat.v4.new_code_cell('raise ValueError("</script> of the test")')
    kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernelspec})
    nbformat.write(notebook, tmp_path / "failing.ipynb")
    monkeypatch.setattr(notebook_module, "dashboard_notebook", lambda: tmp_path / "failing.ipynb")
    dashboard = serve_dashboard()
    refused = ask_for_kernel(dashboard.port)
    assert refused.status == 503
    assert json.loads(refused.body) == {"error": "ValueError: </script> of the test"}
    assert dashboard.kernels.viewers == 0


def test_a_page_that_is_asked_for_while_the_server_closes_is_no_error(
    serve_dashboard: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    dashboard = serve_dashboard()
    running = dashboard.app._running
    assert running is not None
    assert running._loop is not None
    asyncio.run_coroutine_threadsafe(dashboard.kernels.close(), running._loop).result(WAIT_SECONDS)
    assert "The server is closing." in ask_for_kernel(dashboard.port).text
    assert "no kernel starts" not in caplog.messages
