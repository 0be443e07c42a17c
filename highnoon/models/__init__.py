"""The HSMN language model, how it is built, and what it needs.

Only what builds a model loads TensorFlow; `estimate` does without.
"""

import importlib
from typing import TYPE_CHECKING, Any

from highnoon.models.estimate import Estimate, estimate

if TYPE_CHECKING:
    from highnoon.models.factory import create_model
    from highnoon.models.hsmn import HSMN, ModelOutput
    from highnoon.models.mamba import Mamba2Mixer
    from highnoon.models.moe import ROUTER_Z_LOSS_WEIGHT, MixtureOfExperts

__all__ = [
    "HSMN",
    "ROUTER_Z_LOSS_WEIGHT",
    "Estimate",
    "Mamba2Mixer",
    "MixtureOfExperts",
    "ModelOutput",
    "create_model",
    "estimate",
]

_HOMES = {
    "HSMN": "hsmn",
    "ROUTER_Z_LOSS_WEIGHT": "moe",
    "Mamba2Mixer": "mamba",
    "MixtureOfExperts": "moe",
    "ModelOutput": "hsmn",
    "create_model": "factory",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
