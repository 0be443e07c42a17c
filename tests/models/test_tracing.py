"""Sharing the traces of a layer's arithmetic."""

import tensorflow as tf

from highnoon.models.tracing import traced_once


def test_equal_shapes_share_a_trace_across_graphs_and_other_shapes_do_not() -> None:
    runs = []

    @traced_once
    def double(x):
        runs.append(x.shape)
        return x * 2

    for _ in range(2):
        outer = tf.function(lambda x: double(double(x)), autograph=False)
        assert outer(tf.ones([3])).numpy().tolist() == [4, 4, 4]
    assert len(runs) == 1
    assert outer(tf.ones([2])).numpy().tolist() == [4, 4]
    assert len(runs) == 2


def test_gradients_flow_through_a_shared_trace() -> None:
    square = traced_once(lambda x: x * x)

    @tf.function(autograph=False)
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = square(square(x))
        return tape.gradient(y, x)

    assert float(gradient(tf.constant(2.0))) == 32


def test_outside_a_graph_the_function_just_runs() -> None:
    eager = []
    traced_once(lambda x: eager.append(tf.executing_eagerly()))(tf.ones([1]))
    assert eager == [True]
