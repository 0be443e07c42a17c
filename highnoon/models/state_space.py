"""The selective state-space recurrence of Mamba-2, as matrix products over chunks.

Symbols:
    B  sequences in a batch         H   heads
    L  length in positions          P   head width
    Q  chunk length                 N   state width
    M  chunks, L / Q
"""

from typing import Any, NamedTuple

import tensorflow as tf

from highnoon.models.ops import dimensions
from highnoon.models.sizes import CHUNK_LENGTH

__all__ = ["state_space_dual"]


def state_space_dual(
    x: tf.Tensor, step: tf.Tensor, log_decay: tf.Tensor, b: tf.Tensor, c: tf.Tensor
) -> tf.Tensor:
    """Run the selective state-space recurrence in its chunked matrix form.

    Each head h keeps a state S [N, P], which starts at zero:

        S_t = exp(log_decay_t) S_{t-1} + b_t (step_t x_t)^T,    y_t = c_t S_t

    Inside a chunk, y = W x with W[t, s] = (c_t . b_s) step_s exp(sum of log_decay over (s, t]);
    chunks pass their states on. Positions after t enter y_t with weight exactly zero.

    The gradient of the log-decay needs no pass over W: with s its running sum,
    ds_t = dy_t . y_t - x_t . dx_t.

    Args:
        x: Inputs [B, L, H, P].
        step: Step sizes Δ, positive [B, L, H].
        log_decay: Logarithm of the decay, at most zero [B, L, H].
        b: Input maps [B, L, N], shared by the heads.
        c: Output maps [B, L, N], shared by the heads.

    Returns:
        Outputs y [B, L, H, P].

    References:
        Dao and Gu, "Transformers are SSMs", 2024, section 6 (the block decomposition).
    """
    length = dimensions(x)[1]
    chunk = min(CHUNK_LENGTH, length) if isinstance(length, int) else CHUNK_LENGTH
    padding = -length % chunk
    if isinstance(padding, int) and not padding:
        return _of_whole_chunks(chunk)(x, step, log_decay, b, c)
    x, step, log_decay, b, c = (
        tf.pad(t, [[0, 0], [0, padding]] + [[0, 0]] * (t.shape.rank - 2))
        for t in (x, step, log_decay, b, c)
    )
    return _of_whole_chunks(chunk)(x, step, log_decay, b, c)[:, :length]


class _Carry(NamedTuple):
    """What passes between chunks."""

    from_start: tf.Tensor  # [B, M, Q, H], decay from the chunk's start through each position
    to_end: tf.Tensor  # [B, M, Q, H], step times decay after each position to the chunk's end
    passing: tf.Tensor  # [B, H, M, M], decay from the end of a chunk to the start of a later one
    x_ending: tf.Tensor  # [B, M, Q, HP], x times to_end
    states: tf.Tensor  # [B, M, N, HP], at the start of each chunk


