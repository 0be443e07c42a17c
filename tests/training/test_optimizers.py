"""Optimizers against their published update rules, written out in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from highnoon.config import TrainingConfig
from highnoon.exceptions import CheckpointError
from highnoon.training.optimizers import Optimizer

RATE, DECAY, STEPS = 0.1, 0.5, 4


def variables() -> list[tf.Variable]:
    return [tf.Variable([[1.0, -2.0], [0.5, 3.0]]), tf.Variable([1.0, -1.0])]


def gradients(step: int) -> list[np.ndarray]:
    return [np.array([[0.1, -0.3], [0.2, step]]), np.array([-0.1 * step, 0.4])]


def run(**settings) -> tuple[list[np.ndarray], Optimizer]:
    training = TrainingConfig(
        **{"learning_rate": RATE, "weight_decay": DECAY, "gradient_clip": 1e9, **settings}
    )
    trained = variables()
    optimizer = Optimizer(trained, training.optimizer)
    optimizer.begin(training)
    for step in range(1, STEPS + 1):
        optimizer.apply([tf.constant(gradient, tf.float32) for gradient in gradients(step)])
    return [variable.numpy() for variable in trained], optimizer


def adam(decay: float, rates=(RATE,) * STEPS, scale=lambda gradients: 1.0) -> list[np.ndarray]:
    weights = [variable.numpy().astype(float) for variable in variables()]
    means = [np.zeros_like(weight) for weight in weights]
    squares = [np.zeros_like(weight) for weight in weights]
    for step, rate in enumerate(rates, start=1):
        factor = scale(gradients(step))
        for i, gradient in enumerate(gradients(step)):
            g = gradient * factor
            means[i] = 0.9 * means[i] + 0.1 * g
            squares[i] = 0.95 * squares[i] + 0.05 * g * g
            if weights[i].ndim == 2:
                weights[i] -= rate * decay * weights[i]
            corrected = means[i] / (1 - 0.9**step)
            weights[i] -= rate * corrected / (np.sqrt(squares[i] / (1 - 0.95**step)) + 1e-8)
    return weights


def assert_close(actual: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_adamw_decays_matrices_and_not_vectors() -> None:
    assert_close(run(optimizer="adamw")[0], adam(DECAY))


def test_adam_does_not_decay() -> None:
    assert_close(run(optimizer="adam")[0], adam(0.0))


def test_sgd_has_momentum() -> None:
    weights = [variable.numpy().astype(float) for variable in variables()]
    speeds = [np.zeros_like(weight) for weight in weights]
    for step in range(1, STEPS + 1):
        for i, gradient in enumerate(gradients(step)):
            speeds[i] = 0.9 * speeds[i] + gradient
            weights[i] -= RATE * speeds[i]
    assert_close(run(optimizer="sgd")[0], weights)


def test_the_learning_rate_rises_linearly_over_the_warm_up() -> None:
    rates = [RATE / 3, RATE * 2 / 3, RATE, RATE]
    assert_close(run(warmup_steps=3)[0], adam(DECAY, rates=rates))


def test_gradients_are_scaled_down_to_the_global_norm() -> None:
    def scale(gradients: list[np.ndarray]) -> float:
        norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
        return min(1.0, 1.5 / norm)

    assert_close(run(gradient_clip=1.5)[0], adam(DECAY, scale=scale))


def test_apply_returns_the_norm_before_clipping() -> None:
    optimizer = Optimizer(variables(), "adamw")
    optimizer.begin(TrainingConfig(gradient_clip=0.1))
    norm = optimizer.apply([tf.constant([[3.0, 0.0], [0.0, 0.0]]), tf.constant([4.0, 0.0])])
    assert float(norm) == pytest.approx(5.0)


@pytest.mark.parametrize("kind", ["adamw", "adam", "sgd"])
def test_a_restored_optimizer_goes_on_exactly(kind) -> None:
    optimizer = run(optimizer=kind)[1]
    state = optimizer.state()
    results = []
    for source in (optimizer, None):
        trained = variables()
        other = Optimizer(trained, kind)
        other.begin(TrainingConfig(warmup_steps=9))
        other.restore(source.state() if source else state)
        other.apply([tf.constant(gradient, tf.float32) for gradient in gradients(9)])
        results.append(np.concatenate([variable.numpy().ravel() for variable in trained]))
    assert (results[0] == results[1]).all()
    assert int(optimizer.state()["step"]) == STEPS


def test_the_state_of_another_optimizer_is_refused() -> None:
    _, optimizer = run(optimizer="sgd")
    with pytest.raises(CheckpointError, match="another model or optimizer"):
        run(optimizer="adamw")[1].restore(optimizer.state())
