"""Operations on the last axis that several layers share."""

from typing import Any

import tensorflow as tf

__all__ = ["dimensions", "project", "rms_normalize"]

EPSILON = 1e-5


def dimensions(x: tf.Tensor) -> list[Any]:
    """Return the shape of `x`: integers where they are known, else scalar tensors."""
    static: list[Any] = list(x.shape)
    if None not in static:
        return static
    dynamic = tf.unstack(tf.shape(x))
    return [dynamic[i] if size is None else size for i, size in enumerate(static)]


def project(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Multiply the last axis of `x` [..., n] by `kernel` [n, m] as one two-dimensional product."""
    inputs, outputs = kernel.shape
    product = tf.matmul(tf.reshape(x, [-1, inputs]), kernel)
    return tf.reshape(product, [*dimensions(x)[:-1], outputs])


def rms_normalize(x: tf.Tensor, gain: tf.Tensor) -> tf.Tensor:
    """Divide `x` [..., n] by the root of its mean square over n, and multiply by `gain` [n].

    References:
        Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, eq. 4.
    """

    def normalize(x: tf.Tensor, gain: tf.Tensor) -> tuple[tf.Tensor, Any]:
        inverse = tf.math.rsqrt(tf.reduce_mean(tf.square(x), axis=-1, keepdims=True) + EPSILON)
        normal = x * inverse

        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dgain = tf.reduce_sum(tf.reshape(dy * normal, [-1, gain.shape[0]]), axis=0)
            dnormal = dy * gain
            along = tf.reduce_mean(dnormal * normal, axis=-1, keepdims=True)
            return (dnormal - normal * along) * inverse, dgain

        return normal * gain, gradient

    return tf.custom_gradient(normalize)(x, gain)
