"""Ready-made search spaces."""

from typing import Any

__all__ = ["hsmn_search_space"]


def hsmn_search_space() -> dict[str, tuple[Any, ...]]:
    """Return a search space for HSMN models: architecture, training, Mamba, MoE, regularization.

    The dict is new on every call and may be changed freely before it is given to `optimize`.

    >>> space = hsmn_search_space() | {"batch_size": ("categorical", [32, 64])}
    >>> len(space)
    14
    """
    return {
        "embedding_dim": ("categorical", [512, 768, 1024, 2048]),
        "num_reasoning_blocks": ("int", 4, 16),
        "num_moe_experts": ("categorical", [4, 8, 12]),
        "learning_rate": ("log_uniform", 1e-5, 1e-3),
        "batch_size": ("categorical", [4, 8, 16]),
        "warmup_steps": ("int", 500, 5000, 500),
        "gradient_clip": ("uniform", 0.5, 2.0),
        "weight_decay": ("log_uniform", 0.001, 0.1),
        "mamba_d_state": ("categorical", [16, 32, 64]),
        "mamba_d_conv": ("categorical", [3, 4, 5]),
        "mamba_expand": ("int", 2, 4),
        "top_k_experts": ("categorical", [1, 2, 4]),
        "aux_loss_weight": ("log_uniform", 0.001, 0.1),
        "dropout_rate": ("uniform", 0.0, 0.3),
    }
