"""`highnoon worker`, as a batch system runs it."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

import highnoon as hn
from highnoon.cli import main
from highnoon.exceptions import ConfigError, StudyError
from highnoon.hpo import attributes
from highnoon.hpo.states import trial_status
from highnoon.hpo.worker import join_study
from tests.processes import WAIT_SECONDS, StartPython, wait_until

MODULE = '''
import hashlib, os, time
from pathlib import Path
import highnoon as hn

SPACE = {"x": ("uniform", -1.0, 1.0)}

def quick(params):
    return params["x"] ** 2

def broken(params):
    raise RuntimeError("no data here")

def sleeps(params):
    Path("started").touch()
    time.sleep(600)

def never_returns_to_python(params):
    """Stays in a call that lets other threads run, and signal handlers not."""
    Path("started").touch()
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 500_000_000)

def holds_on(params):
    """Ignores the first sign of the end."""
    Path("started").touch()
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
'''

StartWorker = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_worker(start_python: StartPython, tmp_path: Path, url: str) -> StartWorker:
    """Start `highnoon worker s` in `tmp_path`."""
    (tmp_path / "train_it.py").write_text(MODULE)

    def start(objective: str, *more: str, storage: str = url) -> "subprocess.Popen[str]":
        command = ["-m", "highnoon.cli", "worker", "s", "--storage", storage]
        return start_python(*command, "--objective", f"train_it:{objective}", *more)

    return start


def create(url: str, **options) -> hn.HPOTrialManager:
    hpo = hn.HPOTrialManager("s", storage=url, **options)
    hpo.optimize(lambda p: 1.0, {"x": ("uniform", -1.0, 1.0)}, n_trials=1, show_progress=False)
    return hpo


def test_workers_share_a_budget_and_say_what_they_do(database_url: str, start_worker) -> None:
    hpo = create(database_url)
    workers = [start_worker("quick", "--total-trials", "9", storage=database_url) for _ in range(2)]
    for worker in workers:
        _, err = worker.communicate(timeout=WAIT_SECONDS)
        assert worker.returncode == 0, err
        assert "The worker ends after" in err
        assert "Traceback" not in err
    statuses = [trial_status(trial) for trial in hpo.trials]
    assert set(statuses) == {"completed"}
    assert 9 <= len(statuses) <= 10


def test_a_worker_waits_for_the_study_obeys_and_ends_when_it_is_stopped(
    url: str, start_worker
) -> None:
    worker = start_worker("quick", "--wait")
    assert worker.stderr is not None
    assert "Waiting: There is no database at" in worker.stderr.readline()
    hpo = create(url)
    wait_until(lambda: len(hpo.trials) > 5)
    hn.StudyControl("s", url).stop()
    _, err = worker.communicate(timeout=WAIT_SECONDS)
    assert worker.returncode == 0
    assert "completed" in err


@pytest.mark.parametrize("objective", ["sleeps", "never_returns_to_python", "holds_on"])
def test_sigterm_gives_the_trial_back_within_a_second(
    url: str, tmp_path: Path, start_worker, objective: str
) -> None:
    hpo = create(url)
    worker = start_worker(objective)
    wait_until((tmp_path / "started").exists)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=WAIT_SECONDS)
    assert worker.returncode == 128 + signal.SIGTERM
    ended, retry = hpo.trials[1:]
    assert ended.user_attrs[attributes.INTERRUPTED] == "SIGTERM"
    assert retry.user_attrs[attributes.RETRY_OF] == 1
    assert retry.state == optuna.trial.TrialState.WAITING


def test_a_trial_that_was_told_to_stop_is_not_given_back_on_sigterm(
    url: str, tmp_path: Path, start_worker
) -> None:
    hpo = create(url)
    worker = start_worker("sleeps")
    wait_until((tmp_path / "started").exists)
    hpo.stop_trial(1)  # which it need not have looked for yet when the signal comes
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=WAIT_SECONDS)
    assert worker.returncode == 128 + signal.SIGTERM
    assert [trial_status(trial) for trial in hpo.trials] == ["completed", "pruned"]
    assert attributes.STOPPED in hpo.trials[1].user_attrs


def test_a_second_sigterm_kills(url: str, tmp_path: Path, start_worker) -> None:
    create(url)
    worker = start_worker("holds_on")
    wait_until((tmp_path / "started").exists)

    def ends() -> bool:
        worker.send_signal(signal.SIGTERM)
        return worker.poll() is not None

    wait_until(ends)
    worker.communicate()
    assert worker.returncode == -signal.SIGKILL


def test_a_worker_whose_trials_all_fail_ends_with_the_reason(url: str, start_worker) -> None:
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.ask({"x": ("uniform", -1.0, 1.0)})
    worker = start_worker("broken", "--n-trials", "2")
    _, err = worker.communicate(timeout=WAIT_SECONDS)
    assert worker.returncode == 1
    assert "no data here" in err.splitlines()[-1]


def test_a_worker_that_is_stopped_before_anything_completed_is_no_failure(
    url: str, tmp_path: Path, start_worker
) -> None:
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.tell(hpo.ask({"x": ("uniform", -1.0, 1.0)}), pruned=True)
    hpo.pause()
    worker = start_worker("quick")
    assert worker.stderr is not None
    while "Paused by" not in (line := worker.stderr.readline()):
        assert line
    hpo.stop()
    _, err = worker.communicate(timeout=WAIT_SECONDS)
    assert worker.returncode == 0
    assert "The worker ends after 0 trials." in err


def test_a_worker_draws_as_the_study_was_set_up(url: str) -> None:
    create(url, sampler="random", pruner="percentile", pruner_options={"percentile": 50.0})
    hpo, space = join_study("s", url)
    assert isinstance(hpo.study.sampler, optuna.samplers.RandomSampler)
    assert isinstance(hpo.study.pruner, optuna.pruners.PercentilePruner)
    assert hpo.study.pruner._percentile == 50.0
    assert space.distributions.keys() == {"x"}
    hpo, _ = join_study("s", url, sampler="tpe", pruner="none")
    assert isinstance(hpo.study.sampler, optuna.samplers.TPESampler)
    assert isinstance(hpo.study.pruner, optuna.pruners.NopPruner)


def test_a_study_of_stock_optuna_is_drawn_from_by_default(url: str) -> None:
    optuna.create_study(study_name="s", storage=url)
    create(url)
    hpo, _ = join_study("s", url)
    assert isinstance(hpo.study.sampler, optuna.samplers.TPESampler)


def test_a_sampler_object_is_not_guessed(url: str) -> None:
    create(url, sampler=optuna.samplers.NSGAIISampler())
    with pytest.raises(ConfigError, match=r"NSGAIISampler\. Say which to use here: --sampler"):
        join_study("s", url)
    hpo, _ = join_study("s", url, sampler="random")
    assert isinstance(hpo.study.sampler, optuna.samplers.RandomSampler)


def test_a_study_that_nobody_has_run_says_so(url: str) -> None:
    hn.HPOTrialManager("s", storage=url)
    with pytest.raises(StudyError, match="has no search space yet"):
        join_study("s", url)


def test_objects_as_choices_come_from_the_space(url: str) -> None:
    choices = {"f": ("categorical", [len, max])}
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.optimize(lambda p: 1.0, choices, n_trials=1, show_progress=False)
    joined, space = join_study("s", url, search_space=choices)
    seen = []
    joined.n_trials = 1
    joined.optimize(lambda p: seen.append(p["f"]) or 1.0, space, show_progress=False)
    assert seen[0] in (len, max)


def test_a_study_that_is_not_there_is_an_error(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other_module.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    command = ["worker", "s", "--storage", url, "--objective", "other_module:quick"]
    assert main([*command, "--wait", "0.1"]) == 1
    assert "There is no database at" in capsys.readouterr().err
    assert not (tmp_path / "hpo.db").exists()
