"""Configurations are checked when they are made, and say what is wrong."""

import pytest

from highnoon.config import Config, ModelConfig, TrainingConfig, config_from_trial
from highnoon.exceptions import ConfigError
from highnoon.hpo.presets import hsmn_search_space


def test_a_trials_names_reach_the_model_and_the_training() -> None:
    config = config_from_trial({"embedding_dim": 64, "learning_rate": 0.01, "top_k_experts": 1})
    assert (config.model.embedding_dim, config.model.top_k_experts) == (64, 1)
    assert config.training.learning_rate == 0.01


@pytest.mark.parametrize(
    ("alias", "field", "value"),
    [
        ("num_blocks", "num_reasoning_blocks", 3),
        ("num_layers", "num_reasoning_blocks", 3),
        ("num_experts", "num_moe_experts", 6),
        ("hidden_dim", "embedding_dim", 48),
        ("dropout", "dropout_rate", 0.2),
    ],
)
def test_short_names_set_their_field(alias: str, field: str, value: float) -> None:
    assert getattr(config_from_trial({alias: value}).model, field) == value


def test_use_dropout_false_turns_dropout_off() -> None:
    assert config_from_trial({"dropout": 0.3, "use_dropout": False}).model.dropout_rate == 0.0
    assert config_from_trial({"dropout": 0.3, "use_dropout": True}).model.dropout_rate == 0.3


def test_every_name_of_the_hsmn_search_space_is_known() -> None:
    first = {
        name: entry[1][0] if entry[0] == "categorical" else entry[1]
        for name, entry in hsmn_search_space().items()
    }
    config = config_from_trial(first)
    assert config.training.warmup_steps == 500


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"'learning_rte'.*Did you mean 'learning_rate'"):
        config_from_trial({"learning_rte": 0.1})


def test_two_names_for_one_field_are_refused() -> None:
    with pytest.raises(ConfigError, match="num_blocks and num_layers both set"):
        config_from_trial({"num_blocks": 2, "num_layers": 3})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("embedding_dim", 100),
        ("embedding_dim", 0),
        ("num_reasoning_blocks", 0),
        ("num_reasoning_blocks", 2.5),
        ("dropout_rate", 1.0),
        ("dropout_rate", "a lot"),
        ("vocab_size", 1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("batch_size", True),
        ("optimizer", "lion"),
        ("max_seq_length", 1),
        ("gradient_clip", -1.0),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_name(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"{name} must be .*got {value!r}"):
        config_from_trial({name: value})


def test_more_experts_per_token_than_experts_are_refused_with_the_constraint_to_add() -> None:
    with pytest.raises(ConfigError, match="top_k_experts <= num_moe_experts"):
        ModelConfig(num_moe_experts=2, top_k_experts=4)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'tny' is not among the presets\. Did you mean 'tiny'"):
        config_from_trial({}, base="tny")


def test_a_configuration_round_trips_through_json() -> None:
    config = Config(ModelConfig(embedding_dim=64), TrainingConfig(optimizer="sgd"))
    assert Config.from_dict(config.to_dict()) == config
