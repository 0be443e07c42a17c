"""A real JupyterLab in a real Chromium."""

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

SECONDS_TO_START = 60
TOKEN = "for-tests"
CHROMIUM = os.environ.get("HIGHNOON_TEST_CHROMIUM") or shutil.which("chromium")
expect.set_options(timeout=30_000)
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
        url: Its address; the token is `TOKEN`.
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
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    for extension, plugin, settings in (
        ("apputils-extension", "notification", {"fetchNews": "false"}),
        ("notebook-extension", "tracker", {"autoStartDefaultKernel": True}),
    ):
        place = home / "settings" / "@jupyterlab" / extension
        place.mkdir(parents=True)
        (place / f"{plugin}.jupyterlab-settings").write_text(json.dumps(settings))
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not _answers(url):
            assert server.poll() is None, (home / "lab.log").read_text()
            assert time.monotonic() < deadline, "JupyterLab did not start"
            time.sleep(0.2)
        yield Lab(url, folder)
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # kernels included; nothing here is to be kept
        server.wait()


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
        page = page or context.new_page()
        page.goto(f"{lab.url}/lab/tree/{path.name}?reset&token={TOKEN}")
        page.locator(".jp-Notebook").wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
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


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api", timeout=2):
            return True
    except OSError:
        return False
