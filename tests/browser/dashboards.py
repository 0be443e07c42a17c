"""The dashboard as a person starts it: a process of its own, and pages in a browser."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from tests.browser.waiting import TIMEOUT

SERVE = "from highnoon.webui import app; app.run(port=0, {options})"


@contextlib.contextmanager
def running_dashboard(folder: Path, **options: object) -> Iterator[str]:
    """Serve the studies of a folder; yield the address of the Study Browser."""
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    environment = {name: os.environ[name] for name in os.environ if name != "HIGHNOON_STORAGE"}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-u", "-c", SERVE.format(options=given)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert server.stdout is not None
    try:
        said = server.stdout.readline()
        address = re.search(r"http://\S+", said)
        assert address is not None, (folder / "server.log").read_text()
        yield address[0]
        assert server.poll() is None, f"the dashboard ended by itself: {server.poll()}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(TIMEOUT / 1000)
        server.stdout.close()


class Watched:
    """A page that notes what must not be: requests elsewhere, errors, scripts that ran.

    Attributes:
        page: The page.
        wrong: What was noted.
    """

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.wrong: list[str] = []
        self._host = address.split("/")[2]
        self.page.on("request", lambda request: self._see(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        self.page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrong.append(f"{message.text} ({message.location['url']})")

    def _see(self, url: str) -> None:
        if not url.startswith(("data:", "blob:")) and url.split("/")[2] != self._host:
            self.wrong.append(f"request: {url}")
