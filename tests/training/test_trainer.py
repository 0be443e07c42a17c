"""The Trainer: hyperparameters, stages, and what a run returns."""

import logging
import math
from collections.abc import Callable

import keras
import pytest

from highnoon import _notices
from highnoon.data import register_dataset
from highnoon.exceptions import ConfigError, DatasetError, ModelTooLargeError, TrainingError
from highnoon.models import HSMN, create_model
from highnoon.training import StageSummary, Trainer, evaluate
from highnoon.training.engine import _idle

ModelOf = Callable[..., HSMN]


def train(model: HSMN, steps: int = 12, seed: int | None = None, **given) -> StageSummary:
    trainer = Trainer(model, seed=seed, **given)
    trainer.add_curriculum_stage("only", ["numbers"], steps=steps)
    return trainer.train()["stages_completed"][-1]


def test_the_final_loss_is_the_held_out_loss_of_the_trained_model(model: HSMN) -> None:
    stage = train(model)
    assert stage["final_loss"] == pytest.approx(evaluate(model, "numbers"), rel=1e-6)
    assert stage["final_loss"] != stage["training_loss"]


def test_training_lowers_the_held_out_loss(model: HSMN) -> None:
    before = evaluate(model, "numbers")
    assert before == pytest.approx(math.log(260), rel=0.05)
    stage = train(model, steps=60)
    assert stage["final_loss"] < 0.6 * before
    losses = [evaluation["loss"] for evaluation in stage["evaluations"]]
    assert losses[-1] == stage["final_loss"] < losses[3] < losses[0]


def test_a_summary_accounts_for_every_step_and_token(model: HSMN) -> None:
    trainer = Trainer(model)
    trainer.add_curriculum_stage("first", ["numbers"], epochs=2)
    trainer.add_curriculum_stage("second", ["more_numbers"], steps=3, max_seq_length=64)
    summary = trainer.train()
    first, second = summary["stages_completed"]
    assert [first["name"], second["name"]] == ["first", "second"]
    assert first["epochs"] == 2
    assert first["tokens"] == first["steps"] * 4 * 32
    assert (second["steps"], second["tokens"]) == (3, 3 * 4 * 64)
    assert 0 < second["epochs"] < 1
    for stage in (first, second):
        assert stage["bits_per_byte"] == pytest.approx(
            stage["final_loss"] / math.log(2), rel=0.02
        )  # a token is a byte, but for the ends of documents
        assert stage["tokens_per_second"] >= stage["tokens"] / stage["seconds"]
    assert summary["seconds"] == first["seconds"] + second["seconds"]
    assert not summary["diverged"]


def test_an_epoch_is_one_pass_over_the_data_in_windows(model: HSMN) -> None:
    register_dataset("exact", ["x" * 1023], held_out=["y" * 100])  # 1025 tokens with the ends
    trainer = Trainer(model)
    trainer.add_curriculum_stage("only", ["exact"])
    stage = trainer.train(epochs_per_stage=3)["stages_completed"][0]
    assert stage["steps"] == 3 * math.ceil(math.ceil(1025 / 32) / 4)


def test_the_same_seed_gives_the_same_loss(model_of: ModelOf) -> None:
    first, again = train(model_of(), seed=3), train(model_of(), seed=3)
    assert first["final_loss"] == again["final_loss"]
    assert first["training_loss"] == again["training_loss"]
    assert train(model_of(), seed=4)["final_loss"] != first["final_loss"]


