"""The distributions of the initial weights."""

import keras
import numpy as np
import pytest

from highnoon.models.initializers import Initializers


def test_a_normal_has_the_deviation_of_its_fan_in() -> None:
    values = np.asarray(Initializers(0).normal(400, scale=0.5)((200, 200)))
    assert values.std() == pytest.approx(0.5 / 20, rel=0.05)


def test_every_initializer_draws_other_values() -> None:
    initializers = Initializers(0)
    first, second = (np.asarray(initializers.normal(4)((50,))) for _ in range(2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.5


def test_one_seed_gives_one_sequence_of_values() -> None:
    first, second = (np.asarray(Initializers(3).uniform(0, 1)((5,))) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_without_a_seed_keras_global_seed_decides() -> None:
    drawn = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        drawn.append(np.asarray(Initializers().log_of_uniform(1, 16)((5,))))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert np.any(drawn[0] != drawn[2])


def test_log_of_uniform_and_inverse_softplus_lie_in_their_ranges() -> None:
    initializers = Initializers(0)
    a = np.exp(initializers.log_of_uniform(1, 16)((1000,)))
    assert a.min() >= 1 - 1e-5
    assert a.max() <= 16 + 1e-4
    assert a.mean() == pytest.approx(8.5, rel=0.1)
    step = np.log1p(np.exp(initializers.inverse_softplus(1e-3, 0.1)((1000,))))
    assert np.log(step).mean() == pytest.approx(np.log(1e-2), rel=0.05)
    assert step.min() >= 1e-3 * 0.999
    assert step.max() <= 0.1 * 1.001
