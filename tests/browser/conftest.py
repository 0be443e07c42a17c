"""A real JupyterLab in a real Chromium."""

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

SECONDS_TO_START = 60
CHROMIUM = os.environ.get("HIGHNOON_TEST_CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium; set HIGHNOON_TEST_CHROMIUM to its path")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(30_000)
    yield context
    context.close()


@dataclasses.dataclass
class Lab:
    """A JupyterLab server.

    Attributes:
        url: Its address, which needs no token.
        folder: Where its notebooks lie and its kernels start.
    """

    url: str
    folder: Path


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password=",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    log = (home / "lab.log").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not _answers(url):
            assert server.poll() is None, (home / "lab.log").read_text()
            assert time.monotonic() < deadline, "JupyterLab did not start"
            time.sleep(0.2)
        yield Lab(url, folder)
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@dataclasses.dataclass
class Notebook:
    """A notebook that is open in a page."""

    page: Page
    path: Path

    def run_all(self) -> None:
        """Run all cells, without waiting for them."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    def output(self, cell: int) -> Any:
        """Return the locator of a code cell's output."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-Cell-outputWrapper")

    def errors(self) -> list[str]:
        """Return the errors that cells show."""
        return self.page.locator(".jp-RenderedText[data-mime-type$=error]").all_inner_texts()


@pytest.fixture
def open_notebook(lab: Lab, context: BrowserContext, request: pytest.FixtureRequest) -> Any:
    """Return a function that opens a notebook of some cells in JupyterLab."""

    def open_one(*cells: str, page: Page | None = None, name: str | None = None) -> Notebook:
        path = lab.folder / f"{name or request.node.name}.ipynb"
        path.write_text(json.dumps(_notebook(cells)))
        _start_kernel(lab, path.name)
        page = page or context.new_page()
        page.goto(f"{lab.url}/lab/tree/{path.name}?reset")
        page.locator(".jp-Notebook").wait_for()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        return Notebook(page, path)

    return open_one


def _notebook(cells: tuple[str, ...]) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {
                "name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python",
            },
            "language_info": {"name": "python"},
        },
        "cells": [
            {
                "cell_type": "code", "id": f"cell-{i}", "metadata": {}, "outputs": [],
                "execution_count": None, "source": source,
            }
            for i, source in enumerate(cells)
        ],
    }  # fmt: skip


def _start_kernel(lab: Lab, notebook: str) -> None:
    """Start the notebook's kernel, so that the page does not ask which one it is to have."""
    session = {
        "path": notebook,
        "name": notebook,
        "type": "notebook",
        "kernel": {"name": "python3"},
    }
    request = urllib.request.Request(
        f"{lab.url}/api/sessions",
        json.dumps(session).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=SECONDS_TO_START):
        pass


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api", timeout=2):
            return True
    except OSError:
        return False