def test_the_seed_governs_dropout_too(model_of: ModelOf) -> None:
    losses = [
        train(model_of(dropout_rate=0.2), seed=seed, steps=4)["final_loss"] for seed in (3, 3, 4)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_a_run_without_a_seed_is_repeatable(model_of: ModelOf) -> None:
    assert train(model_of())["final_loss"] == train(model_of(), seed=0)["final_loss"]


def test_a_compiled_step_that_is_used_again_gives_the_same_loss(model_of: ModelOf) -> None:
    _idle.clear()
    fresh = train(model_of())
    train(model_of(), learning_rate=0.1, weight_decay=0.9, aux_loss_weight=3.0)
    assert len(_idle) == 1
    assert train(model_of())["final_loss"] == fresh["final_loss"]


def test_models_of_one_architecture_do_not_disturb_each_other(model_of: ModelOf) -> None:
    first, second = model_of(), model_of()
    untrained = evaluate(second, "numbers")
    train(first)
    trained = evaluate(first, "numbers")
    assert evaluate(second, "numbers") == untrained
    train(second, learning_rate=1e-5)
    assert evaluate(first, "numbers") == trained


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 0.02},
        {"batch_size": 5},
        {"optimizer": "adam"},
        {"optimizer": "sgd"},
        {"warmup_steps": 10},
        {"gradient_clip": 0.05},
        {"weight_decay": 0.5},
        {"aux_loss_weight": 5.0},
        {"max_seq_length": 40},
    ],
    ids=lambda change: "-".join(map(str, *change.items())),
)
def test_every_training_hyperparameter_changes_the_result(change: dict, model_of: ModelOf) -> None:
    assert train(model_of(), **change)["final_loss"] != train(model_of())["final_loss"]


def test_hyperparameters_that_are_not_given_come_from_the_configuration(model_of: ModelOf) -> None:
    given = train(model_of(), learning_rate=0.02, warmup_steps=5)
    configured = train(model_of(learning_rate=0.02, warmup_steps=5))
    assert given["final_loss"] == configured["final_loss"]


def test_names_of_the_model_that_agree_with_it_are_accepted(model: HSMN) -> None:
    trainer = Trainer(
        model, embedding_dim=16, hidden_dim=16, num_blocks=1, dropout=0.0, use_dropout=True
    )
    assert trainer.training == model.config.training


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"embedding_dim": 32}, "embedding_dim=32 disagrees with the model, which has 16"),
        ({"num_blocks": 3}, "num_blocks=3 disagrees with the model, which has 1"),
        ({"warmup_step": 3}, "'warmup_step' is not among .*Did you mean 'warmup_steps'"),
        ({"learning_rate": -1.0}, "learning_rate must be a number above 0, got -1.0"),
        ({"optimizer": "lion"}, "optimizer must be one of adamw, adam, sgd, got 'lion'"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"replace": 1}, "'replace' is not among"),
    ],
)
def test_a_wrong_hyperparameter_is_refused(given: dict, message: str, model: HSMN) -> None:
    with pytest.raises(ConfigError, match=message):
        Trainer(model, **given)


def test_a_dropout_rate_that_is_turned_off_agrees_with_a_model_without_dropout(
    model: HSMN,
) -> None:
    trainer = Trainer(model, dropout=0.3, use_dropout=False)
    assert trainer.training == model.config.training


def test_leaving_out_dropout_disagrees_with_a_model_that_has_it(model_of: ModelOf) -> None:
    with pytest.raises(ConfigError, match=r"use_dropout=False.*0\.1"):
        Trainer(model_of(dropout_rate=0.1), use_dropout=False)


def test_an_unknown_dataset_is_refused_when_the_stage_is_added(model: HSMN) -> None:
    with pytest.raises(DatasetError, match=r"'number'.*Did you mean 'numbers'"):
        Trainer(model).add_curriculum_stage("only", ["number"])


@pytest.mark.parametrize("given", [{"epochs_per_stage": 0}, {"log_interval": 0}])
def test_a_wrong_number_given_to_train_is_refused(given: dict, model: HSMN) -> None:
    trainer = Trainer(model)
    trainer.add_curriculum_stage("only", ["numbers"])
    with pytest.raises(ConfigError, match="must be an integer of at least 1, got 0"):
        trainer.train(**given)


def test_without_a_stage_there_is_an_error_that_shows_how_to_add_one(model: HSMN) -> None:
    weights = [weight.value.numpy() for weight in model.weights]
    with pytest.raises(TrainingError, match=r'trainer.add_curriculum_stage\("foundation", datas'):
        Trainer(model).train()
    assert all(
        (before == after.value.numpy()).all()
        for before, after in zip(weights, model.weights, strict=True)
    )


