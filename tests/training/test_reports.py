"""What a Trainer tells the trial that it runs in, and the stages of a study's best trial."""

import logging
import math
from collections.abc import Callable
from typing import Any

import optuna
import pytest

import highnoon as hn
from highnoon.hpo._context import RunningTrial, current_trial
from highnoon.models import HSMN
from highnoon.training import Trainer, TrainingSummary
from highnoon.training.curriculum import FEWEST_EVALUATIONS

ModelOf = Callable[..., HSMN]

SPACE = {"learning_rate": ("log_uniform", 1e-3, 1e-1)}


def train(model: HSMN, steps: int = 16, **given) -> TrainingSummary:
    trainer = Trainer(model, **given)
    trainer.add_curriculum_stage("only", ["numbers"], steps=steps)
    return trainer.train()


def tuned(objective, n_trials: int = 1, **given) -> hn.HPOTrialManager:
    hpo = hn.HPOTrialManager(seed=0, **given)
    hpo.optimize(objective, SPACE, n_trials=n_trials)
    return hpo


def test_a_trial_is_told_the_held_out_loss_at_every_evaluation(model_of: ModelOf) -> None:
    summaries = []

    def objective(params: dict) -> float:
        summaries.append(train(model_of(), **params))
        return summaries[-1]["stages_completed"][-1]["final_loss"]

    (trial,) = tuned(objective).trials
    (stage,) = summaries[0]["stages_completed"]
    reported = {e["number"]: e["loss"] for e in stage["evaluations"]}
    assert trial.intermediate_values == reported
    assert len(reported) >= FEWEST_EVALUATIONS
    assert reported[max(reported)] == stage["final_loss"] == trial.value
    for series in ("train_loss", "bits_per_byte", "tokens_per_second"):
        kept = trial.user_attrs[f"highnoon:series:{series}"]
        assert kept["steps"] == list(reported)
    assert kept["values"][-1] == pytest.approx(stage["tokens_per_second"])
    for series, total in (("epoch", "epochs"), ("tokens", "tokens"), ("seconds", "seconds")):
        values = trial.user_attrs[f"highnoon:series:{series}"]["values"]
        assert values == sorted(values)
        assert values[-1] == pytest.approx(stage[total])


def test_evaluations_are_numbered_over_all_stages(model_of: ModelOf) -> None:
    def objective(params: dict) -> float:
        trainer = Trainer(model_of())
        trainer.add_curriculum_stage("first", ["numbers"], steps=8)
        trainer.add_curriculum_stage("second", ["more_numbers"], steps=8)
        summaries.append(trainer.train())
        return summaries[-1]["stages_completed"][-1]["final_loss"]

    summaries: list[Any] = []
    (trial,) = tuned(objective).trials
    assert list(trial.intermediate_values) == list(range(1, 9))
    tokens = trial.user_attrs["highnoon:series:tokens"]["values"]
    assert tokens == sorted(tokens)
    assert tokens[-1] == sum(stage["tokens"] for stage in summaries[0]["stages_completed"])


def test_a_trial_that_trains_twice_counts_on(model_of: ModelOf) -> None:
    def objective(params: dict) -> float:
        train(model_of())
        return train(model_of())["stages_completed"][-1]["final_loss"]

    assert list(tuned(objective).trials[0].intermediate_values) == list(range(1, 17))


def test_a_trial_that_should_stop_is_pruned_in_the_middle_of_training(model_of: ModelOf) -> None:
    finished = []

    def objective(params: dict) -> float:
        summary = train(model_of(), learning_rate=0.01 if len(finished) < 5 else 1e-6)
        finished.append(summary)
        return summary["stages_completed"][-1]["final_loss"]

    trials = tuned(objective, n_trials=6).trials
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 5 + ["PRUNED"]
    assert len(finished) == 5
    assert len(trials[-1].intermediate_values) < FEWEST_EVALUATIONS


def test_pruning_leaves_the_model_as_far_as_it_was_trained(model_of: ModelOf) -> None:
    class Impatient:
        """A trial that is pruned at its third report."""

        number = 0
        reports = 0

        def report(self, value: float, step: int, **series: float) -> None:
            raise AssertionError("a library does not report by hand")

        def report_automatically(self, value: float, step: int, **series: float) -> None:
            self.reports += 1

        def should_prune(self) -> bool:
            return self.reports == 3

        def set_attr(self, name: str, value: object) -> None:
            pass

    def trained(trial: RunningTrial | None, steps: int) -> HSMN:
        model = model_of()
        token = current_trial.set(trial)
        try:
            train(model, steps=steps)
        except optuna.TrialPruned:
            pass
        finally:
            current_trial.reset(token)
        return model

    pruned, short = trained(Impatient(), steps=16), trained(None, steps=6)
    assert hn.evaluate(pruned, "numbers") == hn.evaluate(short, "numbers")


