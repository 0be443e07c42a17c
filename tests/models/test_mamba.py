"""The Mamba-2 mixer against its equations, a position at a time."""

import numpy as np
import pytest
import tensorflow as tf

from highnoon.models.initializers import Initializers
from highnoon.models.mamba import Mamba2Mixer
from highnoon.models.sizes import head_width


def by_the_equations(mixer: Mamba2Mixer, inputs: np.ndarray) -> np.ndarray:
    """Return the mixer's answer to one sequence [L, d], in float64."""
    w = [np.asarray(v, np.float64) for v in mixer.mixer_weights]
    gain, w_in, conv_kernel, conv_bias, step_bias, a_log, skip, gated_gain, w_out = w
    inner, heads, state, taps = w_out.shape[0], len(skip), mixer.state_width, mixer.conv_width

    def rms(x, gain):
        return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-5) * gain

    def silu(x):
        return x / (1 + np.exp(-x))

    z, mixed, dt = np.split(rms(inputs, gain) @ w_in, [inner, 2 * inner + 2 * state], axis=1)
    past = np.concatenate([np.zeros((taps - 1, mixed.shape[1])), mixed])
    s, y = np.zeros((heads, state, inner // heads)), np.zeros((len(inputs), heads, inner // heads))
    for t in range(len(inputs)):
        seen = silu((past[t : t + taps] * conv_kernel).sum(0) + conv_bias)
        x, b, c = np.split(seen, [inner, inner + state])
        x = x.reshape(heads, -1)
        step = np.log1p(np.exp(dt[t] + step_bias))
        decay = np.exp(-np.exp(a_log) * step)
        s = decay[:, None, None] * s + np.einsum("n,h,hp->hnp", b, step, x)
        y[t] = np.einsum("n,hnp->hp", c, s) + skip[:, None] * x
    return rms(y.reshape(len(inputs), inner) * silu(z), gated_gain) @ w_out


@pytest.mark.parametrize(
    ("width", "state", "taps", "expand"), [(24, 5, 4, 2), (64, 16, 1, 1), (8, 3, 2, 3)]
)
def test_it_computes_its_equations(width: int, state: int, taps: int, expand: int) -> None:
    mixer = Mamba2Mixer(state, taps, expand, initializers=Initializers(0))
    x = np.random.default_rng(0).normal(size=(2, 70, width)).astype("float32")
    mixer.build(x.shape)
    for weight in mixer.weights:  # ones and zeros would hide a gain or a bias that is not used
        weight.assign_add(tf.random.stateless_normal(weight.shape, (1, 2), stddev=0.1))
    got = mixer(x).numpy()
    for row, sequence in zip(got, x, strict=True):
        expected = by_the_equations(mixer, sequence)
        assert np.abs(row - expected).max() < 1e-5 * np.abs(expected).max()


def test_the_initial_decay_and_step_lie_in_the_published_ranges() -> None:
    mixer = Mamba2Mixer(4, initializers=Initializers(0))
    mixer.build((None, None, 512))
    weights = mixer.mixer_weights
    a, step = np.exp(weights.a_log), np.log1p(np.exp(weights.step_bias))
    assert a.min() >= 1
    assert a.max() <= 16
    assert step.min() >= 1e-3 * 0.999
    assert step.max() <= 0.1 * 1.001
    assert a.std() > 1
    assert step.max() > 4 * step.min()


def test_it_can_be_rebuilt_from_its_configuration() -> None:
    mixer = Mamba2Mixer(4, 3, 2, output_scale=0.5)
    assert Mamba2Mixer.from_config(mixer.get_config()).get_config() == mixer.get_config()


@pytest.mark.parametrize(("inner", "head"), [(128, 64), (64, 64), (16, 16), (72, 36), (1536, 64)])
def test_a_head_is_as_wide_as_the_largest_divisor_up_to_64(inner: int, head: int) -> None:
    assert head_width(inner) == head
