"""Ctrl-C and SIGTERM, sent to real processes that tune."""

import signal
import sys
import textwrap
from pathlib import Path

import pytest

from highnoon import HPOTrialManager
from highnoon.hpo import attributes
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS, StartPython

SPACE = {"x": ("uniform", -1.0, 1.0)}

PROGRAM = """
import os, sys, time
import highnoon as hn

hpo = hn.HPOTrialManager(study_name="s", storage="sqlite:///hpo.db", seed=0)
finish = int(sys.argv[1])

def objective(params):
    if len(hpo.trials) > finish:
        print("sleeping", flush=True)
        time.sleep(600)
    return params["x"] ** 2

best = hpo.optimize(objective, {"x": ("uniform", -1.0, 1.0)}, n_trials=10)
print("best", best == hpo.best_params, flush=True)
"""


def interrupted(
    start_python: StartPython,
    folder: Path,
    number: signal.Signals,
    *,
    finish: int,
    program: str = PROGRAM,
) -> tuple[int, str, str]:
    """Start the program, send the signal once its objective sleeps, return how it ended.

    The program may wait for the file `sent`, which is there once the signal was sent.
    """
    process = start_python("-c", program, str(finish))
    assert process.stdout is not None
    assert process.stdout.readline() == "sleeping\n"
    process.send_signal(number)
    (folder / "sent").touch()
    out, err = process.communicate(timeout=WAIT_SECONDS)
    return process.returncode, out, err


def states(url: str) -> list[str]:
    return [trial_status(trial) for trial in HPOTrialManager(study_name="s", storage=url).trials]


def test_ctrl_c_gives_the_trial_back_and_returns_the_best(
    start_python: StartPython, tmp_path: Path, url: str
) -> None:
    code, out, err = interrupted(start_python, tmp_path, signal.SIGINT, finish=3)
    assert (code, out) == (0, "best True\n")
    assert (
        "Interrupted. 3 finished trials are kept. Trial 3 was given back: "
        "the next optimize() tries it again. Returning the best so far."
    ) in err
    assert "Traceback" not in err
    assert states(url) == ["completed"] * 3 + ["lost", "queued"]

    hpo = HPOTrialManager(study_name="s", storage=url)
    seen = []

    def objective(params: dict[str, float]) -> float:
        seen.append(dict(params))
        return params["x"]

    hpo.optimize(objective, SPACE, n_trials=1)
    given_back, retried = hpo.trials[3:5]
    assert given_back.user_attrs[attributes.INTERRUPTED] == "SIGINT"
    assert retried.user_attrs[attributes.RETRY_OF] == 3
    assert seen == [given_back.params]
    assert trial_status(retried) == "completed"


def test_sigterm_gives_the_trial_back_and_ends_the_program(
    start_python: StartPython, tmp_path: Path, url: str
) -> None:
    code, out, err = interrupted(start_python, tmp_path, signal.SIGTERM, finish=1)
    assert (code, out) == (128 + signal.SIGTERM, "")
    assert "Terminated. 1 finished trial is kept. Trial 1 was given back" in err
    assert states(url) == ["completed", "lost", "queued"]


def test_ctrl_c_before_anything_completed_goes_through(
    start_python: StartPython, tmp_path: Path, url: str
) -> None:
    code, out, err = interrupted(start_python, tmp_path, signal.SIGINT, finish=0)
    assert code == -signal.SIGINT
    assert out == ""
    assert "Interrupted. 0 finished trials are kept. Trial 0 was given back" in err
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert states(url) == ["lost", "queued"]


def test_a_signal_in_a_callback_waits_for_it_and_loses_nothing(
    start_python: StartPython, tmp_path: Path, url: str
) -> None:
    program = PROGRAM.replace(
        "n_trials=10)",
        "n_trials=10, callbacks=[wait])",
    ).replace(
        "best =",
        textwrap.dedent("""
            def wait(study, trial):
                if trial.number == 2:
                    print("sleeping", flush=True)
                    while not os.path.exists("sent"):
                        time.sleep(0.01)
                    print("written", flush=True)

            best ="""),
        1,
    )
    code, out, err = interrupted(start_python, tmp_path, signal.SIGINT, finish=9, program=program)
    assert (code, out) == (0, "written\nbest True\n")
    assert "Interrupted. 3 finished trials are kept. Returning the best so far." in err
    assert states(url) == ["completed"] * 3


def test_the_handlers_are_put_back_after_a_run() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    HPOTrialManager(study_name="s").optimize(lambda params: 1.0, SPACE, n_trials=1)
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_exit_of_the_objective_gives_the_trial_back() -> None:
    def objective(params: dict[str, float]) -> float:
        sys.exit(3)

    hpo = HPOTrialManager(study_name="s")
    with pytest.raises(SystemExit) as caught:
        hpo.optimize(objective, SPACE, n_trials=2)
    assert caught.value.code == 3
    assert [trial_status(trial) for trial in hpo.trials] == ["lost", "queued"]


def test_a_trial_that_someone_else_finished_is_not_given_back(url: str) -> None:
    hpo = HPOTrialManager(study_name="s", storage=url)
    other = HPOTrialManager(study_name="s", storage=url)

    def objective(params: dict[str, float]) -> float:
        if len(hpo.trials) == 2:
            other.study.tell(1, 7.0)
            raise KeyboardInterrupt
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=2)
    assert [trial_status(trial) for trial in hpo.trials] == ["completed", "completed"]
    assert hpo.trials[1].value == 7.0
