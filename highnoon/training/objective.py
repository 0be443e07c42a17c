"""A ready objective: train a small HSMN on text, return its held-out loss."""

from collections.abc import Mapping, Sequence
from typing import Any

from highnoon.config import config_from_trial
from highnoon.data.catalogue import find_dataset
from highnoon.exceptions import ConfigError
from highnoon.hpo._context import running_trial
from highnoon.models import create_model
from highnoon.training.trainer import Trainer

__all__ = ["HSMNObjective", "quick_search_space"]


class HSMNObjective:
    """Trains an HSMN with a trial's hyperparameters; lower is better.

    Args:
        datasets: Names or paths of the text to train on.
        tokens: Tokens that a trial trains on, whatever its batch size, so that trials compare.
        preset: What the hyperparameters leave open.

    Raises:
        ConfigError: `tokens` is not an integer of at least 1.
        DatasetError: A dataset is unknown; the nearest names are given.

    Example:
        ```python
        hpo.optimize(hn.HSMNObjective(["notes/"], tokens=500_000), hn.quick_search_space())
        ```
    """

    def __init__(
        self,
        datasets: str | Sequence[str] = ("train_subset",),
        *,
        tokens: int = 80_000,
        preset: str = "tiny",
    ) -> None:
        if isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 1:
            raise ConfigError(f"tokens must be an integer of at least 1, got {tokens!r}.")
        self.datasets = [datasets] if isinstance(datasets, str) else list(datasets)
        for dataset in self.datasets:
            find_dataset(dataset)
        self.tokens = tokens
        self.preset = preset

    def __call__(self, params: Mapping[str, Any]) -> float:
        """Train once and return the held-out loss in nats per token, NaN where it diverged.

        The trial keeps the bits per byte beside it.
        """
        config = config_from_trial(params, base=self.preset)
        trainer = Trainer(create_model(config))
        window = config.training.batch_size * config.training.max_seq_length
        steps = max(1, self.tokens // window)
        trainer.add_curriculum_stage("text", datasets=self.datasets, steps=steps)
        stage = trainer.train(log_interval=steps + 1)["stages_completed"][-1]
        trial = running_trial()
        if trial is not None:
            trial.set_attr("bits_per_byte", stage["bits_per_byte"])
        return stage["final_loss"]


def quick_search_space() -> dict[str, tuple[Any, ...]]:
    """Return a search space of small models, whose trials take seconds on two cores."""
    return {
        "learning_rate": ("log_uniform", 3e-4, 3e-2),
        "batch_size": ("categorical", [4, 8]),
        "embedding_dim": ("int", 32, 96, 32),
        "num_reasoning_blocks": ("int", 1, 3),
        "num_moe_experts": ("categorical", [2, 4]),
        "top_k_experts": ("categorical", [1, 2]),
        "mamba_d_state": ("categorical", [8, 16, 32]),
        "warmup_steps": ("int", 0, 20, 5),
    }
