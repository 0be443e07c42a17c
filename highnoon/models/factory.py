"""Building models from presets and configurations, as far as they fit this machine."""

from pathlib import Path
from typing import Any

import psutil

from highnoon.config import Config, ModelConfig
from highnoon.config import preset as named_preset
from highnoon.exceptions import ModelTooLargeError
from highnoon.models.estimate import Estimate, estimate
from highnoon.models.hsmn import HSMN

__all__ = ["available_bytes", "create_model"]

CGROUPS = (  # limit, usage, statistics and the name of the reclaimable part, versions 2 and 1
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def create_model(
    config: Config | ModelConfig | str = "small", *, seed: int | None = 0, **overrides: Any
) -> HSMN:
    """Build an HSMN language model with fresh weights.

    Args:
        config: A configuration, or the name of a preset: "tiny", "small" or "base".
        seed: Seed of the initial weights. The default is the same for every model, so that
            trials differ by their hyperparameters alone and the best one can be trained again;
            with None, Keras' global generator (`keras.utils.set_random_seed`) draws them.
        **overrides: Hyperparameters that differ from `config`, by any name that
            `highnoon.config.config_from_trial` knows.

    Raises:
        ConfigError: A name or a value is wrong.
        ModelTooLargeError: Training the model would not fit in this machine's free memory. Nothing
            has been built then.

    Example:
        >>> create_model("tiny", num_blocks=1).config.model.num_reasoning_blocks
        1
    """
    if isinstance(config, str):
        config = named_preset(config)
    elif isinstance(config, ModelConfig):
        config = Config(config)
    config = config.replace(**overrides)
    needed, available = estimate(config), available_bytes()
    if needed.peak_bytes > available:
        raise ModelTooLargeError(_too_large(config, needed, available))
    model = HSMN(config, seed=seed)
    model.build((None, None))
    return model


def available_bytes() -> int:
    """Return the memory that this process can still take: the machine's, within its cgroup."""
    free = psutil.virtual_memory().available
    root = Path("/sys/fs/cgroup")
    for limit, usage, statistics, reclaimable in CGROUPS:
        try:
            lines = (root / statistics).read_text().splitlines()
            cache = next(int(line.split()[1]) for line in lines if line.startswith(reclaimable))
            used = int((root / usage).read_text()) - cache
            free = min(free, int((root / limit).read_text()) - used)
        except (OSError, ValueError, StopIteration):  # no such cgroup, or no limit: "max"
            continue
    return max(free, 0)


def _too_large(config: Config, needed: Estimate, available: int) -> str:
    training = config.training
    return (
        f"Training this model takes about {needed.peak_bytes / 2**30:.1f} GiB of memory "
        f"({needed.parameters:,} parameters, batch_size {training.batch_size}, "
        f"max_seq_length {training.max_seq_length}), and {available / 2**30:.1f} GiB are free. "
        f"Lower {_largest_share(config, needed)}."
    )


def _largest_share(config: Config, needed: Estimate) -> str:
    """Name the hyperparameters to lower: those of the step if it outweighs the weights."""
    weights = estimate(config, batch_size=0).peak_bytes
    if needed.peak_bytes > 2 * weights:
        return "batch_size or max_seq_length"
    return "embedding_dim, num_reasoning_blocks, num_moe_experts or vocab_size"
