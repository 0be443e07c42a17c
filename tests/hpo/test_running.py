"""How long a run goes on, and what it runs."""

import threading
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.samplers import RandomSampler

import highnoon as hn
from highnoon import HPOTrialManager
from highnoon.exceptions import (
    ConfigError,
    NoCompletedTrialError,
    SearchSpaceError,
    StudyError,
)
from highnoon.hpo import attributes
from highnoon.hpo.space import SearchSpace
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS, wait_until

SPACE = {"x": ("uniform", -1.0, 1.0), "n": ("int", 1, 4)}


def square(params: dict[str, Any]) -> float:
    return params["x"] ** 2


def test_the_constructor_says_how_many_trials() -> None:
    hpo = HPOTrialManager(study_name="s", n_trials=4)
    hpo.optimize(square, SPACE)
    assert len(hpo.trials) == 4


def test_optimize_overrides_it_and_adds() -> None:
    hpo = HPOTrialManager(study_name="s", n_trials=4)
    hpo.optimize(square, SPACE, n_trials=2)
    hpo.optimize(square, SPACE, n_trials=3)
    assert len(hpo.trials) == 5


def test_total_trials_counts_the_study_over_all_workers(url: str) -> None:
    HPOTrialManager(study_name="s", storage=url).optimize(square, SPACE, n_trials=3)
    second = HPOTrialManager(study_name="s", storage=url)
    second.optimize(square, SPACE, total_trials=5)
    assert len(second.trials) == 5
    second.optimize(square, SPACE, total_trials=5)
    assert len(second.trials) == 5


def test_a_timeout_starts_no_new_trial() -> None:
    hpo = HPOTrialManager(study_name="s")
    hpo.optimize(square, SPACE, timeout=1.0, n_trials=100_000)
    assert 0 < len(hpo.trials) < 100_000


@pytest.mark.parametrize(
    "wrong",
    [{"n_trials": -1}, {"n_trials": 2.0}, {"total_trials": 0}, {"timeout": 0}, {"timeout": "1 h"}],
)
def test_a_wrong_limit_is_refused_by_name(wrong: dict[str, Any]) -> None:
    hpo = HPOTrialManager(study_name="s")
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        hpo.optimize(square, SPACE, **wrong)
    assert hpo.trials == []


@pytest.mark.parametrize("objective", [None, 3, "square"])
def test_an_objective_that_is_no_function_is_refused(objective: Any) -> None:
    with pytest.raises(ConfigError, match="objective must be a function"):
        HPOTrialManager(study_name="s").optimize(objective, SPACE)


@pytest.mark.parametrize("callbacks", [print, [print, 3]])
def test_callbacks_that_are_no_list_of_functions_are_refused(callbacks: Any) -> None:
    with pytest.raises(ConfigError, match="callbacks must be a list of functions"):
        HPOTrialManager(study_name="s").optimize(square, SPACE, callbacks=callbacks)


def test_an_objective_may_change_its_dict() -> None:
    hpo = HPOTrialManager(study_name="s", seed=0)

    def objective(params: dict[str, Any]) -> float:
        return params.pop("x") ** 2

    best = hpo.optimize(objective, SPACE, n_trials=2)
    assert set(best) == {"x", "n"}


def test_an_enqueued_configuration_runs_first() -> None:
    hpo = HPOTrialManager(study_name="s")
    hpo.enqueue({"x": 0.25, "n": 3}, SPACE)
    hpo.optimize(square, SPACE, n_trials=1)
    assert hpo.trials[0].params == {"x": 0.25, "n": 3}


def test_what_is_left_out_of_an_enqueued_configuration_is_drawn() -> None:
    hpo = HPOTrialManager(study_name="s")
    hpo.enqueue({"x": 0.25}, SPACE)
    hpo.optimize(square, SPACE, n_trials=1)
    assert hpo.trials[0].params["x"] == 0.25
    assert hpo.trials[0].params["n"] in range(1, 5)


@pytest.mark.parametrize(
    ("params", "message"), [({"x": 2.0}, '"x"'), ({"z": 1}, "z"), ({"n": 1.5}, '"n"')]
)
def test_a_wrong_enqueued_configuration_is_refused(params: dict[str, Any], message: str) -> None:
    hpo = HPOTrialManager(study_name="s")
    with pytest.raises(SearchSpaceError, match=message):
        hpo.enqueue(params, SPACE)
    assert hpo.trials == []


def test_enqueue_without_a_space_says_so() -> None:
    with pytest.raises(StudyError, match="no search space yet"):
        HPOTrialManager(study_name="s").enqueue({"x": 1.0})


def test_an_enqueued_configuration_that_violates_a_constraint_is_refused() -> None:
    space = SearchSpace.parse({"a": ("int", 1, 9), "b": ("int", 1, 9)}, ["a <= b"])
    hpo = HPOTrialManager(study_name="s")
    with pytest.raises(SearchSpaceError, match="violates a <= b"):
        hpo.enqueue({"a": 5, "b": 2}, space)


