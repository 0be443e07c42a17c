"""How long tests of pages wait, for what a machine at work brings about late."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

__all__ = ["TIMEOUT", "soon"]

TIMEOUT = 120_000
"""Milliseconds, many times what anything takes on a machine with nothing else to do."""


def soon(page: Page, holds: Callable[[], object]) -> None:
    """Wait until it holds, outside of the page or in several of its elements."""
    deadline = time.monotonic() + TIMEOUT / 1000
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        page.wait_for_timeout(100)
