"""JupyterLab as a person uses it: a server of its own, and notebooks in a browser's pages."""

import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Playwright

from tests.browser.waiting import TIMEOUT, soon

TOKEN = "for-tests"
CHROMIUM = os.environ.get("HIGHNOON_TEST_CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def launch(playwright: Playwright) -> Browser:
    """Start Chromium, with the scrollbars that a person's has."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM, args=FLAGS, ignore_default_args=["--hide-scrollbars"]
    )


@dataclasses.dataclass
class Notebook:
    """A notebook that is open in a page."""

    page: Page
    path: Path

    def run_all(self) -> None:
        """Run all cells, without waiting for them."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    def run(self, cell: int) -> None:
        """Run a code cell, without waiting for it."""
        self.page.locator(".jp-CodeCell").nth(cell).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def run_until(self, cell: int, pattern: str) -> re.Match[str]:
        """Run a code cell until its output has a text, and return the match.

        What was done in the page reaches the kernel a moment later.
        """
        found: list[re.Match[str]] = []

        def is_said() -> bool:
            self.run(cell)
            for _ in range(20):
                match = re.search(pattern, "".join(self.output(cell).all_inner_texts()))
                if match:
                    found.append(match)
                    return True
                self.page.wait_for_timeout(100)
            return False

        soon(self.page, is_said)
        return found[0]

    def save(self) -> None:
        """Save the notebook, without waiting for that."""
        self.page.get_by_role("menuitem", name="File", exact=True).click()
        self.page.locator(".lm-Menu-item[data-command='docmanager:save']").click()

    def output(self, cell: int) -> Locator:
        """Return a code cell's output."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-Cell-outputWrapper")

    def prompt(self, cell: int) -> Locator:
        """Return what stands before a code cell: `[*]:` while it runs."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-InputPrompt")

    def errors(self) -> list[str]:
        """Return the errors that cells show."""
        return self.page.locator(".jp-RenderedText[data-mime-type$=error]").all_inner_texts()


@dataclasses.dataclass
class Lab:
    """A JupyterLab server.

    Attributes:
        url: Its address; the token is `TOKEN`.
        folder: Where its notebooks lie and its kernels start.
    """

    url: str
    folder: Path

    def open(self, page: Page, name: str, cells: Sequence[str]) -> Notebook:
        """Write a notebook of code cells and open it, with its kernel started."""
        path = self.folder / f"{name}.ipynb"
        path.write_text(json.dumps(_notebook(cells)))
        return self.show(page, path)

    def show(self, page: Page, path: Path) -> Notebook:
        """Open a notebook that lies in the folder, with its kernel started."""
        page.goto(f"{self.url}/lab/tree/{path.name}?reset&token={TOKEN}")
        page.locator(".jp-Notebook").wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        return Notebook(page, path)

    def watch(self, page: Page) -> list[str]:
        """Return a list that gets the errors of a page, and its requests to elsewhere."""
        seen: list[str] = []
        own = (self.url, self.url.replace("http", "ws", 1), "blob:", "data:")
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.on("console", lambda m: seen.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith(own) else seen.append(r.url))
        return seen

    def end_kernels(self) -> None:
        """End what notebooks left at work."""
        for kernel in json.loads(self._ask("GET", "kernels")):
            self._ask("DELETE", f"kernels/{kernel['id']}")

    def _ask(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(
            f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT / 1000) as answer:
            return answer.read()


@contextlib.contextmanager
def running_lab(
    folder: Path, home: Path, *, dark: bool = False, python: str = sys.executable
) -> Iterator[Lab]:
    """Start a server and end it, and all its kernels, afterwards.

    Args:
        folder: Where its notebooks lie.
        home: An empty folder for its settings.
        dark: Whether its pages have JupyterLab's dark theme.
        python: The interpreter of the server and its kernels.
    """
    _write_settings(home, "apputils-extension", "notification", {"fetchNews": "false"})
    _write_settings(home, "notebook-extension", "tracker", {"autoStartDefaultKernel": True})
    if dark:
        _write_settings(home, "apputils-extension", "themes", {"theme": "JupyterLab Dark"})
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
        python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    try:
        deadline = time.monotonic() + TIMEOUT / 1000
        while (url := _url(home / "runtime" / f"jpserver-{server.pid}.json")) is None:
            assert server.poll() is None, (home / "lab.log").read_text()
            assert time.monotonic() < deadline, "JupyterLab did not start"
            time.sleep(0.2)
        yield Lab(url, folder)
    finally:
        _kill_with_children(server)


def _write_settings(home: Path, extension: str, plugin: str, settings: dict[str, Any]) -> None:
    place = home / "settings" / "@jupyterlab" / extension
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{plugin}.jupyterlab-settings").write_text(json.dumps(settings))


def _notebook(cells: Sequence[str]) -> dict[str, Any]:
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{i}",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": source,
            }
            for i, source in enumerate(cells)
        ],
    }


def _url(info: Path) -> str | None:
    """Return the address of a server by what it writes when it listens; None before it answers."""
    try:
        url = f"http://127.0.0.1:{json.loads(info.read_text())['port']}"
        with urllib.request.urlopen(f"{url}/api", timeout=TIMEOUT / 1000):
            return url
    except (OSError, ValueError):  # it is being written
        return None


def _kill_with_children(server: subprocess.Popen[bytes]) -> None:
    """Kill a server and its kernels, which lead sessions of their own."""
    import psutil

    family = psutil.Process(server.pid).children(recursive=True)
    os.killpg(server.pid, signal.SIGKILL)
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    server.wait()
