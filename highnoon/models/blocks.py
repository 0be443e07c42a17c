"""Residual blocks of an HSMN, and the causal change between its two resolutions.

Symbols:
    B  sequences in a batch         d   embedding_dim
    L  length in tokens             r   pooling_rate
"""

import math
from typing import Any, Self

import keras
import tensorflow as tf

from highnoon.config import ModelConfig
from highnoon.models.initializers import Initializers
from highnoon.models.mamba import Mamba2Mixer
from highnoon.models.moe import MixtureOfExperts, RouterLosses
from highnoon.models.ops import dimensions, project, rms_normalize

__all__ = ["Downsample", "MambaBlock", "ReasoningBlock", "Upsample", "residual_scale"]

Shape = tuple[int | None, ...]


def residual_scale(config: ModelConfig) -> float:
    """Return the factor of the initial weights that write to the residual stream.

    References:
        Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.3.
    """
    layers = config.num_encoder_blocks + config.num_reasoning_blocks + config.num_decoder_blocks
    return 1.0 / math.sqrt(2 * layers)


class _ConfiguredLayer(keras.layers.Layer):
    """A layer whose sizes are those of a model's configuration.

    Args:
        config: The model's configuration.
        initializers: Source of the initial weights; by default Keras' global generator.
    """

    def __init__(
        self, config: ModelConfig, *, initializers: Initializers | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.config = config
        self.initializers = initializers or Initializers()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, without the source of the initial weights."""
        return {**super().get_config(), "config": self.config.to_dict()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer that `get_config` described."""
        return cls(**{**config, "config": ModelConfig(**config["config"])})


@keras.saving.register_keras_serializable("highnoon")
class MambaBlock(_ConfiguredLayer):
    """A residual Mamba-2 mixer: x + dropout(Mamba2(x)) (Dao and Gu, 2024)."""

    def __init__(
        self, config: ModelConfig, *, initializers: Initializers | None = None, **kwargs: Any
    ) -> None:
        super().__init__(config, initializers=initializers, **kwargs)
        self.mixer = Mamba2Mixer(
            config.mamba_d_state,
            config.mamba_d_conv,
            config.mamba_expand,
            output_scale=residual_scale(config),
            initializers=self.initializers,
            name="mixer",
        )
        self.dropout = keras.layers.Dropout(
            config.dropout_rate, seed=self.initializers.next_seed(), name="dropout"
        )

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs [B, L, d]."""
        self.mixer.build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:  # noqa: FBT001, FBT002
        """Add to `inputs` [B, L, d] what the mixer makes of them."""
        return inputs + self.dropout(self.mixer(inputs), training=training)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        return input_shape


@keras.saving.register_keras_serializable("highnoon")
class ReasoningBlock(_ConfiguredLayer):
    """A `MambaBlock` m, then residual experts: m(x) + dropout(MoE(m(x)))."""

    def __init__(
        self, config: ModelConfig, *, initializers: Initializers | None = None, **kwargs: Any
    ) -> None:
        super().__init__(config, initializers=initializers, **kwargs)
        self.mamba = MambaBlock(config, initializers=self.initializers, name="mamba")
        self.experts = MixtureOfExperts(
            config.num_moe_experts,
            config.top_k_experts,
            output_scale=residual_scale(config),
            initializers=self.initializers,
            name="experts",
        )
        self.dropout = keras.layers.Dropout(
            config.dropout_rate, seed=self.initializers.next_seed(), name="dropout"
        )

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs [B, L, d]."""
        self.mamba.build(input_shape)
        self.experts.build(input_shape)

    def call(
        self,
        inputs: tf.Tensor,
        training: bool = False,  # noqa: FBT001, FBT002
    ) -> tuple[tf.Tensor, RouterLosses]:
        """Return the block's output for `inputs` [B, L, d], and its router's losses."""
        mixed = self.mamba(inputs, training=training)
        answers, losses = self.experts(mixed)
        return mixed + self.dropout(answers, training=training), losses

    def compute_output_shape(self, input_shape: Shape) -> tuple[Shape, tuple[Shape, Shape]]:
        """Return the shapes of the outputs and of the two losses."""
        return input_shape, ((), ())


@keras.saving.register_keras_serializable("highnoon")
class Downsample(_ConfiguredLayer):
    """Joins every r positions to one: reshape(RMS(x), [L / r, r d]) W.

    References:
        Goel et al., "It's Raw! Audio Generation with State-Space Models", 2022 (SaShiMi).
    """

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs [B, L, d]."""
        width = _width(input_shape)
        joined = self.config.pooling_rate * width
        self.gain = self.add_weight(name="gain", shape=(width,), initializer="ones")
        self.kernel = self.add_weight(
            name="kernel", shape=(joined, width), initializer=self.initializers.normal(joined)
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return [B, L / r, d] for `inputs` [B, L, d], L a multiple of r."""
        batch, length, width = dimensions(inputs)
        rate = self.config.pooling_rate
        normal = rms_normalize(inputs, tf.convert_to_tensor(self.gain))
        joined = tf.reshape(normal, [batch, length // rate, rate * width])
        return project(joined, tf.convert_to_tensor(self.kernel))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return [B, L / r, d]."""
        batch, length, width = input_shape
        return batch, length and length // self.config.pooling_rate, width


@keras.saving.register_keras_serializable("highnoon")
class Upsample(_ConfiguredLayer):
    """Spreads every position over r: reshape(RMS(x) W, [L, d]), shifted right by r - 1.

    A coarse position knows its r tokens only once the last of them is there; the shift lets no
    token see a later one.

    References:
        Goel et al., "It's Raw! Audio Generation with State-Space Models", 2022 (SaShiMi).
    """

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs [B, L / r, d]."""
        width = _width(input_shape)
        self.gain = self.add_weight(name="gain", shape=(width,), initializer="ones")
        self.kernel = self.add_weight(
            name="kernel",
            shape=(width, self.config.pooling_rate * width),
            initializer=self.initializers.normal(width, residual_scale(self.config)),
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return [B, L, d] for `inputs` [B, L / r, d]."""
        batch, length, width = dimensions(inputs)
        rate = self.config.pooling_rate
        normal = rms_normalize(inputs, tf.convert_to_tensor(self.gain))
        spread = project(normal, tf.convert_to_tensor(self.kernel))
        spread = tf.reshape(spread, [batch, length * rate, width])
        seen = tf.slice(spread, [0, 0, 0], [batch, length * rate - (rate - 1), width])
        return tf.pad(seen, [[0, 0], [rate - 1, 0], [0, 0]])

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return [B, L, d]."""
        batch, length, width = input_shape
        return batch, length and length * self.config.pooling_rate, width


def _width(shape: Shape) -> int:
    width = shape[-1]
    assert width is not None
    return width
