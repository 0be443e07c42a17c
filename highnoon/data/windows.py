"""Tokens cut into windows, and windows put into batches of one shape."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["TrainingWindows", "held_out_windows"]


class TrainingWindows:
    """Shuffled windows of one or several streams of tokens.

    An epoch is one pass over each stream in windows of `length + 1` tokens (the last one is only a
    target) that start `length` tokens apart, from a start drawn anew for each epoch; a stream is a
    ring, so that every token is read and a short stream fills a window too. Windows of random
    starts fill up the last batch. Batch and epoch number decide the content, with the seed.

    Args:
        streams: Tokens of each dataset, shape [tokens].
        length: Tokens in a window.
        batch_size: Windows in a batch.
        passes: How often each stream is read in one epoch; once if not given.
        seed: Numbers that the order derives from.

    Attributes:
        batches_per_epoch: Number of batches in an epoch.
    """

    def __init__(
        self,
        streams: Sequence[NDArray[np.int32]],
        length: int,
        batch_size: int,
        *,
        passes: Sequence[float] | None = None,
        seed: Sequence[int] = (0,),
    ) -> None:
        self._tokens = np.concatenate(streams)
        self._sizes = np.array([len(stream) for stream in streams])
        self._offsets = np.cumsum(self._sizes) - self._sizes
        self._length = length
        self._batch_size = batch_size
        self._seed = tuple(seed)
        self._windows = [
            max(1, math.ceil(share * math.ceil(len(stream) / length)))
            for stream, share in zip(streams, passes or [1.0] * len(streams), strict=True)
        ]
        self.batches_per_epoch = math.ceil(sum(self._windows) / batch_size)

    def batches(self, epoch: int, *, start: int = 0) -> Iterator[NDArray[np.int32]]:
        """Yield the batches of an epoch from number `start` on, shape [batch_size, length + 1]."""
        streams, starts = self._order(epoch)
        within = np.arange(self._length + 1)
        for first in range(start * self._batch_size, len(streams), self._batch_size):
            chosen = slice(first, first + self._batch_size)
            stream = streams[chosen, None]
            positions = (starts[chosen, None] + within) % self._sizes[stream]
            yield self._tokens[self._offsets[stream] + positions]

    def _order(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return stream number and start of every window of an epoch, in order."""
        random = np.random.default_rng([*self._seed, epoch])
        streams, starts = [], []
        for number, (size, count) in enumerate(zip(self._sizes, self._windows, strict=True)):
            a_pass = math.ceil(size / self._length)
            for first in range(0, count, a_pass):
                grid = np.arange(a_pass) * self._length + random.integers(size)
                starts.append(random.permutation(grid)[: count - first])
                streams.append(np.full(len(starts[-1]), number))
        order = random.permutation(sum(self._windows))
        missing = self.batches_per_epoch * self._batch_size - len(order)
        extra = random.choice(len(self._sizes), missing, p=self._windows / np.sum(self._windows))
        return (
            np.concatenate([np.concatenate(streams)[order], extra]),
            np.concatenate([np.concatenate(starts)[order], random.integers(self._sizes[extra])]),
        )


def held_out_windows(
    tokens: NDArray[np.int32], length: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Cut tokens into windows in which every token but the first is a target exactly once.

    Args:
        tokens: Shape [tokens], at least two.
        length: Tokens in a window.

    Returns:
        The windows, shape [windows, length + 1], the last one filled up with zeros, and the weights
        of their targets, shape [windows, length], 0 where it was filled up.
    """
    count = math.ceil((len(tokens) - 1) / length)
    filled = np.zeros(count * length + 1, np.int32)
    filled[: len(tokens)] = tokens
    positions = np.arange(count)[:, None] * length + np.arange(length + 1)
    weights = (positions[:, 1:] < len(tokens)).astype(np.float32)
    return filled[positions], weights
