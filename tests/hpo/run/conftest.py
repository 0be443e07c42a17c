"""Processes that tune, for tests that kill, suspend and order them."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

StartProcess = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[StartProcess]:
    """Start a Python program in `tmp_path`; it is killed when the test ends."""
    processes: list[subprocess.Popen[str]] = []

    def start(source: str, *arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(source), *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Wait until something is true."""

    def wait(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.1)

    return wait