def test_a_dataset_smaller_than_a_batch_trains(model: HSMN) -> None:
    register_dataset("small", ["abcdefgh" * 5], held_out=["abcdefgh"])
    trainer = Trainer(model)
    trainer.add_curriculum_stage("only", ["small"], epochs=2)
    stage = trainer.train()["stages_completed"][0]
    assert stage["steps"] == 2
    assert math.isfinite(stage["final_loss"])


def test_the_weight_of_a_dataset_says_how_often_an_epoch_reads_it(model: HSMN) -> None:
    steps = {}
    for weight in (1, 2):
        trainer = Trainer(model)
        trainer.add_curriculum_stage(
            "mixed", ["numbers", "more_numbers"], epochs=1, weight={"numbers": weight}
        )
        steps[weight] = trainer.train()["stages_completed"][0]["steps"]
    assert 1.4 < steps[2] / steps[1] < 1.6


def test_a_vocabulary_above_260_is_trained_on_the_stages_text(model_of: ModelOf) -> None:
    model = model_of(vocab_size=400)
    stage = train(model)
    assert model.tokenizer.vocab_size == 400
    assert stage["final_loss"] == pytest.approx(evaluate(model, "numbers"), rel=1e-6)
    tokens = model.tokenizer.encode("125 and 125 is 250.\n")
    assert len(tokens) < 15
    bits = evaluate(model, "numbers", metric="bits_per_byte")
    assert stage["bits_per_byte"] == pytest.approx(bits, rel=1e-6)
    assert bits < 0.7 * stage["final_loss"] / math.log(2)  # a token is more than a byte


def test_a_loss_that_is_no_longer_finite_ends_training_early(
    model: HSMN, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "highnoon"):
        trainer = Trainer(model, learning_rate=1e20, optimizer="sgd", gradient_clip=1e20)
        trainer.add_curriculum_stage("first", ["numbers"], steps=100)
        trainer.add_curriculum_stage("second", ["numbers"], steps=100)
        summary = trainer.train()
    (stage,) = summary["stages_completed"]
    assert summary["diverged"]
    assert math.isnan(stage["final_loss"])
    assert stage["steps"] <= 20
    assert "no longer finite" in caplog.text


def test_a_warm_up_longer_than_the_run_is_honoured_and_warned_about_once(
    model_of: ModelOf, caplog: pytest.LogCaptureFixture
) -> None:
    _notices._said.clear()
    with caplog.at_level(logging.WARNING, "highnoon"):
        long = train(model_of(), warmup_steps=1000)
        train(model_of(), warmup_steps=2000)
    assert caplog.text.count("warmup_steps is more than the steps of the run") == 1
    assert long["final_loss"] > train(model_of(), warmup_steps=12)["final_loss"]


def test_progress_is_logged_at_the_interval(model: HSMN, caplog: pytest.LogCaptureFixture) -> None:
    trainer = Trainer(model)
    trainer.add_curriculum_stage("only", ["numbers"], steps=9)
    with caplog.at_level(logging.INFO, "highnoon"):
        trainer.train(log_interval=4)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(",")[0] for line in lines if "step" in line] == [
        "Stage 'only': step 4 of 9",
        "Stage 'only': step 8 of 9",
    ]


def test_a_training_that_does_not_fit_in_memory_is_refused(model: HSMN) -> None:
    trainer = Trainer(model, batch_size=10**7)
    trainer.add_curriculum_stage("only", ["numbers"])
    with pytest.raises(ModelTooLargeError, match="batch_size=10000000 and max_seq_length=32"):
        trainer.train()


def test_training_twice_goes_on_from_the_trained_weights(model: HSMN) -> None:
    trainer = Trainer(model)
    trainer.add_curriculum_stage("only", ["numbers"], steps=20)
    first, second = (trainer.train()["stages_completed"][0]["final_loss"] for _ in range(2))
    assert second < first


def test_a_keras_seed_makes_an_unseeded_model_repeatable(model_of: ModelOf) -> None:
    losses = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        losses.append(train(create_model(model_of().config), steps=2)["final_loss"])
    assert losses[0] == losses[1]
