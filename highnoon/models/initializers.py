"""Distributions that the weights of an HSMN start from, all drawn from one seed."""

import math
import random
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

__all__ = ["Initializers"]

Initializer = Callable[..., tf.Tensor]


class Initializers:
    """Makes initializers, each with a seed of its own, in the order in which they are asked for.

    Args:
        seed: What all seeds are derived from; by default they are Keras' own choice, which
            `keras.utils.set_random_seed` governs.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = None if seed is None else random.Random(seed)

    def next_seed(self) -> int | None:
        """Return the next seed, or None where Keras is to choose."""
        return None if self._random is None else self._random.getrandbits(31)

    def normal(self, fan_in: int, scale: float = 1.0) -> keras.initializers.Initializer:
        """Return a normal distribution of standard deviation `scale / sqrt(fan_in)`."""
        deviation = scale / math.sqrt(fan_in)
        return keras.initializers.RandomNormal(stddev=deviation, seed=self.next_seed())

    def uniform(self, low: float, high: float) -> keras.initializers.Initializer:
        """Return a uniform distribution."""
        return keras.initializers.RandomUniform(low, high, seed=self.next_seed())

    def log_of_uniform(self, low: float, high: float) -> Initializer:
        """Return the distribution of log(v), v uniform."""
        uniform = self.uniform(low, high)
        return lambda shape, dtype=None: tf.math.log(uniform(shape, dtype))

    def inverse_softplus(self, low: float, high: float) -> Initializer:
        """Return the distribution of v for which log(softplus(v)) is uniform."""
        uniform = self.uniform(math.log(low), math.log(high))

        def initialize(shape: Sequence[int], dtype: str | None = None) -> tf.Tensor:
            return tf.math.log(tf.math.expm1(tf.exp(uniform(shape, dtype))))

        return initialize
