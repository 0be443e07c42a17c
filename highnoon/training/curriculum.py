"""The stages of a training run, and when a run is evaluated."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from highnoon.exceptions import ConfigError

__all__ = ["FEWEST_EVALUATIONS", "Stage", "evaluation_steps"]

FEWEST_EVALUATIONS = 8
"""Evaluations that a run has at least, if it has as many steps: a pruner needs several."""


@dataclass(frozen=True)
class Stage:
    """One part of a curriculum: data, and how long to train on it.

    Attributes:
        name: Name in the summary and in logs.
        datasets: Names or paths of datasets.
        epochs: Passes over the data; None together with `steps` None leaves it to `train`.
        steps: Optimizer steps, instead of `epochs`.
        max_seq_length: Tokens in a window; None for the trainer's.
        weights: How often each dataset is read in one epoch.

    Raises:
        ConfigError: A value is out of range.
    """

    name: str
    datasets: tuple[str, ...]
    epochs: int | None = None
    steps: int | None = None
    max_seq_length: int | None = None
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check every field."""
        if not isinstance(self.name, str) or not self.name.strip():
            raise ConfigError(f"A stage's name must be a string with text in it, got {self.name!r}")
        if not self.datasets:
            raise ConfigError(f"Stage {self.name!r} has no dataset; give at least one.")
        twice = [name for name in self.datasets if self.datasets.count(name) > 1]
        if twice:
            raise ConfigError(
                f"Stage {self.name!r} has the dataset {twice[0]!r} twice; to read it twice in an "
                f"epoch, give it once with weight={{{twice[0]!r}: 2}}."
            )
        for name, least in (("epochs", 1), ("steps", 1), ("max_seq_length", 8)):
            self._check_integer(name, least)
        if self.epochs is not None and self.steps is not None:
            raise ConfigError(f"Stage {self.name!r}: give epochs or steps, not both.")
        object.__setattr__(self, "weights", self.weights or (1.0,) * len(self.datasets))

    @classmethod
    def of(
        cls,
        name: str,
        datasets: str | Sequence[str],
        *,
        weight: float | Sequence[float] | Mapping[str, float] | None = None,
        **fields: Any,
    ) -> "Stage":
        """Build a stage from what `Trainer.add_curriculum_stage` is given.

        Raises:
            ConfigError: A value is out of range.
        """
        names = (datasets,) if isinstance(datasets, str) else tuple(datasets)
        return cls(name, names, weights=_weights(name, names, weight), **fields)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Stage":
        """Build a stage from what `to_dict` returned."""
        tuples = {name: tuple(values[name]) for name in ("datasets", "weights")}
        return cls(**{**values, **tuples})

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a JSON-compatible dict."""
        values = dataclasses.asdict(self)
        return {**values, "datasets": list(self.datasets), "weights": list(self.weights)}

    def settled(self, *, epochs: int, max_seq_length: int) -> "Stage":
        """Return the stage with what it leaves open filled in.

        Raises:
            ConfigError: A value is out of range.
        """
        length = self.max_seq_length or max_seq_length
        if self.epochs is None and self.steps is None:
            return dataclasses.replace(self, epochs=epochs, max_seq_length=length)
        return dataclasses.replace(self, max_seq_length=length)

    def _check_integer(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if value is None:
            return
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
            raise ConfigError(
                f"Stage {self.name!r}: {name} must be an integer of at least {least}, "
                f"got {value!r}."
            )
        object.__setattr__(self, name, int(value))


def evaluation_steps(stage: Stage, total_steps: int, stages: int) -> dict[int, int]:
    """Return the steps of a stage after which it is evaluated, and the number of each evaluation.

    A run of at least eight epochs is evaluated after each of them, a shorter one several times in
    an epoch, at equal distances; its numbers then count evaluations. They depend on the share of
    the stage's steps only, so that trials of different batch sizes compare.

    Args:
        stage: A settled stage.
        total_steps: Steps of the stage.
        stages: Stages in the run.
    """
    count = math.ceil(FEWEST_EVALUATIONS / stages)
    if stage.epochs is not None:
        count = stage.epochs * math.ceil(count / stage.epochs)
    return {math.ceil(number * total_steps / count): number for number in range(1, count + 1)}


def _weights(
    stage: str,
    names: tuple[str, ...],
    weight: float | Sequence[float] | Mapping[str, float] | None,
) -> tuple[float, ...]:
    if weight is None:
        return (1.0,) * len(names)
    if isinstance(weight, Mapping):
        unknown = [name for name in weight if name not in names]
        if unknown:
            raise ConfigError(
                f"Stage {stage!r}: weight names {unknown[0]!r}, which is not among its datasets "
                f"({', '.join(names)})."
            )
        values = [weight.get(name, 1.0) for name in names]
    elif isinstance(weight, Sequence) and not isinstance(weight, str):
        values = list(weight)
        if len(values) != len(names):
            raise ConfigError(
                f"Stage {stage!r}: weight has {len(values)} numbers for {len(names)} datasets."
            )
    else:
        values = [weight] * len(names)
    for name, value in zip(names, values, strict=True):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and 0 < float(value) < math.inf):
            raise ConfigError(
                f"Stage {stage!r}: the weight of {name!r} must be a number above 0, the passes "
                f"over it in one epoch; got {value!r}."
            )
    return tuple(float(value) for value in values)