def _of_whole_chunks(chunk: int) -> Any:
    """Return `state_space_dual` for lengths that are multiples of `chunk`."""

    def dual(
        x: tf.Tensor, step: tf.Tensor, log_decay: tf.Tensor, b: tf.Tensor, c: tf.Tensor
    ) -> tuple[tf.Tensor, Any]:
        batch, length, heads, width = dimensions(x)
        chunks = length // chunk
        split = [batch, chunks, chunk, heads, width]

        def by_chunk(t: tf.Tensor) -> tf.Tensor:  # [B, L, n] -> [B, M, Q, n]
            return tf.reshape(t, [batch, chunks, chunk, t.shape[-1]])

        def by_head(t: tf.Tensor) -> tf.Tensor:  # [B, L, H, P] -> [B, M, H, Q, P]
            return tf.transpose(tf.reshape(t, split), [0, 1, 3, 2, 4])

        def by_position(t: tf.Tensor) -> tf.Tensor:  # [B, M, H, Q, P] -> [B, M, Q, H, P]
            return tf.transpose(t, [0, 1, 3, 2, 4])

        def scale(t: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:  # [B, M, Q, H, P]
            return tf.reshape(t, split) * tf.expand_dims(factor, -1)

        def join_heads(t: tf.Tensor) -> tf.Tensor:  # [B, M, Q, H, P] -> [B, M, Q, HP]
            return tf.reshape(t, [batch, chunks, chunk, heads * width])

        b_, c_ = by_chunk(b), by_chunk(c)
        total = tf.cumsum(by_chunk(log_decay), axis=2)  # [B, M, Q, H]
        source = total - tf.math.log(by_chunk(step))
        # Positions s > t may overflow here; band_part drops them wherever they are used.
        kernel = tf.exp(
            tf.expand_dims(tf.transpose(total, [0, 1, 3, 2]), 4)
            - tf.expand_dims(tf.transpose(source, [0, 1, 3, 2]), 3)
        )  # [B, M, H, Q, Q]
        scores = tf.expand_dims(tf.matmul(c_, b_, transpose_b=True), 2)  # [B, M, 1, Q, Q]
        weights = tf.linalg.band_part(kernel * scores, -1, 0)
        x_heads = by_head(x)
        y = by_position(tf.matmul(weights, x_heads))
        carry = None
        if not isinstance(chunks, int) or chunks > 1:
            ends = total[:, :, -1:]
            to_end = tf.exp(ends - source)
            passing = _passing(tf.squeeze(ends, 2))
            x_ending = join_heads(scale(x, to_end))
            made = tf.matmul(b_, x_ending, transpose_a=True)  # [B, M, N, HP]
            states = _sum_over_chunks(passing, made)
            carry = _Carry(tf.exp(total), to_end, passing, x_ending, states)
            y += scale(tf.matmul(c_, states), carry.from_start)
        y = tf.reshape(y, [batch, length, heads, width])

        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, ...]:
            dy_heads = by_head(dy)
            dx = by_position(tf.matmul(weights, dy_heads, transpose_a=True))
            dweights = tf.matmul(dy_heads, x_heads, transpose_b=True)
            dscores = tf.linalg.band_part(tf.reduce_sum(dweights * kernel, axis=2), -1, 0)
            db = tf.matmul(dscores, c_, transpose_a=True)
            dc = tf.matmul(dscores, b_)
            crossing = None
            if carry is not None:
                dy_starting = join_heads(scale(dy, carry.from_start))
                dstates = tf.matmul(c_, dy_starting, transpose_a=True)  # [B, M, N, HP]
                dmade = _sum_over_chunks(carry.passing, dstates, transpose=True)
                dx += scale(tf.matmul(b_, dmade), carry.to_end)
                db += tf.matmul(carry.x_ending, dmade, transpose_b=True)
                dc += tf.matmul(dy_starting, carry.states, transpose_b=True)
                crossing = tf.reduce_sum(dmade[:, :-1] * carry.states[:, 1:], axis=2)
                crossing = tf.reshape(crossing, [batch, chunks - 1, 1, heads, width])
                crossing = tf.reduce_sum(crossing, axis=-1)  # [B, M - 1, 1, H]
            dx = tf.reshape(dx, [batch, length, heads, width])
            x_dx = tf.reduce_sum(x * dx, axis=-1)  # [B, L, H]
            dtotal = tf.reduce_sum(dy * y, axis=-1) - x_dx
            ddecay = tf.cumsum(by_chunk(dtotal), axis=2, reverse=True)
            if crossing is not None:
                ddecay += tf.pad(crossing, [[0, 0], [0, 1], [0, 0], [0, 0]])
            return (
                dx,
                tf.math.divide_no_nan(x_dx, step),
                tf.reshape(ddecay, [batch, length, heads]),
                tf.reshape(db, [batch, length, b.shape[-1]]),
                tf.reshape(dc, [batch, length, c.shape[-1]]),
            )

        return y, gradient

    return tf.custom_gradient(dual)


def _passing(chunk_decay: tf.Tensor) -> tf.Tensor:
    """Return what a state keeps from the end of chunk j to the start of chunk m > j.

    Sums run over the chunks between, not as a difference of two running sums, which would lose the
    small decays of a long sequence.

    Args:
        chunk_decay: Log-decay over each whole chunk [B, M, H].

    Returns:
        Factors [B, H, M, M], at (m, j); zero for m <= j.
    """
    steps = tf.expand_dims(tf.transpose(chunk_decay, [0, 2, 1]), -1)  # [B, H, M, 1]
    chunks = dimensions(steps)[2]
    after = tf.linalg.band_part(tf.ones([chunks, chunks]), -1, 0) - tf.eye(chunks)  # row > column
    kept = tf.linalg.band_part(tf.exp(tf.cumsum(steps * after, axis=2)), -1, 0)
    return tf.pad(kept[:, :, :-1], [[0, 0], [0, 0], [1, 0], [0, 0]])


def _sum_over_chunks(
    passing: tf.Tensor, states: tf.Tensor, *, transpose: bool = False
) -> tf.Tensor:
    """Sum `states` [B, M, N, HP] over the chunks with the weights `passing` [B, H, M, M]."""
    batch, chunks, state, wide = dimensions(states)
    heads = passing.shape[1]
    split = [batch, chunks, state, heads, wide // heads]
    by_head = tf.transpose(tf.reshape(states, split), [0, 3, 1, 2, 4])
    by_head = tf.reshape(by_head, [batch, heads, chunks, state * wide // heads])
    mixed = tf.matmul(passing, by_head, transpose_a=transpose)
    mixed = tf.reshape(mixed, [batch, heads, chunks, state, wide // heads])
    return tf.reshape(tf.transpose(mixed, [0, 2, 3, 1, 4]), [batch, chunks, state, wide])
