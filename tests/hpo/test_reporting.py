"""Reports of a running trial, and the pruner that goes by them."""

import math
import threading
from typing import Any

import pytest

from highnoon import HPOTrialManager, TrialPruned
from highnoon.hpo import attributes
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS

SPACE = {"x": ("uniform", 0.0, 1.0)}


def test_reports_are_kept_by_step() -> None:
    hpo = HPOTrialManager(study_name="s")

    def objective(params: dict[str, float]) -> float:
        for epoch in range(3):
            hpo.report(3.0 - epoch, epoch)
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=1)
    assert hpo.trials[0].intermediate_values == {0: 3.0, 1: 2.0, 2: 1.0}


def test_further_series_are_kept_and_do_not_prune(url: str) -> None:
    hpo = HPOTrialManager(study_name="s", storage=url)

    def objective(params: dict[str, float]) -> float:
        hpo.report(1.0, 0, train_loss=0.5, tokens_per_second=100)
        hpo.report(0.9, 1, train_loss=math.nan)
        return 0.9

    hpo.optimize(objective, SPACE, n_trials=1)
    attrs = hpo.trials[0].user_attrs
    assert attrs[attributes.SERIES + "train_loss"] == {"steps": [0, 1], "values": [0.5, None]}
    assert attrs[attributes.SERIES + "tokens_per_second"] == {"steps": [0], "values": [100.0]}
    assert hpo.trials[0].intermediate_values == {0: 1.0, 1: 0.9}


def test_a_bad_trial_is_pruned_by_the_default_pruner() -> None:
    hpo = HPOTrialManager(study_name="s")
    values = iter([1.0] * 6 + [9.0])

    def objective(params: dict[str, float]) -> float:
        value = next(values)
        for epoch in range(3):
            hpo.report(value, epoch)
            if hpo.should_prune():
                raise hpo.TrialPruned()
        return value

    hpo.optimize(objective, SPACE, n_trials=7)
    assert [trial_status(trial) for trial in hpo.trials] == ["completed"] * 6 + ["pruned"]


def test_trial_pruned_is_optunas_own() -> None:
    assert HPOTrialManager.TrialPruned is TrialPruned


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_report_that_is_not_finite_asks_to_stop_and_marks_the_trial(value: float) -> None:
    hpo = HPOTrialManager(study_name="s", pruner="none")
    asked = []

    def objective(params: dict[str, float]) -> float:
        hpo.report(1.0, 0)
        hpo.report(value, 1)
        asked.append(hpo.should_prune())
        if len(hpo.trials) == 1:
            raise hpo.TrialPruned
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=2)
    assert asked == [True, True]
    first, second = hpo.trials
    assert trial_status(first) == "diverged"
    assert first.intermediate_values[1] == math.inf
    assert trial_status(second) == "completed"


def test_the_worst_value_of_a_study_that_maximizes_is_minus_infinity() -> None:
    hpo = HPOTrialManager(study_name="s", direction="maximize", pruner="none")

    def objective(params: dict[str, float]) -> float:
        hpo.report(1.0 if params["x"] == 0.5 else math.nan, 0)
        if hpo.should_prune():
            raise TrialPruned
        return 1.0

    hpo.enqueue({"x": 0.5}, SPACE)
    hpo.optimize(objective, SPACE, n_trials=2)
    assert hpo.trials[1].intermediate_values == {0: -math.inf}


def test_a_trial_that_recovers_is_not_diverged() -> None:
    hpo = HPOTrialManager(study_name="s", pruner="none")

    def objective(params: dict[str, float]) -> float:
        hpo.report(math.inf, 0)
        hpo.report(1.0, 1)
        if hpo.should_prune():
            raise hpo.TrialPruned
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=1)
    assert trial_status(hpo.trials[0]) == "completed"


def test_diverged_trials_do_not_blind_the_pruner() -> None:
    hpo = HPOTrialManager(study_name="s", pruner_options={"n_startup_trials": 2})
    reports = iter([math.nan, 1.0, 1.0, math.nan, 2.0])

    def objective(params: dict[str, float]) -> float:
        value = next(reports)
        hpo.report(value, 0)
        if hpo.should_prune():
            raise hpo.TrialPruned
        return value

    hpo.optimize(objective, SPACE, n_trials=5)
    states = [trial_status(trial) for trial in hpo.trials]
    assert states == ["diverged", "completed", "completed", "diverged", "pruned"]


