"""A mixture of experts whose tokens choose their experts, and its two auxiliary losses.

Symbols:
    B  sequences in a batch         E   experts
    L  length in tokens             k   experts of each token
    T  tokens, B * L                d   embedding_dim
    R  rows of a dispatch block     F   width of an expert, 2 * d
    X  dispatched rows: T * k, plus what fills each expert's last block
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from highnoon.models.initializers import Initializers
from highnoon.models.ops import dimensions, project, rms_normalize
from highnoon.models.sizes import EXPERT_EXPANSION, block_rows
from highnoon.models.tracing import traced_once

__all__ = [
    "ROUTER_Z_LOSS_WEIGHT",
    "MixtureOfExperts",
    "RouterLosses",
    "load_balancing_loss",
    "router_z_loss",
]

ROUTER_Z_LOSS_WEIGHT = 1e-3
"""Weight of `router_z_loss` in the training loss (ST-MoE, section 3)."""


class RouterLosses(NamedTuple):
    """Auxiliary losses of the routers, unweighted scalars."""

    load_balancing: tf.Tensor
    z: tf.Tensor


class _Dispatch(NamedTuple):
    """Where each choice of each token lies among rows that are grouped by expert.

    Every expert's rows start at a multiple of R and are in order of time, then of sequence.
    """

    rows: tf.Tensor  # [T, k], row of each choice
    tokens: tf.Tensor  # [X], token of each row; 0 in rows that only fill a block
    sizes: tf.Tensor  # [E], rows of each expert, a multiple of R


def load_balancing_loss(probabilities: tf.Tensor, choices: tf.Tensor) -> tf.Tensor:
    """Return E sum_e f_e P_e: 1 when the routing is uniform, E when one expert gets everything.

    Args:
        probabilities: Router probabilities [..., E]; P_e is their mean.
        choices: Chosen experts [..., k]; f_e is the share of the choices that fall on e.

    References:
        Fedus et al., "Switch Transformers", 2021, eq. 4.
    """
    experts = dimensions(probabilities)[-1]
    share = tf.reduce_mean(tf.one_hot(tf.reshape(choices, [-1]), experts), axis=0)
    mean = tf.reduce_mean(tf.reshape(probabilities, [-1, experts]), axis=0)
    return experts * tf.reduce_sum(share * mean)


def router_z_loss(logits: tf.Tensor) -> tf.Tensor:
    """Return the mean square of log sum exp of the router's `logits` [..., E].

    References:
        Zoph et al., "ST-MoE", 2022, eq. 5.
    """
    return tf.reduce_mean(tf.square(tf.reduce_logsumexp(logits, axis=-1)))


class ExpertWeights(NamedTuple):
    """Weights of a mixture of experts. Their shapes say all its sizes but k."""

    gain: tf.Tensor  # [d]
    router: tf.Tensor  # [d, E]
    w_in: tf.Tensor  # [E, d, F]
    w_out: tf.Tensor  # [E, F, d]


@functools.cache
def _mixtures(top_k: int) -> Callable[..., tuple[tf.Tensor, RouterLosses]]:
    """Return the function that sends each token of its inputs [B, L, d] to `top_k` experts."""

    @traced_once
    def mixture(inputs: tf.Tensor, weights: ExpertWeights) -> tuple[tf.Tensor, RouterLosses]:
        batch, length, width = dimensions(inputs)
        normal = rms_normalize(inputs, weights.gain)
        logits = project(normal, weights.router)  # [B, L, E]
        probabilities = tf.nn.softmax(logits)
        gates, choices = tf.math.top_k(probabilities, top_k)  # [B, L, k]
        if top_k > 1:
            gates /= tf.reduce_sum(gates, axis=-1, keepdims=True)
        answers = _run_experts(
            tf.reshape(normal, [-1, width]),
            tf.reshape(gates, [-1, top_k]),
            weights.w_in,
            weights.w_out,
            _dispatch(choices, *dimensions(weights.router)),
        )
        losses = RouterLosses(load_balancing_loss(probabilities, choices), router_z_loss(logits))
        return tf.reshape(answers, [batch, length, width]), losses

    return mixture


@keras.saving.register_keras_serializable("highnoon")
class MixtureOfExperts(keras.layers.Layer):
    """Sends each token through the k experts that a linear router finds most probable.

        u = RMS(inputs),    p = softmax(u W_r)
        g = the k largest of p, divided by their sum when k > 1
        output = sum over the chosen e of g_e relu(u W1_e)^2 W2_e

    The cost grows with k, not with the number of experts. No later token changes the result of a
    position, not even its last bit: the products run over blocks of `block_rows` rows, so their
    rounding cannot depend on how many tokens share an expert.

    Args:
        experts: E.
        top_k: k. With k = 1 the gate is p itself, so that the router learns.
        output_scale: Factor of the initial W2.
        initializers: Source of the initial weights; by default Keras' global generator.

    References:
        Shazeer et al., "Outrageously Large Neural Networks", 2017 (top-k routing); Fedus et al.,
        "Switch Transformers", 2021, eq. 2 (k = 1); So et al., "Primer", 2021 (squared ReLU).
    """

    def __init__(
        self,
        experts: int,
        top_k: int,
        *,
        output_scale: float = 1.0,
        initializers: Initializers | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.experts = experts
        self.top_k = top_k
        self.output_scale = output_scale
        self._initializers = initializers or Initializers()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs [B, L, d]."""
        width = input_shape[-1]
        assert width is not None
        hidden = EXPERT_EXPANSION * width
        start = self._initializers

        def weight(name: str, shape: tuple[int, ...], initializer: Any) -> Any:
            return self.add_weight(name=name, shape=shape, initializer=initializer)

        self.expert_weights = ExpertWeights(
            gain=weight("gain", (width,), "ones"),
            router=weight("router", (width, self.experts), start.normal(width)),
            w_in=weight("w_in", (self.experts, width, hidden), start.normal(width)),
            w_out=weight(
                "w_out", (self.experts, hidden, width), start.normal(hidden, self.output_scale)
            ),
        )

    def call(self, inputs: tf.Tensor) -> tuple[tf.Tensor, RouterLosses]:
        """Return the experts' answer to `inputs` [B, L, d], of the same shape, and the losses."""
        weights = ExpertWeights(*map(tf.convert_to_tensor, self.expert_weights))
        return _mixtures(self.top_k)(inputs, weights)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[tuple[int | None, ...], tuple[tuple[()], tuple[()]]]:
        """Return the shapes of the outputs and of the two losses."""
        return input_shape, ((), ())

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, without the source of the initial weights."""
        return {
            **super().get_config(),
            "experts": self.experts,
            "top_k": self.top_k,
            "output_scale": self.output_scale,
        }


def _dispatch(choices: tf.Tensor, width: int, experts: int) -> _Dispatch:
    """Group the `choices` [B, L, k] by expert.

    Within an expert the rows are in order of time, so that a later token, which may come and go,
    never moves an earlier one.
    """
    batch, length, top_k = dimensions(choices)
    block = block_rows(width)
    in_time = tf.reshape(tf.transpose(choices, [1, 0, 2]), [-1])  # [L * B * k]
    chosen = tf.one_hot(in_time, experts, dtype=tf.int32)
    places = tf.cumsum(chosen, axis=0)  # [L * B * k, E]
    sizes = (places[-1] + block - 1) // block * block
    starts = tf.cumsum(sizes, exclusive=True)
    rows = tf.reduce_sum(chosen * (places + starts - 1), axis=-1)
    rows = tf.transpose(tf.reshape(rows, [length, batch, top_k]), [1, 0, 2])
    rows = tf.reshape(rows, [-1, top_k])
    tokens = tf.repeat(tf.range(batch * length), top_k)
    total = tf.reduce_sum(sizes)
    tokens = tf.scatter_nd(tf.reshape(rows, [-1, 1]), tokens, tf.expand_dims(total, 0))
    return _Dispatch(rows, tokens, sizes)


def _run_experts(
    x: tf.Tensor, gates: tf.Tensor, w_in: tf.Tensor, w_out: tf.Tensor, dispatch: _Dispatch
) -> tf.Tensor:
    """Return sum_j gates[t, j] relu(x_t W1)^2 W2 [T, d], with the weights of choice j's expert.

    The gradient gathers where automatic differentiation would scatter.
    """
    experts, width, _ = dimensions(w_in)
    rows, tokens, sizes = dispatch

    def blocks(of_expert: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        product = tf.matmul(
            tf.reshape(of_expert, [-1, block_rows(width), weights.shape[0]]), weights
        )
        return tf.reshape(product, [-1, weights.shape[1]])

    def run(
        x: tf.Tensor, gates: tf.Tensor, w_in: tf.Tensor, w_out: tf.Tensor
    ) -> tuple[tf.Tensor, Any]:
        first, second = tf.unstack(w_in), tf.unstack(w_out)
        dispatched = tf.split(tf.gather(x, tokens), sizes, num=experts)
        active = [tf.nn.relu(blocks(u, w)) for u, w in zip(dispatched, first, strict=True)]
        answers = tf.concat(
            [blocks(tf.square(a), w) for a, w in zip(active, second, strict=True)], axis=0
        )
        by_choice = tf.gather(answers, rows)  # [T, k, d]

        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, ...]:
            dgates = tf.reduce_sum(by_choice * tf.expand_dims(dy, 1), axis=-1)
            row_gates = tf.scatter_nd(
                tf.reshape(rows, [-1, 1]), tf.reshape(gates, [-1]), tf.shape(tokens)
            )
            danswers = tf.split(
                tf.gather(dy, tokens) * tf.expand_dims(row_gates, 1), sizes, num=experts
            )
            dx, dfirst, dsecond = [], [], []
            for e in range(experts):
                dsecond.append(tf.matmul(tf.square(active[e]), danswers[e], transpose_a=True))
                dhidden = tf.matmul(danswers[e], second[e], transpose_b=True) * (2.0 * active[e])
                dfirst.append(tf.matmul(dispatched[e], dhidden, transpose_a=True))
                dx.append(tf.matmul(dhidden, first[e], transpose_b=True))
            dx = tf.reduce_sum(tf.gather(tf.concat(dx, axis=0), rows), axis=1)
            return dx, dgates, tf.stack(dfirst), tf.stack(dsecond)

        return tf.reduce_sum(by_choice * tf.expand_dims(gates, -1), axis=1), gradient

    return tf.custom_gradient(run)(x, gates, w_in, w_out)
