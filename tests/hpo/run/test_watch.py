"""The thread that watches over a study: whose trials it keeps alive, and what it goes on doing."""

import os
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

import highnoon as hn
from highnoon.hpo.states import trial_status

from .test_reaping import leave_dead

SPACE = {"x": ("uniform", -1.0, 1.0)}


def run_until(hpo: hn.HPOTrialManager, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120

    def objective(params: dict[str, float]) -> float:
        time.sleep(0.1)
        if condition() or time.monotonic() > deadline:
            hpo.study.stop()
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=10_000, show_progress=False)


def test_a_trial_that_could_not_be_given_back_is_not_kept_alive(url: str) -> None:
    hpo = hn.HPOTrialManager("s", storage=url, grace_period=2.0)
    database = sa.create_engine(url)

    def objective(params: dict[str, float]) -> float:
        with database.begin() as connection:
            connection.execute(sa.text("ALTER TABLE trials RENAME TO elsewhere"))
        raise KeyboardInterrupt

    with pytest.raises(BaseException, match="no such table"):
        hpo.optimize(objective, SPACE, n_trials=1, show_progress=False)
    with database.begin() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO trials"))
    assert trial_status(hpo.trials[0]) == "running"
    run_until(hpo, lambda: trial_status(hpo.trials[0]) != "running")
    assert trial_status(hpo.trials[0]) == "lost"


def test_trials_are_given_up_although_kept_results_cannot_be_delivered(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hpo = hn.HPOTrialManager("s", storage=url, grace_period=2.0)
    number = leave_dead(url, {"x": 0.5})

    def fail() -> None:
        raise OSError("the disk is gone")

    def given_up() -> bool:
        monkeypatch.setattr(hpo._watch.spool, "replay", fail)  # once the run has started
        return trial_status(hpo.trials[number]) != "running"

    run_until(hpo, given_up)
    assert trial_status(hpo.trials[number]) == "lost"
    assert caplog.text.count("the disk is gone") == 1


def test_a_run_starts_although_kept_results_cannot_be_delivered(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hpo = hn.HPOTrialManager("s", storage=url, grace_period=1.0)

    def fail() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(hpo._watch.spool, "replay", fail)
    run_until(hpo, lambda: len(hpo.trials) >= 15)
    assert {trial_status(trial) for trial in hpo.trials} == {"completed"}
    assert caplog.text.count("the disk is gone") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_keeps_its_own_trials_alive_and_not_its_parents(url: str, script) -> None:
    program = f"""
        import os, threading
        import highnoon as hn
        hpo = hn.HPOTrialManager("s", storage={url!r}, grace_period=1.0)
        trial = hpo.ask({SPACE!r})
        child = os.fork()
        if child == 0:
            before = set(hpo._watch._leases.held)
            own = hpo.ask({SPACE!r})
            watching = any(t.name == "highnoon-watch" for t in threading.enumerate())
            print(before, set(hpo._watch._leases.held), watching, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        hpo.tell(trial, 1.0)
    """
    done = script(program, environment={"PYTHONWARNINGS": "ignore"})
    assert done.stdout == "set() {1} True\n", done.stderr
