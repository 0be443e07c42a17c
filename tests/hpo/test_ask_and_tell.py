"""Loops that cannot be an objective, and runs in the background."""

import threading
from typing import Any

import pytest

from highnoon import HPOTrialManager
from highnoon.exceptions import ConfigError, NoCompletedTrialError, StudyError, TooManyFailuresError
from highnoon.hpo import attributes
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS

SPACE = {"x": ("uniform", -1.0, 1.0), "c": ("categorical", [[1], [2]])}


def test_a_trial_is_asked_for_and_told() -> None:
    hpo = HPOTrialManager(study_name="s")
    trial = hpo.ask(SPACE)
    assert trial.number == 0
    assert trial.params["c"] in ([1], [2])
    finished = hpo.tell(trial, 0.5)
    assert finished.value == 0.5
    assert hpo.best_params == trial.params


def test_a_known_space_need_not_be_given_again(url: str) -> None:
    HPOTrialManager(study_name="s", storage=url).ask(SPACE)
    assert set(HPOTrialManager(study_name="s", storage=url).ask().params) == {"x", "c"}


def test_a_space_is_needed_at_first() -> None:
    with pytest.raises(StudyError, match="no search space yet"):
        HPOTrialManager(study_name="s").ask()


def test_in_a_with_block_it_is_the_running_trial() -> None:
    hpo = HPOTrialManager(study_name="s", pruner="none")
    with hpo.ask(SPACE) as trial:
        hpo.report(1.0, 0, extra=2.0)
        hpo.set_attr("a", 1)
        assert not hpo.should_prune()
    hpo.tell(trial, 1.0)
    assert hpo.trials[0].intermediate_values == {0: 1.0}
    assert hpo.trials[0].user_attrs["a"] == 1
    assert hpo.trials[0].user_attrs[attributes.SERIES + "extra"]["values"] == [2.0]


def test_a_trial_may_be_told_pruned_failed_or_diverged() -> None:
    hpo = HPOTrialManager(study_name="s")
    hpo.tell(hpo.ask(SPACE), pruned=True)
    hpo.tell(hpo.ask(), error=ValueError("no"))
    hpo.tell(hpo.ask(), float("nan"))
    assert [trial_status(t) for t in hpo.trials] == ["pruned", "failed", "diverged"]
    assert hpo.trials[1].user_attrs[attributes.FAILURE]["message"] == "no"


def test_telling_again_changes_nothing(said: Any) -> None:
    hpo = HPOTrialManager(study_name="s")
    trial = hpo.ask(SPACE)
    first = hpo.tell(trial, 1.0)
    assert hpo.tell(trial, 2.0) is first
    assert hpo.tell(trial, error=ValueError("late")).state.name == "COMPLETE"
    assert hpo.best_value == 1.0
    assert "late" not in said()


@pytest.mark.parametrize(
    "told", [{}, {"value": 1.0, "pruned": True}, {"pruned": True, "error": ValueError()}]
)
def test_exactly_one_outcome_is_told(told: dict[str, Any]) -> None:
    hpo = HPOTrialManager(study_name="s")
    trial = hpo.ask(SPACE)
    with pytest.raises(ConfigError, match="takes a value, pruned=True or error="):
        hpo.tell(trial, **told)
    assert hpo.trials[0].state.name == "RUNNING"


def test_several_trials_may_be_open_at_once() -> None:
    hpo = HPOTrialManager(study_name="s")
    first, second = hpo.ask(SPACE), hpo.ask()
    hpo.tell(second, 2.0)
    hpo.tell(first, 1.0)
    assert [trial.value for trial in hpo.trials] == [1.0, 2.0]


def test_what_is_asked_for_satisfies_the_constraints() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="random", seed=0)
    for _ in range(10):
        trial = hpo.ask({"a": ("int", 1, 9), "b": ("int", 1, 9)}, constraints=["a < b"])
        assert trial.params["a"] < trial.params["b"]
        hpo.tell(trial, 0.0)


def test_a_run_in_the_background_returns_what_optimize_does() -> None:
    hpo = HPOTrialManager(study_name="s", n_trials=3)
    go = threading.Event()

    def objective(params: dict[str, Any]) -> float:
        go.wait(WAIT_SECONDS)
        return params["x"]

    handle = hpo.start(objective, SPACE)
    assert handle.running
    assert repr(handle) == "<RunHandle running>"
    with pytest.raises(TimeoutError, match=r"goes on after 0.01 s. Call stop\(\)"):
        handle.wait(timeout=0.01)
    go.set()
    assert handle.wait(WAIT_SECONDS) == hpo.best_params
    assert not handle.running
    assert len(hpo.trials) == 3
    assert repr(handle) == "<RunHandle finished>"


def test_wrong_arguments_raise_at_the_start() -> None:
    with pytest.raises(ConfigError, match="n_trials"):
        HPOTrialManager(study_name="s").start(lambda p: 0.0, SPACE, n_trials=0)


def test_stop_ends_the_run_after_the_running_trial() -> None:
    hpo = HPOTrialManager(study_name="s")
    started, go = threading.Event(), threading.Event()

    def objective(params: dict[str, Any]) -> float:
        started.set()
        go.wait(WAIT_SECONDS)
        return 1.0

    handle = hpo.start(objective, SPACE)
    started.wait(WAIT_SECONDS)
    handle.stop()
    go.set()
    handle.wait(WAIT_SECONDS)
    assert [trial_status(trial) for trial in hpo.trials] == ["completed"]


def test_stop_now_gives_the_running_trial_back_at_its_next_report(url: str) -> None:
    hpo = HPOTrialManager(study_name="s", storage=url, pruner="none")
    started, go = threading.Event(), threading.Event()

    def objective(params: dict[str, Any]) -> float:
        if len(hpo.trials) == 2:
            started.set()
            go.wait(WAIT_SECONDS)
        hpo.report(1.0, 0)
        if hpo.should_prune():
            raise hpo.TrialPruned
        return 1.0

    handle = hpo.start(objective, SPACE)
    started.wait(WAIT_SECONDS)
    handle.stop(now=True)
    go.set()
    handle.wait(WAIT_SECONDS)
    states = [trial_status(trial) for trial in hpo.trials]
    assert states == ["completed", "lost", "queued"]
    assert hpo.trials[1].user_attrs[attributes.INTERRUPTED] == "stop"
    hpo.optimize(lambda params: 2.0, SPACE, n_trials=1)
    assert trial_status(hpo.trials[2]) == "completed"
    assert hpo.trials[2].params == hpo.trials[1].params
    assert hpo.trials[2].user_attrs[attributes.RETRY_OF] == 1


def test_what_goes_wrong_in_the_background_is_raised_by_wait() -> None:
    def objective(params: dict[str, Any]) -> float:
        raise ValueError("no")

    hpo = HPOTrialManager(study_name="s")
    handle = hpo.start(objective, SPACE, n_trials=2)
    with pytest.raises(NoCompletedTrialError, match="2 failed"):
        handle.wait(WAIT_SECONDS)
    assert repr(handle) == "<RunHandle failed>"
    with pytest.raises(TooManyFailuresError):
        hpo.start(objective, SPACE, n_trials=9).wait(120)
