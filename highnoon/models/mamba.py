"""The Mamba-2 mixer: a residual branch that mixes a sequence along time.

Symbols:
    B  sequences in a batch         di  inner width, mamba_expand * d
    L  length in tokens             H   heads
    d  embedding_dim                P   head width, di / H
    K  mamba_d_conv                 N   mamba_d_state
"""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from highnoon.models.initializers import Initializers
from highnoon.models.ops import dimensions, project, rms_normalize
from highnoon.models.sizes import head_width
from highnoon.models.state_space import state_space_dual
from highnoon.models.tracing import traced_once

__all__ = ["Mamba2Mixer", "Mamba2Weights", "mamba2"]

A_RANGE = (1.0, 16.0)
STEP_RANGE = (1e-3, 0.1)


class Mamba2Weights(NamedTuple):
    """Weights of a mixer. Their shapes say all its sizes."""

    gain: tf.Tensor  # [d]
    w_in: tf.Tensor  # [d, 2 di + 2 N + H]
    conv_kernel: tf.Tensor  # [K, di + 2 N]
    conv_bias: tf.Tensor  # [di + 2 N]
    step_bias: tf.Tensor  # [H]
    a_log: tf.Tensor  # [H]
    skip: tf.Tensor  # [H]
    gated_gain: tf.Tensor  # [di]
    w_out: tf.Tensor  # [di, d]


@traced_once
def mamba2(inputs: tf.Tensor, weights: Mamba2Weights) -> tf.Tensor:
    """Return what a mixer of these `weights` answers to `inputs` [B, L, d]."""
    batch, length, _ = dimensions(inputs)
    inner, _ = dimensions(weights.w_out)
    (heads,) = dimensions(weights.skip)
    (mixed_width,) = dimensions(weights.conv_bias)
    state = (mixed_width - inner) // 2
    z, mixed, dt = tf.split(
        project(rms_normalize(inputs, weights.gain), weights.w_in),
        [inner, mixed_width, heads],
        axis=-1,
    )
    mixed = tf.nn.silu(_convolve(mixed, weights.conv_kernel) + weights.conv_bias)
    x, b, c = tf.split(mixed, [inner, state, state], axis=-1)
    x = tf.reshape(x, [batch, length, heads, inner // heads])
    step = tf.nn.softplus(dt + weights.step_bias)
    y = state_space_dual(x, step, -tf.exp(weights.a_log) * step, b, c)
    y = tf.reshape(y + x * tf.expand_dims(weights.skip, 1), [batch, length, inner])
    return project(rms_normalize(y * tf.nn.silu(z), weights.gated_gain), weights.w_out)


def _convolve(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Filter each channel of `x` [B, L, C] along L with `kernel` [K, C], looking back only."""
    taps, channels = dimensions(kernel)
    before = tf.expand_dims(tf.pad(x, [[0, 0], [taps - 1, 0], [0, 0]]), 1)  # [B, 1, K-1+L, C]
    kernel = tf.reshape(kernel, [1, taps, channels, 1])
    return tf.squeeze(tf.nn.depthwise_conv2d(before, kernel, [1, 1, 1, 1], "VALID"), 1)


@keras.saving.register_keras_serializable("highnoon")
class Mamba2Mixer(keras.layers.Layer):
    """Mixes a sequence along time with a selective state-space model.

    With [z | xBC | dt] = RMS(inputs) W_in of widths di, di + 2N and H:

        [x | b | c] = silu(causal depthwise convolution of xBC over K positions)
        Δ = softplus(dt + dt_bias),    log_decay = -exp(A_log) Δ
        y = state_space_dual(x, Δ, log_decay, b, c) + D x
        output = RMS(y silu(z)) W_out

    The output at a position depends on no later position.

    Args:
        state_width: N.
        conv_width: K, in positions.
        expand: e; the inner width is e times the input's.
        output_scale: Factor of the initial W_out.
        initializers: Source of the initial weights; by default Keras' global generator.

    References:
        Dao and Gu, "Transformers are SSMs: Generalized Models and Efficient Algorithms Through
        Structured State Space Duality", 2024.
    """

    def __init__(
        self,
        state_width: int,
        conv_width: int = 4,
        expand: int = 2,
        *,
        output_scale: float = 1.0,
        initializers: Initializers | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.state_width = state_width
        self.conv_width = conv_width
        self.expand = expand
        self.output_scale = output_scale
        self._initializers = initializers or Initializers()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs [B, L, d]."""
        width = input_shape[-1]
        assert width is not None
        inner = self.expand * width
        heads = inner // head_width(inner)
        mixed = inner + 2 * self.state_width
        tap = self.conv_width**-0.5
        start = self._initializers

        def weight(name: str, shape: tuple[int, ...], initializer: Any) -> Any:
            return self.add_weight(name=name, shape=shape, initializer=initializer)

        self.mixer_weights = Mamba2Weights(
            gain=weight("gain", (width,), "ones"),
            w_in=weight("w_in", (width, inner + mixed + heads), start.normal(width)),
            conv_kernel=weight("conv_kernel", (self.conv_width, mixed), start.uniform(-tap, tap)),
            conv_bias=weight("conv_bias", (mixed,), "zeros"),
            step_bias=weight("step_bias", (heads,), start.inverse_softplus(*STEP_RANGE)),
            a_log=weight("a_log", (heads,), start.log_of_uniform(*A_RANGE)),
            skip=weight("skip", (heads,), "ones"),
            gated_gain=weight("gated_gain", (inner,), "ones"),
            w_out=weight("w_out", (inner, width), start.normal(inner, self.output_scale)),
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Mix `inputs` [B, L, d] along L."""
        return mamba2(inputs, Mamba2Weights(*map(tf.convert_to_tensor, self.mixer_weights)))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, without the source of the initial weights."""
        return {
            **super().get_config(),
            "state_width": self.state_width,
            "conv_width": self.conv_width,
            "expand": self.expand,
            "output_scale": self.output_scale,
        }
