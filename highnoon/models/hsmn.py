"""HSMN, the Hierarchical State-Space Model Network: a causal language model at two resolutions.

Symbols:
    B  sequences in a batch         d   embedding_dim
    L  length in tokens             r   pooling_rate
    V  vocab_size
"""

from typing import Any, NamedTuple, Self

import keras
import tensorflow as tf

from highnoon.config import Config
from highnoon.models.blocks import Downsample, MambaBlock, ReasoningBlock, Upsample
from highnoon.models.initializers import Initializers
from highnoon.models.ops import dimensions, rms_normalize

__all__ = ["HSMN", "ModelOutput"]

EMBEDDING_DEVIATION = 0.02


class ModelOutput(NamedTuple):
    """Everything that a training step needs.

    Attributes:
        logits: Scores of the next token [B, L, V].
        load_balancing_loss: Mean over the routers, unweighted; 1 for uniform routing.
        router_z_loss: Mean over the routers, unweighted.
    """

    logits: tf.Tensor
    load_balancing_loss: tf.Tensor
    router_z_loss: tf.Tensor


@keras.saving.register_keras_serializable("highnoon")
class HSMN(keras.Model):
    """A causal language model whose deep part runs on every r-th position.

        h = encoder blocks(embedding(tokens))                    [B, L, d]
        c = reasoning blocks(Downsample(h))                      [B, L / r, d]
        h = decoder blocks(h + Upsample(c))                      [B, L, d]
        logits = RMS(h) embedding^T                              [B, L, V]

    With r = 1 the reasoning blocks stand between encoder and decoder at full resolution. Encoder
    and decoder blocks are Mamba-2 mixers, reasoning blocks a mixer and a mixture of experts.
    Changing a token changes no earlier logit, exactly. Any length works.

    Args:
        config: The model, and how it is to be trained.
        seed: Makes the initial weights repeatable; by default Keras' global generator draws them.

    Attributes:
        config: The configuration.
        tokenizer: What turns text into tokens; None until a `Trainer` attaches one.

    References:
        Goel et al., "It's Raw! Audio Generation with State-Space Models", 2022 (the hierarchy);
        Dao and Gu, "Transformers are SSMs", 2024 (Mamba-2); Fedus et al., "Switch Transformers",
        2021 (experts); Press and Wolf, "Using the Output Embedding to Improve Language Models",
        2017 (the tied head).
    """

    def __init__(self, config: Config, *, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        self.tokenizer: Any = None
        model = config.model
        self._initializers = Initializers(seed)
        options: dict[str, Any] = {"initializers": self._initializers}
        self.encoder = [
            MambaBlock(model, name=f"encoder_{i}", **options)
            for i in range(model.num_encoder_blocks)
        ]
        self.reasoning = [
            ReasoningBlock(model, name=f"reasoning_{i}", **options)
            for i in range(model.num_reasoning_blocks)
        ]
        self.decoder = [
            MambaBlock(model, name=f"decoder_{i}", **options)
            for i in range(model.num_decoder_blocks)
        ]
        if model.pooling_rate > 1:
            self.downsample = Downsample(model, name="downsample", **options)
            self.upsample = Upsample(model, name="upsample", **options)

    def build(self, input_shape: tuple[int | None, ...] = (None, None)) -> None:
        """Create the weights."""
        model = self.config.model
        self.embedding = self.add_weight(
            name="embedding",
            shape=(model.vocab_size, model.embedding_dim),
            initializer=self._initializers.normal(1, EMBEDDING_DEVIATION),
        )
        shape = (*input_shape, model.embedding_dim)
        coarse = shape
        for block in self.encoder:
            block.build(shape)
        if model.pooling_rate > 1:
            self.downsample.build(shape)
            coarse = self.downsample.compute_output_shape(shape)
            self.upsample.build(coarse)
        for block in self.reasoning:
            block.build(coarse)
        for block in self.decoder:
            block.build(shape)
        self.gain = self.add_weight(name="gain", shape=(model.embedding_dim,), initializer="ones")

    def call(self, tokens: tf.Tensor, training: bool = False) -> tf.Tensor:  # noqa: FBT001, FBT002
        """Return the logits [B, L, V] of `tokens` [B, L]."""
        return self.forward(tokens, training).logits

    def forward(self, tokens: tf.Tensor, training: bool = False) -> ModelOutput:  # noqa: FBT001, FBT002
        """Return the logits of `tokens` [B, L] and the losses of the routers.

        Args:
            tokens: Integers in [0, V).
            training: Whether dropout is active.
        """
        length = dimensions(tokens)[1]
        rate = self.config.model.pooling_rate
        table = tf.convert_to_tensor(self.embedding)
        padding = -length % rate
        if not isinstance(padding, int) or padding:
            tokens = tf.pad(tokens, [[0, 0], [0, padding]])
        fine = tf.gather(table, tokens)
        for block in self.encoder:
            fine = block(fine, training=training)
        coarse = self.downsample(fine) if rate > 1 else fine
        losses = []
        for block in self.reasoning:
            coarse, loss = block(coarse, training=training)
            losses.append(loss)
        fine = fine + self.upsample(coarse) if rate > 1 else coarse
        for block in self.decoder:
            fine = block(fine, training=training)
        if not isinstance(padding, int) or padding:
            fine = fine[:, :length]
        fine = rms_normalize(fine, tf.convert_to_tensor(self.gain))
        rows = tf.reshape(fine, [-1, table.shape[1]])
        logits = tf.matmul(rows, table, transpose_b=True)
        return ModelOutput(
            tf.reshape(logits, [*dimensions(fine)[:2], table.shape[0]]),
            tf.reduce_mean([loss.load_balancing for loss in losses]),
            tf.reduce_mean([loss.z for loss in losses]),
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return [B, L, V]."""
        return (*input_shape, self.config.model.vocab_size)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration, without the seed."""
        return {"config": self.config.to_dict(), "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Build the model that `get_config` described."""
        del custom_objects
        return cls(Config.from_dict(config["config"]), name=config["name"])
