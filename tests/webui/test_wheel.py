"""The wheel serves the dashboard without the checkout."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.processes import WAIT_SECONDS, StartPython
from tests.webui.client import ask, page_kernel

ROOT = Path(__file__).parents[2]


def test_a_wheel_serves_the_dashboard_without_the_checkout(
    start_python: StartPython, studies: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(installed)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    server = start_python("-m", "highnoon.webui", "--port", "0", "--storage", studies)
    assert server.stdout is not None
    match = re.search(r"localhost:(\d+)/hpo", server.stdout.readline())
    assert match is not None
    port = int(match[1])
    page_kernel(port)
    page = ask(port, "/hpo/study/demo").text
    script = re.search(r'src="(/hpo/static/site-[^"]+)"', page)
    assert script is not None
    assert ask(port, script[1]).status == 200
    # Neither it nor its kernels have a file of the checkout open or at their side.
    code = "import highnoon, highnoon_widgets; print(highnoon.__file__, highnoon_widgets.__file__)"
    asked = start_python("-c", code).communicate(timeout=WAIT_SECONDS)[0].split()
    assert all(Path(file).is_relative_to(installed) for file in asked)
