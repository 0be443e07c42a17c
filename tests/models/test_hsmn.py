"""The model as a whole: causality, lengths, hyperparameters, training, weights."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from highnoon.config import Config, ModelConfig
from highnoon.models import HSMN, create_model

TINY = ModelConfig(embedding_dim=16, num_reasoning_blocks=1)


def text(batch: int, length: int, vocabulary: int = 260, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, vocabulary, (batch, length)).astype("int32")


@pytest.mark.parametrize(
    ("changes", "batch", "length"),
    [
        ({"embedding_dim": 64, "num_reasoning_blocks": 2}, 4, 256),
        ({"pooling_rate": 1, "num_reasoning_blocks": 2}, 2, 200),
        ({"pooling_rate": 3, "num_moe_experts": 8, "top_k_experts": 3}, 3, 131),
        ({"embedding_dim": 8, "pooling_rate": 8, "num_encoder_blocks": 0}, 2, 77),
        ({"num_decoder_blocks": 0, "num_moe_experts": 3, "top_k_experts": 1}, 2, 65),
        ({"embedding_dim": 72, "pooling_rate": 2, "mamba_d_conv": 7}, 2, 9),
    ],
)
def test_changing_a_token_changes_no_earlier_logit_not_even_its_last_bit(
    changes: dict, batch: int, length: int
) -> None:
    model = create_model(TINY, seed=0, **changes)
    logits = tf.function(lambda tokens: model(tokens), autograph=False)
    tokens = text(batch, length)
    before = logits(tf.constant(tokens)).numpy()
    rng = np.random.default_rng(1)
    positions = [1, 2, 3, 4, length // 2, length - 1, *rng.integers(1, length, 10)]
    for i, t in enumerate(positions):
        changed = tokens.copy()
        last = t + 1 if i % 2 else length  # one token, or all from there on
        changed[:, t:last] = (tokens[:, t:last] + rng.integers(1, 260, (batch, last - t))) % 260
        after = logits(tf.constant(changed)).numpy()
        np.testing.assert_array_equal(after[:, :t], before[:, :t])
        assert np.any(after[:, t] != before[:, t])


@pytest.mark.parametrize("rate", [1, 4])
def test_every_earlier_token_reaches_the_last_logit(rate: int) -> None:
    model = create_model(TINY, seed=0, pooling_rate=rate)
    tokens = text(1, 70)
    before = model(tokens).numpy()
    for t in (0, 1, 40, 69):
        changed = tokens.copy()
        changed[0, t] = (changed[0, t] + 1) % 260
        assert np.any(model(changed).numpy()[0, -1] != before[0, -1])


@pytest.mark.parametrize("length", [1, 3, 64, 255, 300])
def test_a_prefix_has_the_logits_of_the_whole(length: int) -> None:
    model = create_model(TINY, seed=0)
    tokens = text(2, 300)
    whole = model(tokens).numpy()[:, :length]
    prefix = model(tokens[:, :length])
    assert prefix.dtype == tf.float32
    assert prefix.shape == (2, length, 260)
    np.testing.assert_allclose(prefix, whole, atol=1e-5)


def test_unknown_batch_and_length_give_the_same_logits() -> None:
    model = create_model(TINY, seed=0)
    dynamic = tf.function(
        lambda tokens: model.forward(tokens, training=False).logits,
        input_signature=[tf.TensorSpec([None, None], tf.int32)],
        autograph=False,
    )
    for length in (5, 300):
        tokens = text(2, length)
        np.testing.assert_allclose(dynamic(tokens), model(tokens), atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"vocab_size": 300},
        {"embedding_dim": 24},
        {"num_reasoning_blocks": 2},
        {"num_moe_experts": 5},
        {"mamba_d_state": 8},
        {"mamba_d_conv": 3},
        {"mamba_expand": 3},
        {"num_encoder_blocks": 2},
        {"num_decoder_blocks": 0},
        {"pooling_rate": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_size_changes_the_number_of_weights(change: dict) -> None:
    sizes = [create_model(TINY.replace(**c), seed=0).count_params() for c in ({}, change)]
    assert sizes[0] != sizes[1]


def test_top_k_and_dropout_change_the_output_of_the_same_weights() -> None:
    tokens = text(1, 32)
    outputs = [
        create_model(TINY, seed=0, **change)(tokens, training=True).numpy()
        for change in ({}, {"top_k_experts": 1}, {"dropout_rate": 0.3})
    ]
    assert np.any(outputs[0] != outputs[1])
    assert np.any(outputs[0] != outputs[2])


def test_it_learns_a_text_by_heart_in_a_training_step_of_ones_own() -> None:
    model = create_model(TINY, seed=0)
    tokens = tf.constant(text(2, 33, vocabulary=20))

    @tf.function(autograph=False)
    def step() -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            output = model.forward(tokens[:, :-1], training=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(tokens[:, 1:], output.logits)
            )
            total = loss + 0.01 * output.load_balancing_loss + 1e-3 * output.router_z_loss
        gradients = tape.gradient(total, model.trainable_variables)
        steps, _ = tf.clip_by_global_norm(gradients, 1.0)
        for variable, step in zip(model.trainable_variables, steps, strict=True):
            variable.assign_sub(0.3 * step)
        return loss, output.load_balancing_loss, output.router_z_loss, *gradients

    first, balance, z, *gradients = step()
    assert float(first) == pytest.approx(np.log(260), rel=0.05)
    assert 1 <= float(balance) < 2
    assert float(z) > 0
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.any(gradient), variable.path
    for _ in range(150):
        loss = step()[0]
    assert float(loss) < 0.5


def test_the_losses_are_means_over_the_routers() -> None:
    model = create_model(TINY, seed=0, num_reasoning_blocks=3)
    output = model.forward(text(2, 64))
    hidden = model.downsample(model.encoder[0](tf.gather(model.embedding.value, text(2, 64))))
    each = []
    for block in model.reasoning:
        hidden, losses = block(hidden)
        each.append(losses)
    assert float(output.load_balancing_loss) == pytest.approx(
        np.mean([loss.load_balancing for loss in each]), rel=1e-5
    )
    assert float(output.router_z_loss) == pytest.approx(
        np.mean([loss.z for loss in each]), rel=1e-5
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_weights_saved_and_loaded_give_the_same_logits(tmp_path: Path) -> None:
    saved, other = (create_model(TINY, seed=s, dropout_rate=0.1) for s in (0, 1))
    tokens = text(2, 40)
    assert np.any(saved(tokens).numpy() != other(tokens).numpy())
    saved.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(saved(tokens), other(tokens))


def test_it_has_a_name_for_every_weight_and_shares_the_head_with_the_embedding() -> None:
    model = create_model(TINY, seed=0)
    paths = [variable.path for variable in model.trainable_variables]
    assert len(set(paths)) == len(paths)
    assert [v.path for v in model.trainable_variables if 260 in v.shape] == [model.embedding.path]


def test_it_keeps_its_configuration_and_has_no_tokenizer_yet() -> None:
    config = Config(TINY)
    model = HSMN(config)
    assert model.config is config
    assert model.tokenizer is None
    assert HSMN.from_config(model.get_config()).config == config
