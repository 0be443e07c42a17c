"""Which parameters matter, and how far that can be trusted."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest

import highnoon as hn
from highnoon import HPOTrialManager

SPACE = {"x": ("uniform", -1.0, 1.0), "noise": ("uniform", -1.0, 1.0)}


def square(params: dict[str, Any]) -> float:
    return params["x"] ** 2


def tuned(n_trials: int, space: Any = SPACE, objective: Any = square) -> HPOTrialManager:
    hpo = HPOTrialManager(study_name="s", sampler="random", seed=0)
    hpo.optimize(objective, space, n_trials=n_trials)
    return hpo


def test_the_parameter_that_matters_comes_first() -> None:
    importance = tuned(60).get_param_importance()
    assert list(importance) == ["x", "noise"]
    assert sum(importance.values()) == pytest.approx(1.0)
    assert importance["x"] > 0.8


def test_it_says_what_it_rests_on() -> None:
    importance = tuned(12).get_param_importance()
    assert importance.evaluator == "PED-ANOVA"
    assert importance.n_trials == 12
    assert repr(importance).startswith("<PED-ANOVA over 12 completed trials: x: ")


def test_a_handful_of_trials_gives_no_scores_and_says_why(said: Callable[[], str]) -> None:
    importance = tuned(9).get_param_importance()
    assert importance == {}
    assert "9 of 10 completed trials. With fewer, the order would be chance." in said()
    assert repr(importance) == "<PED-ANOVA over 9 completed trials: no scores>"


def test_equal_values_give_no_scores(said: Callable[[], str]) -> None:
    assert tuned(12, objective=lambda params: 1.0).get_param_importance() == {}
    assert "All 12 completed trials have the same value" in said()


def test_a_study_without_trials_gives_no_scores() -> None:
    assert HPOTrialManager(study_name="s").get_param_importance() == {}


def test_conditional_parameters_are_assessed_too() -> None:
    space = {
        "x": ("uniform", -1.0, 1.0),
        "opt": ("categorical", ["adam", "sgd"]),
        "momentum": hn.when(("uniform", 0.0, 1.0), opt="sgd"),
    }
    importance = tuned(40, space).get_param_importance()
    assert set(importance) == {"x", "opt", "momentum"}
    assert max(importance, key=importance.__getitem__) == "x"


def test_failed_and_diverged_trials_do_not_count() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="random", seed=0)

    def objective(params: dict[str, float]) -> float:
        if params["x"] > 0.8:
            raise ValueError("too large")
        return float("nan") if params["x"] > 0.4 else square(params)

    hpo.optimize(objective, SPACE, n_trials=40)
    completed = sum(trial.state.name == "COMPLETE" for trial in hpo.trials)
    assert 10 < hpo.get_param_importance().n_trials == completed < 40


def test_another_evaluator_may_be_given() -> None:
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.2)
    assert set(tuned(20).get_param_importance(evaluator=evaluator)) == {"x", "noise"}


def test_a_trial_of_another_tool_with_an_infinite_value_does_no_harm(url: str) -> None:
    study = optuna.create_study(
        study_name="s", storage=url, sampler=optuna.samplers.RandomSampler(seed=0)
    )
    study.optimize(
        lambda trial: trial.suggest_float("x", 0, 1) if trial.number else float("inf"), n_trials=15
    )
    importance = hn.StudyReader.open("s", url).get_param_importance()
    assert importance.n_trials == 14
