"""What a model needs, against what it turns out to take."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from highnoon.config import Config, ModelConfig, TrainingConfig
from highnoon.models import create_model
from highnoon.models.estimate import Estimate, estimate

SHALLOW = {"num_reasoning_blocks": 1, "num_decoder_blocks": 0}
TRAIN = """
import json, sys
from pathlib import Path
import keras, tensorflow as tf
from highnoon.config import Config
from highnoon.models import create_model

def peak():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])

def train(variables, loss, optimizer=None):
    optimizer = optimizer or keras.optimizers.AdamW()
    @tf.function(autograph=False)
    def step():
        with tf.GradientTape() as tape:
            value = loss()
        gradients, _ = tf.clip_by_global_norm(tape.gradient(value, variables), 1.0)
        optimizer.apply(gradients, variables)
    for _ in range(2):
        step()

warm = tf.Variable([1.0])
train([warm], lambda: tf.reduce_sum(warm**2))
Path("/proc/self/clear_refs").write_text("5")  # the peak so far was that of the imports
before = peak()
config = Config.from_dict(json.loads(sys.argv[1]))
model = create_model(config)
shape = [config.training.batch_size, config.training.max_seq_length]
tokens = tf.random.uniform(shape, 0, 256, tf.int32)
train(model.trainable_variables, lambda: tf.reduce_mean(
    tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, model.forward(tokens, True).logits)))
print(peak() - before)
"""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"embedding_dim": 72, "mamba_expand": 1, "mamba_d_state": 7, "mamba_d_conv": 2},
        {"num_moe_experts": 7, "top_k_experts": 1, "vocab_size": 999},
        {"pooling_rate": 1, "num_encoder_blocks": 0, "num_decoder_blocks": 3},
        {"pooling_rate": 6, "num_encoder_blocks": 2, "num_reasoning_blocks": 3},
    ],
)
def test_the_parameters_are_exactly_those_of_the_built_model(changes: dict) -> None:
    config = Config(ModelConfig(embedding_dim=16).replace(**changes))
    trainable = create_model(config).trainable_variables
    assert estimate(config).parameters == sum(v.shape.num_elements() for v in trainable)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measures with Linux' /proc")
@pytest.mark.parametrize(
    "config",
    [
        Config(ModelConfig(embedding_dim=64, **SHALLOW), TrainingConfig(batch_size=64)),
        Config(
            ModelConfig(embedding_dim=512, num_moe_experts=8, **SHALLOW),
            TrainingConfig(batch_size=1),
        ),
    ],
    ids=["activations", "weights"],
)
def test_the_peak_is_between_two_thirds_and_twice_of_what_a_training_takes(config: Config) -> None:
    run = [sys.executable, "-c", TRAIN, json.dumps(config.to_dict())]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert 2 / 3 < estimate(config).peak_bytes / int(done.stdout) < 2


def test_the_peak_grows_with_the_batch_the_length_and_the_model() -> None:
    config = Config(ModelConfig(embedding_dim=64))
    peak = estimate(config).peak_bytes
    assert estimate(config, batch_size=16).peak_bytes > peak
    assert estimate(config, max_seq_length=512).peak_bytes > peak
    assert estimate(config.replace(num_moe_experts=64)).peak_bytes > peak
    assert estimate(config.replace(batch_size=16)) == estimate(config, batch_size=16)


def test_an_estimate_reads_as_a_sentence() -> None:
    assert str(Estimate(7_200_000, 3 * 2**29)) == "7.2 million parameters, 1.5 GiB in training"
    assert str(Estimate(1_300_000_000, 2**30)) == "1.3 billion parameters, 1.0 GiB in training"
    assert str(Estimate(4_242, 2**27)) == "4,242 parameters, 0.1 GiB in training"


def test_estimating_builds_nothing_and_loads_no_tensorflow() -> None:
    code = (
        "import sys; from highnoon.config import Config; "
        "from highnoon.models.estimate import estimate; estimate(Config()); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
