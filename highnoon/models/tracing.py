"""Tracing a layer's arithmetic once for all layers, and all models, of the same shapes."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

__all__ = ["traced_once"]

TRACES = 64


def traced_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of tensors share its traces.

    Inside a `tf.function`, `function` becomes a graph of its own, which every later call with
    tensors of the same shapes reuses with its gradient, whichever model the tensors belong to. That
    makes the first training step of a deep model, and of the next model of the same widths, start
    sooner. Outside, the function just runs. The last `TRACES` graphs are kept.

    Args:
        function: Takes tensors, or named tuples of tensors, and depends on nothing else.
    """

    @functools.lru_cache(maxsize=TRACES)
    def trace(shapes: tuple[Any, ...]) -> Callable[..., Any]:
        del shapes
        return tf.function(function, autograph=False)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if tf.executing_eagerly():
            return function(*arguments)
        tensors = tf.nest.flatten(arguments)
        return trace(tuple((tensor.dtype, *tensor.shape) for tensor in tensors))(*arguments)

    return call
