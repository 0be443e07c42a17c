"""Loss on held-out text, in nats per token and in bits per byte."""

import math
import os
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import tensorflow as tf

from highnoon.data.catalogue import VALIDATION
from highnoon.data.sources import Source, documents_of
from highnoon.data.splits import HELD_OUT_BYTES, held_out_text, sample
from highnoon.data.tokenizer import Tokenizer
from highnoon.data.tokenizer_cache import build_tokenizer, encoded
from highnoon.data.windows import held_out_windows
from highnoon.exceptions import ConfigError
from highnoon.training.engine import Engine, engine_of

if TYPE_CHECKING:
    from highnoon.models import HSMN

__all__ = ["HeldOut", "Metric", "Score", "evaluate"]

Metric = Literal["loss", "bits_per_byte"]


class Score(NamedTuple):
    """What an evaluation measured.

    Attributes:
        loss: Mean cross-entropy in nats per token.
        bits_per_byte: The same text's cross-entropy in bits per byte of UTF-8, which compares
            models of different tokenizers.
    """

    loss: float
    bits_per_byte: float


class HeldOut:
    """Held-out text, ready to evaluate a model on.

    Args:
        tokenizer: The model's.
        documents: The text.
        batch_size: Windows in a batch.
        length: Tokens in a window.
    """

    def __init__(
        self, tokenizer: Tokenizer, documents: tuple[str, ...], *, batch_size: int, length: int
    ) -> None:
        self._windows, self._weights = held_out_windows(encoded(tokenizer, documents), length)
        self._bytes = np.sum(tokenizer.token_bytes[self._windows[:, 1:]] * self._weights, axis=1)
        self._batch_size = batch_size
        self._length = length

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._windows)

    def score(self, engine: Engine, windows: int | None = None) -> Score:
        """Evaluate an engine's model on all windows, or on so many, always the same ones."""
        count = len(self) if windows is None else min(windows, len(self))
        chosen = np.linspace(0, len(self) - 1, count).round().astype(int)
        step = engine.evaluation_step(self._batch_size, self._length)
        nats = 0.0
        for first in range(0, count, self._batch_size):
            batch = chosen[first : first + self._batch_size]
            filled = np.resize(batch, self._batch_size)
            sums = step(tf.constant(self._windows[filled]), tf.constant(self._weights[filled]))
            nats += float(np.sum(sums.numpy()[: len(batch)], dtype=np.float64))
        tokens, text_bytes = self._weights[chosen].sum(), self._bytes[chosen].sum()
        return Score(nats / float(tokens), nats / math.log(2) / max(float(text_bytes), 1.0))


def evaluate(
    model: "HSMN",
    dataset: Source = VALIDATION,
    *,
    metric: Metric = "loss",
    batch_size: int | None = None,
    max_seq_length: int | None = None,
) -> float:
    """Return a model's loss on held-out text: a fixed sample of 64 kB of it.

    Args:
        model: The model.
        dataset: Name or path of a dataset, or documents. Of `"val_data"`, and of datasets that
            `"val_data"` is the held-out text of, the dataset itself is sampled, and so are
            documents; of any other dataset, the part that training leaves out.
        metric: `"loss"` in nats per token, or `"bits_per_byte"`.
        batch_size: Windows evaluated at once; the configuration's unless given.
        max_seq_length: Tokens in a window; the configuration's unless given.

    Raises:
        ConfigError: The metric is unknown, a number is out of range, or the model has a BPE
            vocabulary and was not trained, so that it has no tokenizer.
        DatasetError: The dataset is unknown or empty.
    """
    if metric not in get_args(Metric):
        raise ConfigError(f"metric must be one of {', '.join(get_args(Metric))}, got {metric!r}.")
    given = {"batch_size": batch_size, "max_seq_length": max_seq_length}
    training = model.config.training.replace(
        **{name: value for name, value in given.items() if value is not None}
    )
    if isinstance(dataset, str | os.PathLike):
        documents = held_out_text(os.fspath(dataset))
    else:
        documents = sample(documents_of("given to evaluate", dataset), HELD_OUT_BYTES)
    tokenizer = model.tokenizer or build_tokenizer(model.config.model.vocab_size)
    held_out = HeldOut(
        tokenizer,
        documents,
        batch_size=training.batch_size,
        length=training.max_seq_length,
    )
    with engine_of(model) as engine:
        return getattr(held_out.score(engine), metric)
