"""Residual blocks and the change of resolution."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from highnoon.config import ModelConfig
from highnoon.models.blocks import (
    Downsample,
    MambaBlock,
    ReasoningBlock,
    Upsample,
    residual_scale,
)

CONFIG = ModelConfig(embedding_dim=16, pooling_rate=3)


def sequence(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, length, 16)).astype("float32")


def test_downsample_sees_each_group_of_positions_and_no_other() -> None:
    layer, x = Downsample(CONFIG), sequence(12)
    before, changed = layer(x).numpy(), x.copy()
    changed[:, 5] += 1.0
    differs = np.any(layer(changed).numpy() != before, axis=(0, 2))
    assert differs.tolist() == [False, True, False, False]


def test_upsample_shows_a_coarse_position_first_where_its_last_token_stands() -> None:
    layer, x = Upsample(CONFIG), sequence(4)
    before, changed = layer(x).numpy(), x.copy()
    changed[:, 1] += 1.0
    differs = np.any(layer(changed).numpy() != before, axis=(0, 2))
    assert np.flatnonzero(differs).tolist() == [5, 6, 7]  # tokens 3, 4 and 5 make up position 1


def test_down_and_up_restore_the_length() -> None:
    down, up = Downsample(CONFIG), Upsample(CONFIG)
    coarse = down(sequence(12))
    assert coarse.shape == down.compute_output_shape((2, 12, 16)) == (2, 4, 16)
    assert up(coarse).shape == up.compute_output_shape((2, 4, 16)) == (2, 12, 16)


@pytest.mark.parametrize("dropout_rate", [0.0, 0.5])
def test_dropout_acts_on_the_branches_in_training_only(dropout_rate: float) -> None:
    keras.utils.set_random_seed(0)
    x = sequence(20)
    config = CONFIG.replace(dropout_rate=dropout_rate)
    mamba, reasoning = MambaBlock(config), ReasoningBlock(config)
    for run in (mamba, lambda x, training: reasoning(x, training=training)[0]):
        still, training = run(x, training=False).numpy(), run(x, training=True).numpy()
        assert np.array_equal(still, training) == (dropout_rate == 0)
        np.testing.assert_array_equal(still, run(x, training=False))


def test_dropout_drops_the_share_it_is_given() -> None:
    keras.utils.set_random_seed(0)
    block = MambaBlock(CONFIG.replace(dropout_rate=0.25))
    x = sequence(100)
    assert np.mean(block(x, training=True).numpy() == x) == pytest.approx(0.25, abs=0.03)


def test_residual_outputs_start_smaller_the_deeper_the_model() -> None:
    deep = CONFIG.replace(num_reasoning_blocks=16)
    assert residual_scale(deep) == pytest.approx((2 * 18) ** -0.5)
    keras.utils.set_random_seed(0)
    x = tf.constant(sequence(30))
    added = [float(tf.math.reduce_std(MambaBlock(c)(x) - x)) for c in (CONFIG, deep)]
    assert added[1] == pytest.approx(added[0] * (6 / 18) ** 0.5, rel=0.3)


@pytest.mark.parametrize("layer", [MambaBlock, ReasoningBlock, Downsample, Upsample])
def test_it_can_be_rebuilt_from_its_configuration(layer: type) -> None:
    first = layer(CONFIG)
    again = layer.from_config(first.get_config())
    assert again.config == CONFIG
    assert again.get_config() == first.get_config()
