"""HighNoon: tune HSMN language models, and any Python objective, from a notebook.

Names are loaded when they are first used, so that `import highnoon` brings in neither TensorFlow
nor Optuna.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

# TensorFlow reports a machine without a GPU as an error; what matters it raises as exceptions.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"

__all__ = [
    "Config",
    "HPOTrialManager",
    "HSMNObjective",
    "HighNoonError",
    "InfeasibleTrialError",
    "ModelConfig",
    "StudyControl",
    "StudyReader",
    "Trainer",
    "TrainingConfig",
    "TrialPruned",
    "__version__",
    "config_from_trial",
    "create_model",
    "estimate",
    "evaluate",
    "hsmn_search_space",
    "load_model",
    "quick_search_space",
    "register_dataset",
    "when",
]

if TYPE_CHECKING:
    from optuna import TrialPruned

    from highnoon.config import Config, ModelConfig, TrainingConfig, config_from_trial
    from highnoon.data import register_dataset
    from highnoon.exceptions import HighNoonError, InfeasibleTrialError
    from highnoon.hpo.manager import HPOTrialManager
    from highnoon.hpo.presets import hsmn_search_space
    from highnoon.hpo.reader import StudyReader
    from highnoon.hpo.run.control import StudyControl
    from highnoon.hpo.space import when
    from highnoon.models import create_model, estimate
    from highnoon.training import HSMNObjective, Trainer, evaluate, load_model, quick_search_space

_HOMES = {
    "Config": "highnoon.config",
    "HPOTrialManager": "highnoon.hpo.manager",
    "HSMNObjective": "highnoon.training",
    "HighNoonError": "highnoon.exceptions",
    "InfeasibleTrialError": "highnoon.exceptions",
    "ModelConfig": "highnoon.config",
    "StudyControl": "highnoon.hpo.run.control",
    "StudyReader": "highnoon.hpo.reader",
    "Trainer": "highnoon.training",
    "TrainingConfig": "highnoon.config",
    "TrialPruned": "optuna",
    "config_from_trial": "highnoon.config",
    "create_model": "highnoon.models",
    "estimate": "highnoon.models",
    "evaluate": "highnoon.training",
    "hsmn_search_space": "highnoon.hpo.presets",
    "load_model": "highnoon.training",
    "quick_search_space": "highnoon.training",
    "register_dataset": "highnoon.data",
    "when": "highnoon.hpo.space",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
