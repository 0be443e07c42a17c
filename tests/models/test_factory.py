"""Building models from presets, configurations and hyperparameters."""

import random

import keras
import numpy as np
import psutil
import pytest

from highnoon.config import Config, ModelConfig, TrainingConfig
from highnoon.exceptions import ConfigError, InfeasibleTrialError, ModelTooLargeError
from highnoon.models import create_model
from highnoon.models.factory import available_bytes

TINY = ModelConfig(embedding_dim=16, num_reasoning_blocks=1)


def weights(model: keras.Model) -> np.ndarray:
    return np.concatenate([np.ravel(w) for w in model.get_weights()])


def test_a_preset_can_be_changed_by_any_known_name() -> None:
    model = create_model("tiny", num_blocks=1, num_experts=3, learning_rate=0.5, hidden_dim=16)
    assert model.config.model.num_reasoning_blocks == 1
    assert model.config.model.num_moe_experts == 3
    assert model.config.model.embedding_dim == 16
    assert model.config.training.learning_rate == 0.5
    assert len(model.reasoning) == 1


def test_a_configuration_is_kept_whole() -> None:
    config = Config(TINY, TrainingConfig(batch_size=2))
    assert create_model(config).config == config
    assert create_model(TINY).config == Config(TINY)


def test_the_model_is_built() -> None:
    assert create_model(TINY).built
    assert len(create_model(TINY).trainable_variables) > 10


def test_one_seed_gives_one_set_of_weights() -> None:
    first, again, other = (weights(create_model(TINY, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_a_seed_leaves_the_global_generators_alone() -> None:
    keras.utils.set_random_seed(5)
    expected = random.random(), np.random.rand()
    keras.utils.set_random_seed(5)
    create_model(TINY, seed=1)
    assert (random.random(), np.random.rand()) == expected


def test_models_start_alike_unless_told_otherwise() -> None:
    np.testing.assert_array_equal(weights(create_model(TINY)), weights(create_model(TINY)))


def test_with_seed_none_keras_global_generator_decides() -> None:
    drawn = []
    for seed in (7, 7, None):
        if seed is not None:
            keras.utils.set_random_seed(seed)
        drawn.append(weights(create_model(TINY, seed=None)))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert np.any(drawn[1] != drawn[2])


def test_a_model_that_will_not_fit_is_refused_with_numbers_and_advice() -> None:
    with pytest.raises(ModelTooLargeError) as error:
        create_model("base", embedding_dim=65_536)
    assert "GiB" in str(error.value)
    assert "embedding_dim" in str(error.value)
    assert isinstance(error.value, InfeasibleTrialError)


def test_a_step_that_will_not_fit_is_blamed_on_the_step() -> None:
    with pytest.raises(ModelTooLargeError, match=r"batch_size 1000000.* Lower batch_size"):
        create_model(TINY, batch_size=1_000_000)


def test_unknown_names_are_errors_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'num_experts'"):
        create_model("tiny", num_expert=3)
    with pytest.raises(ConfigError, match="Did you mean 'small'"):
        create_model("smal")


def test_available_memory_is_what_the_machine_has_left() -> None:
    assert 0 < available_bytes() <= psutil.virtual_memory().total
