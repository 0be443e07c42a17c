"""What the tests of parallel runs share."""

import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import StartPython

Driver = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def driver(start_python: StartPython, tmp_path: Path) -> Driver:
    """Start a script without a main guard, as users write them, in a process of its own."""

    def start(source: str) -> "subprocess.Popen[str]":
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(source))
        return start_python(script)

    return start
