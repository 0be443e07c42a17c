"""How the hyperparameters given to a `Trainer` are read, and whose best trial they are."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from highnoon.config import (
    HYPERPARAMETER_ALIASES,
    Config,
    ModelConfig,
    TrainingConfig,
    canonical_hyperparameters,
)
from highnoon.exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highnoon.hpo._registry import BestTrial

__all__ = ["STAGES_ATTRIBUTE", "find_best_trial", "read_hyperparameters"]

STAGES_ATTRIBUTE = "highnoon:stages"
"""Name of the trial attribute that keeps the stages a trial trained on."""

_MODEL_FIELDS = {field.name for field in dataclasses.fields(ModelConfig)}
_TRAINING_FIELDS = {field.name for field in dataclasses.fields(TrainingConfig)}


def read_hyperparameters(config: Config, given: Mapping[str, Any]) -> TrainingConfig:
    """Return the training configuration with the given hyperparameters in it.

    Names of the training configuration are used. Names of the model configuration, and short forms
    of them, must agree with the model. Any other name must be a parameter of a study's best trial,
    with the value that it has there.

    Raises:
        ConfigError: A name is unknown (the nearest one is named), a value is out of range, or it
            disagrees with the model.
    """
    training = {}
    for name, value in _in_effect(given).items():
        field = _field(name)
        if field in _TRAINING_FIELDS:
            training[field] = value
        elif field in _MODEL_FIELDS:
            _check_agreement(name, value, getattr(config.model, field))
        elif name == "use_dropout":
            if not value and config.model.dropout_rate:
                _check_agreement("use_dropout=False: dropout_rate", 0.0, config.model.dropout_rate)
        elif not any(_holds(best.params, name, value) for best in _best_trials()):
            canonical_hyperparameters({name: value})  # raises, with the nearest name
    return config.training.replace(**training)


def find_best_trial(
    config: Config, training: TrainingConfig, given: Mapping[str, Any]
) -> "BestTrial | None":
    """Return the newest study's best trial that has these very hyperparameters and kept its stages.

    Every parameter of the trial that names a field of a configuration must have the value it has
    here, and there must be one at least; every other hyperparameter given must be the trial's.
    """
    own = {**config.model.to_dict(), **training.to_dict()}
    for best in _best_trials():
        known = [name for name in _in_effect(best.params) if _field(name) in own]
        foreign = [name for name in given if _field(name) not in own]
        if (
            known
            and STAGES_ATTRIBUTE in best.attrs
            and all(_equal(best.params[name], own[_field(name)]) for name in known)
            and all(_holds(best.params, name, given[name]) for name in foreign)
        ):
            return best
    return None


def _best_trials() -> "Iterator[BestTrial]":
    from highnoon.hpo._registry import best_trials

    return best_trials()


def _in_effect(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters without a dropout rate that `use_dropout=False` turns off."""
    off = not params.get("use_dropout", True)
    return {n: value for n, value in params.items() if not (off and _field(n) == "dropout_rate")}


def _field(name: str) -> str:
    return HYPERPARAMETER_ALIASES.get(name, name)


def _check_agreement(name: str, value: Any, actual: Any) -> None:
    if not _equal(value, actual):
        raise ConfigError(
            f"{name}={value!r} disagrees with the model, which has {actual!r}. Create the model "
            "from the same hyperparameters, or leave this one out."
        )


def _holds(params: Mapping[str, Any], name: str, value: Any) -> bool:
    return name in params and _equal(params[name], value)


def _equal(first: Any, second: Any) -> bool:
    try:
        return first is second or bool(first == second)
    except Exception:  # choices may be any objects; an array's comparison has no truth value
        return False
