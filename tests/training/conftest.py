"""A tiny model and a little text of its own, shared by the tests of training."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from highnoon.config import Config, ModelConfig, TrainingConfig
from highnoon.data import dataset_names, register_dataset
from highnoon.data.catalogue import find_dataset, unregister_dataset
from highnoon.models import HSMN, create_model

CONFIG = Config(
    ModelConfig(
        embedding_dim=16,
        num_reasoning_blocks=1,
        num_moe_experts=2,
        top_k_experts=1,
        mamba_d_state=8,
        num_encoder_blocks=0,
        num_decoder_blocks=0,
    ),
    TrainingConfig(learning_rate=0.01, batch_size=4, max_seq_length=32),
)


@pytest.fixture(autouse=True)
def _own_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HIGHNOON_CACHE", str(tmp_path / "cache"))
    for name, first in (("numbers", 0), ("more_numbers", 1000)):
        text = "".join(f"{n} and {n} is {2 * n}.\n" for n in range(first, first + 250))
        register_dataset(name, [text])
    yield
    for name in dataset_names():
        if not find_dataset(name).built_in:
            unregister_dataset(name)


@pytest.fixture
def model_of() -> Callable[..., HSMN]:
    """Build equal tiny models, some of whose hyperparameters may differ."""

    def build(**overrides) -> HSMN:
        return create_model(CONFIG, seed=1, **overrides)

    return build


@pytest.fixture
def model(model_of: Callable[..., HSMN]) -> HSMN:
    return model_of()
