"""A trained model knows more about text than counting does."""

import numpy as np
from numpy.typing import NDArray

from highnoon.data import ByteTokenizer
from highnoon.data.splits import split_stages
from highnoon.models import create_model
from highnoon.training import Trainer

VOCABULARY = 257


def interpolated(
    lower: NDArray[np.float64], train: tuple[NDArray, NDArray], test: tuple[NDArray, NDArray]
) -> NDArray[np.float64]:
    """Probabilities of the next token after a context, smoothed by those of a shorter one.

    (count(context, token) + kinds(context) * lower) / (count(context) + kinds(context)), where
    kinds(context) is the number of different tokens seen after it (Witten and Bell, 1991).
    """

    def look_up(keys: NDArray, values: NDArray, wanted: NDArray) -> NDArray:
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[places] == wanted, values[places], 0)

    (context, token), (test_context, test_token) = train, test
    pairs, pair_counts = np.unique(context * VOCABULARY + token, return_counts=True)
    contexts, counts = np.unique(context, return_counts=True)
    _, kinds = np.unique(pairs // VOCABULARY, return_counts=True)
    seen = look_up(contexts, counts, test_context)
    different = look_up(contexts, kinds, test_context)
    count = look_up(pairs, pair_counts, test_context * VOCABULARY + test_token)
    mixed = (count + different * lower) / np.maximum(seen + different, 1)
    return np.where(seen > 0, mixed, lower)


def trigram_bits_per_byte(training: tuple[str, ...], held_out: tuple[str, ...]) -> float:
    tokenizer = ByteTokenizer(VOCABULARY)
    end = [tokenizer.end_of_document]
    a, b = (
        np.concatenate([end, tokenizer.encode_documents(text)]).astype(np.int64)
        for text in (training, held_out)
    )
    probability = np.full(len(b) - 2, 1 / VOCABULARY)
    for context_of in (
        lambda t: np.zeros_like(t[2:]),
        lambda t: t[1:-1],
        lambda t: t[:-2] * VOCABULARY + t[1:-1],
    ):
        probability = interpolated(probability, (context_of(a), a[2:]), (context_of(b), b[2:]))
    return float(-np.log2(probability).sum() / sum(len(text.encode()) for text in held_out))


def test_the_trigram_model_is_a_distribution_over_the_next_byte() -> None:
    tokens = ByteTokenizer(VOCABULARY).encode("abracadabra").astype(np.int64)
    every = np.arange(VOCABULARY)
    train = (tokens[:-1], tokens[1:])
    for context in map(ord, "abz"):
        lower = np.full(VOCABULARY, 1 / VOCABULARY)
        probability = interpolated(lower, train, (np.full(VOCABULARY, context), every))
        assert abs(probability.sum() - 1) < 1e-9


def test_a_tiny_model_beats_a_trigram_model_of_the_same_text() -> None:
    (text,) = split_stages([["train_subset"]])
    trigram = trigram_bits_per_byte(text.training[0], text.held_out)
    model = create_model("tiny", seed=1)
    trainer = Trainer(model, learning_rate=0.01, warmup_steps=20, max_seq_length=128)
    trainer.add_curriculum_stage("only", ["train_subset"], steps=220)
    (stage,) = trainer.train()["stages_completed"]
    assert trigram < 3.2
    assert stage["bits_per_byte"] < trigram - 0.05
