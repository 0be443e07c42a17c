"""Progress: a bar in a terminal, lines in a log file, nothing where it is not wanted."""

import contextlib
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from highnoon.hpo.run.progress import format_duration, format_value
from tests.processes import WAIT_SECONDS

PROGRAM = """
import highnoon as hn
hpo = hn.HPOTrialManager(study_name="s", n_trials=50)
def objective(params):
    if len(hpo.trials) == 1:
        raise ValueError("told above the bar")
    return params["x"]
hpo.optimize(objective, {"x": ("uniform", 0.25, 0.75)}, timeout=3600)
"""


def test_a_log_file_gets_lines_without_control_characters(script: Any) -> None:
    err = script(PROGRAM, environment={"HIGHNOON_PROGRESS": "1"}).stderr
    assert re.search(
        r"^50 of 50 trials · best 0\.\d{4} \(trial \d+\) · 1 failed · \d+ s$", err, re.MULTILINE
    )
    assert "\r" not in err
    assert "\x1b" not in err


def test_a_log_file_gets_a_line_now_and_then_with_the_time_left(script: Any) -> None:
    program = PROGRAM.replace(
        "hpo =", "import highnoon.hpo.run.progress as p; p._SECONDS_BETWEEN_LINES = 0.0\nhpo =", 1
    )
    err = script(program, environment={"HIGHNOON_PROGRESS": "1"}).stderr
    assert re.search(r"^10 of 50 trials · best .* · about \d+ s left$", err, re.MULTILINE)


def test_the_environment_turns_it_off(script: Any) -> None:
    done = script(PROGRAM, environment={"HIGHNOON_PROGRESS": "0"})
    assert (
        done.stderr == "Trial 0 failed: ValueError: told above the bar (<string>:6, in objective)\n"
    )
    assert done.stdout == ""


def shown_in_a_terminal(tmp_path: Path, *, columns: int) -> str:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        stderr=theirs,
        env={**os.environ, "HIGHNOON_PROGRESS": "1", "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal without writers with an error
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    assert process.wait(WAIT_SECONDS) == 0
    return shown.decode()


def test_a_terminal_gets_a_bar_with_trials_best_value_and_time_left(tmp_path: Path) -> None:
    text = shown_in_a_terminal(tmp_path, columns=120)
    last = text.rstrip().rsplit("\r", 1)[-1]
    assert re.match(r"best 0\.\d{4} \(trial \d+\): 100%\|█+\| 50/50 \[\d\d:\d\d<00:00, ", last)
    assert "1 failed" in last
    assert re.search(
        r"[\r\n]Trial 0 failed: ValueError: told above the bar \(<string>:6, in \w+\) *\r?\n",
        text,
    )


def test_a_terminal_that_does_not_tell_its_width_gets_a_bar_too(tmp_path: Path) -> None:
    last = shown_in_a_terminal(tmp_path, columns=0).rstrip().rsplit("\r", 1)[-1]
    assert re.match(r"best 0\.\d{4} \(trial \d+\): 100%", last)
    assert "50/50" in last


def test_a_grid_is_measured_by_its_points(script: Any) -> None:
    err = script(
        """
        import highnoon as hn
        hpo = hn.HPOTrialManager(study_name="s", sampler="grid")
        hpo.optimize(lambda p: p["n"], {"n": ("int", 1, 4)})
        """,
        environment={"HIGHNOON_PROGRESS": "1"},
    ).stderr
    assert "4 of 4 trials" in err


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5000"), (0.0, "0.0000"), (3e-5, "3e-05"), (2e7, "2e+07"), (-1.5, "-1.5000")],
)
def test_a_value_is_shown_to_four_places(value: float, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (380, "6 min 20 s"), (7260, "2 h 1 min")],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
