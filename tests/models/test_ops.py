"""The operations that layers share."""

import numpy as np
import tensorflow as tf

from highnoon.models.ops import dimensions, project, rms_normalize


def test_rms_normalize_agrees_with_automatic_differentiation() -> None:
    rng = np.random.default_rng(0)
    x, gain, weights = (tf.constant(rng.normal(size=s)) for s in ((3, 4, 8), (8,), (3, 4, 8)))

    def plain(x, gain):
        return x / tf.sqrt(tf.reduce_mean(x**2, axis=-1, keepdims=True) + 1e-5) * gain

    results = []
    for function in (rms_normalize, plain):
        with tf.GradientTape() as tape:
            tape.watch([x, gain])
            y = function(x, gain)
            loss = tf.reduce_sum(y * weights)
        results.append([y, *tape.gradient(loss, [x, gain])])
    for got, expected in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_project_multiplies_the_last_axis() -> None:
    x, kernel = tf.random.stateless_normal([2, 3, 4], (0, 1)), tf.eye(4) * 2
    np.testing.assert_array_equal(project(x, kernel), 2 * x)


def test_dimensions_are_integers_where_they_are_known() -> None:
    seen = []

    @tf.function(input_signature=[tf.TensorSpec([None, 3, 5])], autograph=False)
    def look(x):
        seen.extend(dimensions(x))
        return tf.stack(dimensions(x))

    assert look(tf.zeros([7, 3, 5])).numpy().tolist() == [7, 3, 5]
    assert tf.is_tensor(seen[0])
    assert seen[1:] == [3, 5]
