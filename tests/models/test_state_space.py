"""The chunked state-space recurrence against one that takes a position at a time."""

import numpy as np
import pytest
import tensorflow as tf

from highnoon.models.state_space import state_space_dual

B, H, P, N = 2, 3, 8, 5
NAMES = ("x", "step", "log_decay", "b", "c")
LENGTHS = (1, 7, 64, 100, 150)


def step_by_step(x, step, log_decay, b, c):
    """S_t = exp(log_decay_t) S_{t-1} + b_t (step_t x_t)^T, y_t = c_t S_t, in float64."""
    x, step, log_decay, b, c = (tf.cast(t, tf.float64) for t in (x, step, log_decay, b, c))
    state = tf.zeros([x.shape[0], x.shape[2], b.shape[-1], x.shape[3]], tf.float64)
    outputs = []
    for t in range(x.shape[1]):
        new = b[:, t, None, :, None] * (step[:, t, :, None] * x[:, t])[:, :, None, :]
        state = tf.exp(log_decay[:, t])[:, :, None, None] * state + new
        outputs.append(tf.einsum("bn,bhnp->bhp", c[:, t], state))
    return tf.stack(outputs, axis=1)


def inputs(length: int, seed: int = 0, largest_step: float = 0.1) -> list[tf.Tensor]:
    rng = np.random.default_rng(seed)
    step = np.exp(rng.uniform(np.log(1e-3), np.log(largest_step), (B, length, H)))
    arrays = (
        rng.normal(size=(B, length, H, P)),
        step,
        -rng.uniform(1, 16, H) * step,
        rng.normal(size=(B, length, N)),
        rng.normal(size=(B, length, N)),
    )
    return [tf.constant(array, tf.float32) for array in arrays]


def run(function, arguments, weights):
    """Return the output and the gradients of its product with `weights`."""
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        y = function(*arguments)
        loss = tf.reduce_sum(y * tf.cast(weights, y.dtype))
    return [y, *tape.gradient(loss, arguments)]


def relative_error(got: tf.Tensor, expected: tf.Tensor) -> float:
    expected = expected.numpy()
    return float(np.abs(got.numpy() - expected).max() / (np.abs(expected).max() + 1e-3))


@pytest.mark.parametrize("length", LENGTHS)
def test_it_and_its_gradients_agree_with_the_recurrence(length: int) -> None:
    arguments = inputs(length)
    weights = np.random.default_rng(1).normal(size=arguments[0].shape)
    y, *got = run(state_space_dual, arguments, weights)
    expected_y, *expected = run(step_by_step, arguments, weights)
    assert relative_error(y, expected_y) < 1e-5
    for name, a, b in zip(NAMES, got, expected, strict=True):
        assert relative_error(a, b) < 1e-4, name


def test_many_chunks_agree_with_few_positions_at_a_time() -> None:
    x, step, log_decay, b, c = inputs(700)
    whole = state_space_dual(x, step, log_decay, b, c)
    for start in (0, 64, 300):
        alone = np.zeros_like(step)
        alone[:, start : start + 60] = step[:, start : start + 60]
        part = state_space_dual(x, tf.constant(alone), log_decay, b, c)
        rest = state_space_dual(x, step - alone, log_decay, b, c)
        assert relative_error(part + rest, whole) < 1e-5  # linear in the inputs
        assert np.any(part[:, start + 64 :])  # the state outlives its chunk


def test_strong_decay_neither_overflows_nor_loses_the_gradient() -> None:
    arguments = inputs(130, largest_step=20.0)  # up to 20,000 nepers over a chunk
    weights = np.random.default_rng(1).normal(size=arguments[0].shape)
    got = run(state_space_dual, arguments, weights)
    expected = run(step_by_step, arguments, weights)
    for name, a, b in zip(("y", *NAMES), got, expected, strict=True):
        assert relative_error(a, b) < 1e-3, name


def test_a_step_of_zero_has_finite_gradients() -> None:
    x, step, log_decay, b, c = inputs(70)
    zero = [x, tf.zeros_like(step), tf.zeros_like(log_decay), b, c]
    y, *gradients = run(state_space_dual, zero, np.ones(x.shape))
    assert not np.any(y)
    for gradient in gradients:
        assert np.all(np.isfinite(gradient))


def test_unknown_batch_and_length_give_the_same_result() -> None:
    arguments = inputs(100)
    signature = [tf.TensorSpec([None, None, *t.shape[2:]]) for t in arguments]
    dynamic = tf.function(state_space_dual, input_signature=signature, autograph=False)
    np.testing.assert_allclose(dynamic(*arguments), state_space_dual(*arguments), atol=1e-5)
