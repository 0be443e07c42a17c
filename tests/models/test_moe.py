"""The mixture of experts against one that sends every token through every expert."""

import numpy as np
import pytest
import tensorflow as tf

from highnoon.models.initializers import Initializers
from highnoon.models.moe import MixtureOfExperts, load_balancing_loss, router_z_loss
from highnoon.models.ops import rms_normalize


def built(experts: int, top_k: int, width: int, seed: int = 0) -> MixtureOfExperts:
    layer = MixtureOfExperts(experts, top_k, initializers=Initializers(seed))
    layer.build((None, None, width))
    return layer


def dense(layer: MixtureOfExperts, x: tf.Tensor) -> tf.Tensor:
    gain, router, w_in, w_out = (tf.convert_to_tensor(w) for w in layer.expert_weights)
    x = rms_normalize(x, gain)
    gates, choices = tf.math.top_k(tf.nn.softmax(x @ router), layer.top_k)
    if layer.top_k > 1:
        gates /= tf.reduce_sum(gates, axis=-1, keepdims=True)
    gates = tf.reduce_sum(tf.one_hot(choices, layer.experts) * gates[..., None], axis=-2)
    hidden = tf.square(tf.nn.relu(tf.einsum("bld,edf->blef", x, w_in)))
    return tf.einsum("blef,efd,ble->bld", hidden, w_out, gates)


def tokens(batch: int, length: int, width: int, seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(size=(batch, length, width)), tf.float32)


@pytest.mark.parametrize(
    ("experts", "top_k", "width"), [(4, 2, 16), (1, 1, 8), (5, 1, 24), (8, 3, 16), (3, 3, 8)]
)
def test_it_agrees_with_the_dense_computation_and_its_gradients(
    experts: int, top_k: int, width: int
) -> None:
    layer, x = built(experts, top_k, width), tokens(3, 50, width)
    weights = tokens(3, 50, width, seed=1)
    results = []
    for function in (lambda x: layer(x)[0], lambda x: dense(layer, x)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            loss = tf.reduce_sum(y * weights)
        sources = [x, *(w.value for w in layer.trainable_variables)]
        results.append([y, *tape.gradient(loss, sources)])
    for got, expected in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_the_router_learns_even_with_one_expert_per_token() -> None:
    layer = built(4, 1, 8)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tokens(2, 9, 8))[0] ** 2)
    assert np.abs(tape.gradient(loss, layer.expert_weights.router.value)).max() > 0


@pytest.mark.parametrize("width", [8, 16, 64, 128])
def test_tokens_that_leave_an_expert_later_change_no_bit_of_an_earlier_answer(width: int) -> None:
    layer, length = built(2, 1, width), 640
    run = tf.function(lambda x: layer(x), autograph=False)
    first, second = np.asarray(layer.expert_weights.router).T
    to_first = (first - second) / np.linalg.norm(first - second) * 2 * np.sqrt(width)
    x = tokens(1, length, width).numpy()
    before, losses = run(tf.constant(x + to_first))
    assert float(losses.load_balancing) > 1.9  # all tokens at one expert
    for t in range(0, length, 32):
        left = np.concatenate([x[:, :t] + to_first, x[:, t:] - to_first], axis=1)
        after, losses = run(tf.constant(left))
        assert t or float(losses.load_balancing) > 1.9  # all at the other one
        np.testing.assert_array_equal(after[:, :t], before[:, :t])


def test_the_load_balancing_loss_is_one_for_uniform_routing() -> None:
    probabilities = tf.fill([2, 4, 4], 0.25)
    choices = tf.reshape(tf.range(16) % 4, [2, 4, 2])
    assert float(load_balancing_loss(probabilities, choices)) == pytest.approx(1)


def test_the_load_balancing_loss_is_the_number_of_experts_when_one_gets_everything() -> None:
    probabilities = tf.one_hot(tf.zeros([3, 5], tf.int32), 6)
    choices = tf.zeros([3, 5, 1], tf.int32)
    assert float(load_balancing_loss(probabilities, choices)) == pytest.approx(6)


def test_the_load_balancing_loss_follows_its_formula() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(5), size=(3, 7)).astype("float32")
    choices = np.argsort(-p, axis=-1)[..., :2]
    share = np.bincount(choices.ravel(), minlength=5) / choices.size
    expected = 5 * np.sum(share * p.mean((0, 1)))
    assert float(load_balancing_loss(tf.constant(p), tf.constant(choices))) == pytest.approx(
        expected, rel=1e-5
    )


def test_the_router_z_loss_is_the_mean_square_of_the_log_partition() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 7, 5))
    expected = np.mean(np.log(np.exp(logits).sum(-1)) ** 2)
    assert float(router_z_loss(tf.constant(logits))) == pytest.approx(expected)


def test_the_layer_reports_the_losses_of_its_own_routing() -> None:
    layer, x = built(4, 2, 16), tokens(2, 30, 16)
    logits = rms_normalize(x, layer.expert_weights.gain.value) @ layer.expert_weights.router.value
    probabilities = tf.nn.softmax(logits)
    losses = layer(x)[1]
    expected = load_balancing_loss(probabilities, tf.math.top_k(probabilities, 2).indices)
    assert float(losses.load_balancing) == pytest.approx(float(expected), rel=1e-5)
    assert float(losses.z) == pytest.approx(float(router_z_loss(logits)), rel=1e-5)


def test_it_can_be_rebuilt_from_its_configuration() -> None:
    layer = MixtureOfExperts(4, 2, output_scale=0.5)
    assert MixtureOfExperts.from_config(layer.get_config()).get_config() == layer.get_config()
