"""AdamW, Adam and SGD with linear warm-up and clipping, as one fused operation per variable.

Symbols:
    g   gradient, clipped           m, v   running means of g and g²
    η   learning rate at this step  λ      weight_decay
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from highnoon.config import OptimizerName, TrainingConfig
from highnoon.exceptions import CheckpointError

__all__ = ["Optimizer"]

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.95, 1e-8
_MOMENTUM = 0.9

_Update = Callable[[tf.Variable, Sequence[tf.Variable], tf.Tensor], None]


class Optimizer:
    """Updates variables from gradients.

    - adamw: w ← w − ηλw for matrices, then Adam (Loshchilov and Hutter 2019, algorithm 2).
    - adam: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − η m̂ / (√v̂ + ε), with β₁ = 0.9,
      β₂ = 0.95 (Kingma and Ba 2015, the form before section 2.1).
    - sgd: m ← 0.9 m + g, w ← w − ηm.

    η rises linearly over the first `warmup_steps` steps and stays at `learning_rate`; gradients are
    scaled down to the global norm `gradient_clip`. All of these numbers are variables, so that a
    compiled step serves any of them.

    Args:
        variables: What is trained.
        kind: Which optimizer.
    """

    def __init__(self, variables: Sequence[tf.Variable], kind: OptimizerName) -> None:
        self.kind = kind
        self._variables = list(variables)
        slots = 1 if self.kind == "sgd" else 2
        self._slots = [
            [tf.Variable(tf.zeros_like(variable)) for _ in range(slots)]
            for variable in self._variables
        ]
        self.step = tf.Variable(tf.zeros([], tf.int64))
        self._settings = {
            name: tf.Variable(tf.zeros([]))
            for name in ("learning_rate", "warmup_steps", "gradient_clip", "weight_decay")
        }

    def begin(self, training: TrainingConfig) -> None:
        """Return to step 0, with the numbers of a configuration."""
        for name, variable in self._settings.items():
            variable.assign(float(getattr(training, name)))
        self.step.assign(0)
        for slots in self._slots:
            for variable in slots:
                variable.assign(tf.zeros_like(variable))

    def apply(self, gradients: Sequence[Any]) -> tf.Tensor:
        """Update the variables, inside a graph; returns the global norm before clipping."""
        dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
        norm = tf.linalg.global_norm(dense)
        clip = self._settings["gradient_clip"]
        scale = clip / tf.maximum(norm, clip)
        self.step.assign_add(1)
        step = tf.cast(self.step, tf.float32)
        warmed = step / tf.maximum(self._settings["warmup_steps"], 1.0)
        rate = self._settings["learning_rate"] * tf.minimum(warmed, 1.0)
        shrink = rate * self._settings["weight_decay"]
        update = _momentum_update(rate) if self.kind == "sgd" else _adam_update(rate, step)
        for variable, slots, gradient in zip(self._variables, self._slots, dense, strict=True):
            if self.kind == "adamw" and len(variable.shape) >= 2:
                variable.assign_sub(shrink * variable)
            update(variable, slots, gradient * scale)
        return norm

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what `restore` needs to go on as if nothing had happened."""
        arrays: dict[str, NDArray[Any]] = {"step": np.asarray(self.step.numpy())}
        for number, slots in enumerate(self._slots):
            for slot, variable in enumerate(slots):
                arrays[f"{number}.{slot}"] = variable.numpy()
        return arrays

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over what `state` returned.

        Raises:
            CheckpointError: The state is that of another model or optimizer.
        """
        mine = {name: array.shape for name, array in self.state().items()}
        if mine != {name: array.shape for name, array in arrays.items()}:
            raise CheckpointError(
                "The optimizer's state in the checkpoint belongs to another model or optimizer."
            )
        self.step.assign(arrays["step"])
        for number, slots in enumerate(self._slots):
            for slot, variable in enumerate(slots):
                variable.assign(arrays[f"{number}.{slot}"])


# The constants are made once for all variables: each is an operation of the graph.


def _adam_update(rate: tf.Tensor, step: tf.Tensor) -> _Update:
    beta_1, beta_2 = tf.constant(_BETA_1), tf.constant(_BETA_2)
    numbers = {
        "beta1_power": tf.pow(beta_1, step),
        "beta2_power": tf.pow(beta_2, step),
        "lr": rate,
        "beta1": beta_1,
        "beta2": beta_2,
        "epsilon": tf.constant(_EPSILON),
    }

    def update(variable: tf.Variable, slots: Sequence[tf.Variable], gradient: tf.Tensor) -> None:
        m, v = slots
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=m.handle, v=v.handle, grad=gradient, **numbers
        )

    return update


def _momentum_update(rate: tf.Tensor) -> _Update:
    momentum = tf.constant(_MOMENTUM)

    def update(variable: tf.Variable, slots: Sequence[tf.Variable], gradient: tf.Tensor) -> None:
        tf.raw_ops.ResourceApplyMomentum(
            var=variable.handle, accum=slots[0].handle, lr=rate, grad=gradient, momentum=momentum
        )

    return update
