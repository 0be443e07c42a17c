"""Tracebacks keep the frames of the user's files and fold those of libraries."""

import subprocess
import sys
import textwrap
import traceback
from pathlib import Path

from highnoon_widgets.tracebacks import fold

LIBRARY = "/home/ana/.venv/lib/python3.11/site-packages/{}"


def frames(*files: str) -> str:
    lines = [f'  File "{file}", line 1, in f\n    call()\n' for file in files]
    return f"Traceback (most recent call last):\n{''.join(lines)}ValueError: no\n"


def test_frames_of_libraries_are_counted_and_named() -> None:
    parts = fold(frames("train.py", LIBRARY.format("numpy/a.py"), LIBRARY.format("numpy/b.py")))
    assert [part.get("package") for part in parts] == [None, "numpy", None]
    assert parts[1].get("frames") == 2
    assert parts[0]["text"].endswith('File "train.py", line 1, in f\n    call()')


def test_the_training_of_highnoon_is_shown_and_what_runs_trials_is_not() -> None:
    parts = fold(
        frames(
            LIBRARY.format("highnoon/hpo/run/loop.py"),
            "/home/ana/train.py",
            LIBRARY.format("highnoon/training/trainer.py"),
        )
    )
    assert [part.get("package") for part in parts] == [None, "highnoon", None]
    assert "trainer.py" in parts[2]["text"]


def test_a_cell_of_a_notebook_is_the_users() -> None:
    parts = fold(frames("/tmp/ipykernel_42/123.py", "<frozen importlib._bootstrap>"))
    assert [part.get("package") for part in parts] == [None, "Python", None]


def test_nothing_of_a_real_traceback_is_lost(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text(
        textwrap.dedent(
            """
            import json

            def load():
                try:
                    json.loads("{")
                except ValueError as error:
                    raise RuntimeError("first\\n    second") from error

            load()
            """
        )
    )
    text = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    ).stderr
    parts = fold(text)
    assert "\n".join(part["text"] for part in parts) == text.rstrip("\n")
    assert [part.get("package") for part in parts] == [None, "Python", None]
    assert "The above exception was the direct cause" in parts[2]["text"]


def test_an_error_without_frames_is_one_part() -> None:
    text = "".join(traceback.format_exception_only(ValueError("no")))
    assert fold(text) == [{"text": "ValueError: no"}]