def test_a_run_that_diverges_marks_its_trial(model_of: ModelOf) -> None:
    def objective(params: dict) -> float:
        wild = {"learning_rate": 1e20, "optimizer": "sgd", "gradient_clip": 1e20}
        given = wild if not losses else params
        losses.append(train(model_of(), **given)["stages_completed"][-1]["final_loss"])
        return losses[-1]

    losses: list[float] = []
    hpo = tuned(objective, n_trials=2)
    assert math.isnan(losses[0])
    assert hpo.best_value == losses[1]


def test_outside_a_trial_nothing_is_reported(model: HSMN) -> None:
    assert math.isfinite(train(model)["stages_completed"][-1]["final_loss"])


def objective_on_numbers(model_of: ModelOf, losses: list[float]) -> Callable[[dict], float]:
    def objective(params: dict) -> float:
        trainer = Trainer(model_of(), learning_rate=params["learning_rate"])
        trainer.add_curriculum_stage("first", ["more_numbers"], steps=3)
        trainer.add_curriculum_stage("second", ["numbers"])
        summary = trainer.train(epochs_per_stage=2)
        losses.append(summary["stages_completed"][-1]["final_loss"])
        return losses[-1]

    return objective


def test_the_best_hyperparameters_of_a_study_train_on_its_best_trials_stages(
    model_of: ModelOf, caplog: pytest.LogCaptureFixture
) -> None:
    losses: list[float] = []
    hpo = hn.HPOTrialManager(study_name="with_stages", seed=0, pruner="none")
    best_params = hpo.optimize(objective_on_numbers(model_of, losses), SPACE, n_trials=2)
    with caplog.at_level(logging.INFO, "highnoon"):
        summary = Trainer(model_of(), **best_params).train()
    assert [stage["name"] for stage in summary["stages_completed"]] == ["first", "second"]
    assert summary["stages_completed"][-1]["final_loss"] == min(losses)
    number = losses.index(min(losses))
    assert f"training on those of trial {number}, the best one of study 'with_stages'" in (
        caplog.text
    )


@pytest.mark.parametrize("change", [{"learning_rate": 0.5}, {"learning_rate": None}])
def test_other_hyperparameters_do_not_train_on_the_stages_of_a_study(
    change: dict, model_of: ModelOf
) -> None:
    hpo = hn.HPOTrialManager(seed=0)
    best_params = hpo.optimize(objective_on_numbers(model_of, []), SPACE, n_trials=1)
    with pytest.raises(hn.HighNoonError, match=r"nothing to train on.*add_curriculum_stage"):
        Trainer(model_of(), **{**best_params, **change}).train()


def test_a_model_of_another_architecture_does_not_train_on_the_stages_of_a_study(
    model_of: ModelOf,
) -> None:
    def objective(params: dict) -> float:
        return train(model_of(num_experts=params["num_experts"]))["stages_completed"][-1][
            "final_loss"
        ]

    hpo = hn.HPOTrialManager(seed=0)
    hpo.optimize(objective, {"num_experts": ("categorical", [3])}, n_trials=1)
    assert Trainer(model_of(num_experts=3)).train()["stages_completed"][0]["name"] == "only"
    with pytest.raises(hn.HighNoonError, match="nothing to train on"):
        Trainer(model_of(num_experts=2)).train()


def test_a_parameter_of_a_studys_best_trial_is_accepted_with_its_value(model_of: ModelOf) -> None:
    def objective(params: dict) -> float:
        return train(model_of())["stages_completed"][-1]["final_loss"]

    hpo = hn.HPOTrialManager(seed=0)
    space = {"data_mix": ("categorical", [["a", "b"]]), **SPACE}
    best_params = hpo.optimize(objective, space, n_trials=1)
    assert best_params["data_mix"] == ["a", "b"]
    assert Trainer(model_of(), **best_params).training.learning_rate
    with pytest.raises(hn.HighNoonError, match="'data_mix' is not among"):
        Trainer(model_of(), **{**best_params, "data_mix": ["a"]})
