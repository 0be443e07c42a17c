"""Processes that tests start, and waiting for what they, or threads, are to bring about."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["WAIT_SECONDS", "StartPython", "is_first", "lines_of", "wait_until"]

WAIT_SECONDS = 180.0
"""Many times what anything takes on a machine with nothing else to do."""

StartPython = Callable[..., "subprocess.Popen[str]"]
"""Starts Python with the arguments that it is given."""


def wait_until(condition: Callable[[], object], *, seconds: float = WAIT_SECONDS) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come about within {seconds:g} s"
        time.sleep(0.02)


def is_first(mark: Path) -> bool:
    """Whether no process called this before; the file notes that one did."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file that may not be there yet."""
    return path.read_text().splitlines() if path.exists() else []