def test_a_partial_configuration_is_drawn_until_it_fits_the_constraints() -> None:
    space = SearchSpace.parse({"a": ("int", 1, 50), "b": ("int", 1, 50)}, ["a <= b"])
    hpo = HPOTrialManager(study_name="s", seed=0)
    hpo.enqueue({"a": 48}, space)
    hpo.optimize(lambda p: p["b"], space, n_trials=1)
    assert hpo.best_params["a"] == 48
    assert hpo.best_params["b"] >= 48


def test_infeasible_draws_are_recorded_never_trained_and_not_counted() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="random", seed=1)
    seen = []

    def objective(params: dict[str, Any]) -> float:
        seen.append(params)
        return params["a"]

    space = {"a": ("int", 1, 9), "b": ("int", 1, 9)}
    hpo.optimize(objective, space, n_trials=10, constraints=["a <= b"])
    states = [trial_status(trial) for trial in hpo.trials]
    assert states.count("completed") == len(seen) == 10
    assert states.count("infeasible") == len(states) - 10 > 0
    assert all(params["a"] <= params["b"] for params in seen)
    refused = hpo.trials[states.index("infeasible")]
    assert refused.user_attrs[attributes.INFEASIBLE] == "violates a <= b"


def test_constraints_that_nothing_satisfies_end_the_run() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="random")
    space = {"a": ("int", 5, 9), "b": ("int", 1, 4)}
    with pytest.raises(SearchSpaceError, match=r"1000 draws in a row.*a <= b"):
        hpo.optimize(lambda p: 0.0, space, constraints=["a <= b"])


def test_conditional_parameters_reach_the_objective_only_when_active() -> None:
    space = {
        "optimizer": ("categorical", ["adam", "sgd"]),
        "momentum": hn.when(("uniform", 0.0, 0.99), optimizer="sgd"),
    }
    seen = []

    def objective(params: dict[str, Any]) -> float:
        seen.append(params)
        return params.get("momentum", 0.5)

    HPOTrialManager(study_name="s", seed=0).optimize(objective, space, n_trials=20)
    assert {params["optimizer"] for params in seen} == {"adam", "sgd"}
    assert all(("momentum" in params) == (params["optimizer"] == "sgd") for params in seen)


def test_stop_in_a_callback_ends_the_run_after_the_trial() -> None:
    hpo = HPOTrialManager(study_name="s")

    def stop_at_two(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if trial.number == 2:
            study.stop()

    hpo.optimize(square, SPACE, callbacks=[stop_at_two])
    assert len(hpo.trials) == 3
    hpo.optimize(square, SPACE, n_trials=1)
    assert len(hpo.trials) == 4


def test_callbacks_run_for_failed_and_pruned_trials_of_this_call_only(
    url: str, said: Callable[[], str]
) -> None:
    HPOTrialManager(study_name="s", storage=url).optimize(square, SPACE, n_trials=2)
    hpo = HPOTrialManager(study_name="s", storage=url)
    seen = []

    def objective(params: dict[str, Any]) -> float:
        if len(seen) == 0:
            raise ValueError("no")
        if len(seen) == 1:
            raise hpo.TrialPruned
        return 0.0

    hpo.optimize(
        objective,
        SPACE,
        n_trials=3,
        callbacks=[lambda study, trial: seen.append((trial.number, trial.state.name))],
    )
    assert seen == [(2, "FAIL"), (3, "PRUNED"), (4, "COMPLETE")]


class LowestSampler(RandomSampler):
    """Draws the lowest value of every range, again and again, from the second trial on when told.

    Attributes:
        may_go_on: Set by the test.
    """

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()

    def sample_independent(self, study, trial, param_name, param_distribution) -> int:
        if trial.number == 1:
            assert self.may_go_on.wait(WAIT_SECONDS)
        return param_distribution.low


def test_stop_ends_a_run_that_finds_nothing_feasible() -> None:
    sampler = LowestSampler()
    hpo = HPOTrialManager(study_name="s", sampler=sampler)
    space = {"a": ("int", 1, 9), "b": ("int", 1, 9)}
    handle = hpo.start(square, space, constraints=["a + b > 2"])
    wait_until(lambda: len(hpo.trials) == 2)
    handle.stop()
    sampler.may_go_on.set()
    with pytest.raises(NoCompletedTrialError, match="infeasible"):
        handle.wait(WAIT_SECONDS)
    assert len(hpo.trials) == 2


def test_start_refuses_an_argument_that_optimize_does_not_have() -> None:
    hpo = HPOTrialManager(study_name="s")
    with pytest.raises(TypeError, match="unexpected keyword argument 'n_trial'"):
        hpo.start(square, SPACE, n_trial=3)  # type: ignore[call-arg]
    assert hpo.trials == []
