"""The compiled training step and the compiled evaluation step.

Symbols:
    B  windows in a batch    L  tokens in a window
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from highnoon.models.moe import ROUTER_Z_LOSS_WEIGHT
from highnoon.training.optimizers import Optimizer

if TYPE_CHECKING:
    from highnoon.models import HSMN

__all__ = ["EvaluationStep", "TrainingStep", "compile_evaluation", "trained_variables"]

EvaluationStep = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Takes windows [B, L + 1] and weights [B, L]; returns weighted sums of nats [B]."""


def trained_variables(model: "HSMN") -> list[tf.Variable]:
    """Return the TensorFlow variables that training changes."""
    return [variable.value for variable in model.trainable_variables]


class TrainingStep:
    """One update of a model, traced once when it is built.

    The loss is the mean cross-entropy in nats per token, plus `aux_loss_weight` times the experts'
    load-balancing loss, plus `ROUTER_Z_LOSS_WEIGHT` times the routers' z-loss.

    Args:
        model: The model.
        optimizer: Made for `trained_variables(model)`.
        batch_size: B.
        length: L.
    """

    def __init__(
        self, model: "HSMN", optimizer: Optimizer, *, batch_size: int, length: int
    ) -> None:
        self._sum = tf.Variable(tf.zeros([], tf.float64))
        self._finite = tf.Variable(tf.ones([], tf.bool))
        self._aux_loss_weight = tf.Variable(tf.zeros([]))
        self._count = 0
        variables = trained_variables(model)

        def step(windows: tf.Tensor) -> None:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(variables)
                output = model.forward(windows[:, :-1], training=True)
                cross_entropy = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(windows[:, 1:], output.logits)
                )
                loss = (
                    cross_entropy
                    + self._aux_loss_weight * output.load_balancing_loss
                    + ROUTER_Z_LOSS_WEIGHT * output.router_z_loss
                )
            norm = optimizer.apply(tape.gradient(loss, variables))
            self._sum.assign_add(tf.cast(cross_entropy, tf.float64))
            finite = tf.math.is_finite(loss) & tf.math.is_finite(norm)
            self._finite.assign(self._finite & finite)

        self._step = tf.function(step, autograph=False).get_concrete_function(
            tf.TensorSpec([batch_size, length + 1], tf.int32)
        )

    def begin(self, aux_loss_weight: float) -> None:
        """Forget what was trained before, and weigh the load-balancing loss."""
        self._aux_loss_weight.assign(aux_loss_weight)
        self._finite.assign(tf.ones([], tf.bool))
        self.start_new_mean()

    def __call__(self, windows: NDArray[np.int32]) -> None:
        """Update the model once on windows of shape [B, L + 1]."""
        self._step(tf.constant(windows))
        self._count += 1

    @property
    def finite(self) -> bool:
        """Whether every loss and every gradient since `begin` was finite."""
        return bool(self._finite.numpy())

    @property
    def mean_loss(self) -> float:
        """Mean cross-entropy, in nats per token, since `start_new_mean`."""
        return float(self._sum.numpy()) / self._count if self._count else float("nan")

    def start_new_mean(self) -> None:
        """Forget the losses so far."""
        self._sum.assign(tf.zeros([], tf.float64))
        self._count = 0


def compile_evaluation(model: "HSMN", *, batch_size: int, length: int) -> EvaluationStep:
    """Return a compiled evaluation step of a model, for windows of one shape."""

    def step(windows: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        output = model.forward(windows[:, :-1], training=False)
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
            windows[:, 1:], output.logits
        )
        return tf.reduce_sum(cross_entropy * weights, axis=1)

    return tf.function(step, autograph=False).get_concrete_function(
        tf.TensorSpec([batch_size, length + 1], tf.int32),
        tf.TensorSpec([batch_size, length], tf.float32),
    )
