"""A script that ends ends its background run, says so, and leaves no trial behind."""

import subprocess
import sys
from pathlib import Path

import highnoon as hn
from highnoon.hpo.states import trial_status

SCRIPT = """
import time, threading
import highnoon as hn
hpo = hn.HPOTrialManager("s", storage="sqlite:///s.db")
started = threading.Event()
def objective(params):
    for step in range(1000):
        hpo.report(params["x"], step)
        if step == 1 and len(hpo.study.get_trials(deepcopy=False)) == 3:
            started.set()
        if step > 20 and not started.is_set():
            return params["x"]
        time.sleep(0.01)
        if hpo.should_prune():
            raise hpo.TrialPruned
hpo.start(objective, {"x": ("uniform", 0.0, 1.0)})
started.wait()
"""


def test_the_running_trial_is_given_back_and_the_finished_ones_are_kept(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, timeout=180
    )
    assert ended.returncode == 0, ended.stderr
    assert "Call wait() on its handle to let it finish." in ended.stderr
    trials = hn.StudyReader.open("s", f"sqlite:///{tmp_path / 's.db'}").trials
    assert [trial_status(t) for t in trials] == ["completed", "completed", "lost", "queued"]
