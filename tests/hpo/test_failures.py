"""Failure has a shape: what the user sees, and that nothing finished is lost."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pytest

from highnoon import HPOTrialManager, InfeasibleTrialError
from highnoon.exceptions import NoCompletedTrialError, SearchSpaceError, TooManyFailuresError
from highnoon.hpo import attributes
from highnoon.hpo.reading import study_summaries
from highnoon.hpo.states import trial_status

SPACE = {"x": ("uniform", 0.5, 1.0)}


def run(outcomes: list[Any], **options: Any) -> HPOTrialManager:
    """Run one trial per outcome: a value to return or an exception to raise."""
    hpo = HPOTrialManager(study_name="failures", **options)
    left = iter(outcomes)

    def objective(params: dict[str, float]) -> Any:
        outcome = next(left)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    counted = [each for each in outcomes if not isinstance(each, InfeasibleTrialError)]
    hpo.optimize(objective, SPACE, n_trials=len(counted))
    return hpo


def statuses(hpo: HPOTrialManager) -> list[str]:
    return [trial_status(trial) for trial in hpo.trials]


def test_an_exception_fails_its_trial_and_the_study_goes_on(
    url: str, said: Callable[[], str]
) -> None:
    hpo = run([1.0, ZeroDivisionError("by zero"), 2.0], storage=url)
    assert statuses(hpo) == ["completed", "failed", "completed"]
    failure = hpo.trials[1].user_attrs[attributes.FAILURE]
    assert failure["type"] == "ZeroDivisionError"
    assert failure["message"] == "by zero"
    assert "in objective" in failure["traceback"]
    assert "raise outcome" in failure["traceback"]
    assert "Trial 1 failed: ZeroDivisionError: by zero" in said()


@pytest.mark.parametrize(
    "returned", [None, "0.5", b"0.5", [1.0, 2.0], {}, 1j, np.ones(2), 10**400, object]
)
def test_a_return_value_that_is_no_number_fails_the_trial(returned: Any) -> None:
    hpo = run([returned, 1.0])
    assert statuses(hpo) == ["failed", "completed"]
    message = hpo.trials[0].user_attrs[attributes.FAILURE]["message"]
    assert message.startswith("the objective returned ")
    assert "it must return a number" in message


def test_an_object_that_refuses_to_become_a_number_fails_the_trial() -> None:
    class Lazy:
        def __float__(self) -> float:
            raise RuntimeError("not computed yet")

    assert statuses(run([Lazy(), 1.0])) == ["failed", "completed"]


@pytest.mark.parametrize("number", [1, True, np.float32(1), np.int64(1)])
def test_any_kind_of_number_is_a_value(number: Any) -> None:
    hpo = run([number])
    assert hpo.best_value == 1.0
    assert type(hpo.best_value) is float


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_value_that_is_not_finite_is_diverged_and_never_the_best(
    value: float, direction: Any
) -> None:
    hpo = run([3.0, value, 4.0], direction=direction)
    assert statuses(hpo) == ["completed", "diverged", "completed"]
    assert hpo.trials[1].user_attrs[attributes.DIVERGED] == str(value)
    assert hpo.best_value == (3.0 if direction == "minimize" else 4.0)


def test_a_trial_that_never_reports_completes() -> None:
    hpo = run([1.0] * 7)
    assert statuses(hpo) == ["completed"] * 7
    assert hpo.trials[-1].intermediate_values == {}


def test_when_nothing_completed_the_error_gives_the_reasons() -> None:
    with pytest.raises(NoCompletedTrialError) as caught:
        run([ValueError("bad shape"), math.nan, InfeasibleTrialError("too large"), KeyError("k")])
    message = str(caught.value)
    assert "'failures' completed: 2 failed, 1 diverged, 1 infeasible." in message
    assert "Trial 3, failed: KeyError: 'k'" in message
    assert "Trial 2, infeasible: too large" in message
    assert "Trial 1, diverged: nan" in message


def test_a_study_without_trials_says_what_to_do() -> None:
    with pytest.raises(NoCompletedTrialError, match=r"no trials yet. Run optimize\(\) first"):
        HPOTrialManager(study_name="s").best_trial  # noqa: B018


def test_five_failures_in_a_row_stop_the_study() -> None:
    with pytest.raises(TooManyFailuresError) as caught:
        run([1.0] + [OSError("disk full")] * 9)
    assert "Stopped after 5 failures in a row: all OSError." in str(caught.value)
    assert "Trial 5 said: disk full" in str(caught.value)
    assert "highnoon:failure" in str(caught.value)


def test_a_study_keeps_why_a_run_gave_up(url: str) -> None:
    with pytest.raises(TooManyFailuresError):
        run([OSError("disk full")] * 5, storage=url)
    (summary,) = study_summaries(url)
    assert (summary.status, summary.reason) == (
        "stopped",
        "after 5 failures in a row: all OSError",
    )
    run([1.0], storage=url)
    assert study_summaries(url)[0].reason is None


def test_failures_that_are_not_in_a_row_do_not() -> None:
    hpo = run([OSError("x")] * 4 + [1.0] + [OSError("x")] * 4)
    assert statuses(hpo).count("failed") == 8


def test_failures_of_several_kinds_are_counted_by_kind() -> None:
    errors = [OSError("a"), OSError("b"), ValueError("c"), OSError("d"), ValueError("e")]
    with pytest.raises(TooManyFailuresError, match="3 OSError, 2 ValueError"):
        run(errors)


def test_a_long_message_is_cut(url: str) -> None:
    hpo = run([ValueError("x" * 200_000), 1.0], storage=url)
    failure = hpo.trials[0].user_attrs[attributes.FAILURE]
    assert len(failure["message"]) + len(failure["traceback"]) < 30_000


def test_the_callback_of_the_guide_survives_trials_without_a_value(
    said: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    def on_trial_complete(study: Any, trial: Any) -> None:
        print(f"Trial {trial.number}: {trial.value:.4f}")  # noqa: T201
        print(f"  Params: {trial.params}")  # noqa: T201

    hpo = HPOTrialManager(study_name="guide")
    outcomes = iter([ValueError("no"), optuna.TrialPruned(), 2.0])

    def objective(params: dict[str, float]) -> float:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    hpo.optimize(objective, SPACE, n_trials=3, callbacks=[on_trial_complete])
    assert statuses(hpo) == ["failed", "pruned", "completed"]
    assert "Callback on_trial_complete failed on trial 0 (failed); the study goes on" in said()
    assert "Callback on_trial_complete failed on trial 1 (pruned)" in said()
    assert "Trial 2: 2.0000" in capsys.readouterr().out


def test_an_objective_may_declare_its_parameters_infeasible(said: Callable[[], str]) -> None:
    hpo = HPOTrialManager(study_name="s")
    calls = []

    def objective(params: dict[str, float]) -> float:
        calls.append(params)
        if len(calls) <= 2:
            raise InfeasibleTrialError("the model needs 90 GB")
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=2)
    assert statuses(hpo) == ["infeasible", "infeasible", "completed", "completed"]
    assert hpo.trials[0].user_attrs[attributes.INFEASIBLE] == "the model needs 90 GB"
    assert "Trial 0 is infeasible: the model needs 90 GB" in said()


def test_an_objective_that_refuses_everything_ends_the_run() -> None:
    def objective(params: dict[str, float]) -> float:
        raise InfeasibleTrialError("never.")

    with pytest.raises(SearchSpaceError, match=r"50 trials in a row were infeasible.*never"):
        HPOTrialManager(study_name="s", sampler="random").optimize(objective, SPACE)


def test_trials_failed_from_outside_while_they_run_do_not_kill_the_run(url: str) -> None:
    hpo = HPOTrialManager(study_name="s", storage=url)
    other = optuna.load_study(study_name="s", storage=url)

    def objective(params: dict[str, float]) -> float:
        running = [t for t in other.get_trials() if t.state.name == "RUNNING"]
        if len(other.get_trials()) <= 6:
            other.tell(running[0].number, state=optuna.trial.TrialState.FAIL)
            if len(other.get_trials()) == 6:
                raise ValueError("gone")
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=8)
    assert statuses(hpo) == ["failed"] * 6 + ["completed"] * 2