def test_a_step_reported_twice_warns_and_keeps_the_first() -> None:
    hpo = HPOTrialManager(study_name="s")

    def objective(params: dict[str, float]) -> float:
        hpo.report(1.0, 0, extra=1.0)
        with pytest.warns(UserWarning, match="reported step 0 twice; the first value is kept") as w:
            hpo.report(2.0, 0, extra=2.0)
        assert w[0].filename == __file__
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=1)
    assert hpo.trials[0].intermediate_values == {0: 1.0}
    assert hpo.trials[0].user_attrs[attributes.SERIES + "extra"]["values"] == [1.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1.0", 0), "reported value must be a number, got '1.0'"),
        ((None, 0), "reported value must be a number, got None"),
        ((1.0, 0.5), "step of a report must be an integer, got 0.5"),
        ((1.0, True), "step of a report must be an integer, got True"),
    ],
)
def test_a_wrong_report_fails_the_trial_and_says_why(arguments: Any, message: str) -> None:
    hpo = HPOTrialManager(study_name="s")

    def objective(params: dict[str, float]) -> float:
        if len(hpo.trials) == 1:
            hpo.report(*arguments)
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=2)
    assert message in hpo.trials[0].user_attrs[attributes.FAILURE]["message"]


def test_each_thread_reports_to_its_own_trial_whichever_manager_is_asked() -> None:
    hpo: HPOTrialManager
    both_run = threading.Barrier(2, timeout=WAIT_SECONDS)
    managers = {name: HPOTrialManager(study_name=name, pruner="none") for name in ("a", "b")}

    def objective_of(value: float) -> Any:
        def objective(params: dict[str, float]) -> float:
            for step in range(5):
                both_run.wait()
                hpo.report(value, step)
                hpo.set_attr("mine", value)
            return value

        return objective

    hpo = managers["a"]
    handles = [
        manager.start(objective_of(value), SPACE, n_trials=3)
        for value, manager in enumerate(managers.values())
    ]
    hpo = managers["b"]
    for handle in handles:
        handle.wait(WAIT_SECONDS)
    for value, manager in enumerate(managers.values()):
        for trial in manager.trials:
            assert trial.intermediate_values == dict.fromkeys(range(5), float(value))
            assert trial.user_attrs["mine"] == value


def test_outside_a_trial_nothing_happens_with_one_notice_each(script: Any) -> None:
    done = script("""
        import highnoon as hn
        hpo = hn.HPOTrialManager(study_name="s")
        def objective(params):
            for step in range(3):
                hpo.report(1.0, step)
                hpo.set_attr("a", 1)
                if hpo.should_prune():
                    raise hpo.TrialPruned()
            return 1.0
        print(objective({"x": 1}))
    """)
    assert done.stdout == "1.0\n"
    assert done.stderr.count("hpo.report() was called outside a trial; it does nothing there.") == 1
    assert len(done.stderr.splitlines()) == 3


def test_set_attr_keeps_a_value_with_the_trial(url: str) -> None:
    hpo = HPOTrialManager(study_name="s", storage=url)

    def objective(params: dict[str, float]) -> float:
        hpo.set_attr("layers", [1, {"a": None}])
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=1)
    assert hpo.trials[0].user_attrs["layers"] == [1, {"a": None}]


def test_a_completed_trials_infinite_report_does_not_blind_the_pruner() -> None:
    hpo = HPOTrialManager(study_name="recovered", pruner="median", sampler="random", seed=0)
    answers = []

    def objective(params: dict[str, float]) -> float:
        number = len(answers)
        hpo.report(float("inf") if number < 4 else 5.0, 0)
        answers.append(hpo.should_prune())
        hpo.report(1.0, 1)
        return 1.0

    hpo.optimize(objective, {"x": ("uniform", 0.0, 1.0)}, n_trials=8)
    assert [trial.intermediate_values[0] for trial in hpo.trials[:5]] == [1.0] * 4 + [5.0]
    assert answers[5:] == [True, True, True]
