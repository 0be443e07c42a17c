"""Evaluating a model on held-out text."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from highnoon.data import register_dataset
from highnoon.exceptions import ConfigError, DatasetError
from highnoon.models import HSMN
from highnoon.training import evaluate

ModelOf = Callable[..., HSMN]


def test_the_loss_is_the_mean_negative_log_probability_of_the_next_token(model: HSMN) -> None:
    register_dataset("val_data", ["abcdefghij"])
    tokens = np.array([[256, *b"abcdefghij", 256]])
    logits = model.forward(tf.constant(tokens[:, :-1], tf.int32), training=False).logits
    log_probabilities = tf.nn.log_softmax(logits).numpy()[0]
    nats = -sum(log_probabilities[i, token] for i, token in enumerate(tokens[0, 1:]))
    assert evaluate(model) == pytest.approx(nats / 11, rel=1e-5)
    bits = evaluate(model, metric="bits_per_byte")
    assert bits == pytest.approx(nats / math.log(2) / 10, rel=1e-5)


def test_batch_size_does_not_change_the_loss(model: HSMN) -> None:
    losses = [evaluate(model, "numbers", batch_size=size) for size in (1, 4, 7)]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-5)


def test_a_longer_window_changes_the_loss(model: HSMN) -> None:
    assert evaluate(model, "numbers", max_seq_length=8) != evaluate(model, "numbers")


def test_val_data_is_evaluated_unless_told_otherwise(model: HSMN) -> None:
    assert evaluate(model) == evaluate(model, "val_data")


def test_a_file_can_be_evaluated_on(model: HSMN, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("".join(f"{number} bottles\n" for number in range(100)))
    assert math.isfinite(evaluate(model, path))
    assert evaluate(model, path) == evaluate(model, str(path))


def test_documents_can_be_evaluated_on(model: HSMN) -> None:
    register_dataset("val_data", ["one document", "another one"])
    assert evaluate(model, ["one document", "another one"]) == evaluate(model)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"metric": "accuracy"}, "metric must be one of loss, bits_per_byte, got 'accuracy'"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1, got 0"),
        ({"max_seq_length": 1}, "max_seq_length must be an integer of at least 8, got 1"),
    ],
)
def test_a_wrong_value_is_refused(given: dict, message: str, model: HSMN) -> None:
    with pytest.raises(ConfigError, match=message):
        evaluate(model, **given)


def test_an_unknown_dataset_is_refused(model: HSMN) -> None:
    with pytest.raises(DatasetError, match="Did you mean 'val_data'"):
        evaluate(model, "val_dat")


def test_an_untrained_model_of_a_large_vocabulary_has_no_tokenizer(model_of: ModelOf) -> None:
    with pytest.raises(ConfigError, match="needs a tokenizer trained on text, and this model has"):
        evaluate(model_of(vocab_size=400), "numbers")
