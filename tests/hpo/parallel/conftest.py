"""What the tests of parallel runs share."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

Driver = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    """Start a script without a main guard, as users write them, in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str) -> "subprocess.Popen[str]":
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(source))
        process = subprocess.Popen(
            [sys.executable, str(script)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def descendants(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def none_left(processes: list[psutil.Process], *, seconds: float = 15.0) -> bool:
    """Whether all processes end within some seconds."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def wait_for(path: Path, *, lines: int) -> list[str]:
    """Return the lines of a file once it has as many."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        there = path.read_text().splitlines() if path.exists() else []
        if len(there) >= lines:
            return there
        time.sleep(0.02)
    raise AssertionError(f"{path.name} has not {lines} lines after 30 s.")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
