"""Compiled steps that outlive the model they were made for.

Tracing a training step takes seconds, as long as many a trial. An engine is a model with its
compiled steps; it stands in for every model of the same architecture, whose weights are copied in
before and out after. So a worker that trains one architecture with many learning rates traces once,
and its memory stays flat.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import tensorflow as tf

from highnoon.config import ModelConfig, OptimizerName, TrainingConfig
from highnoon.training.optimizers import Optimizer
from highnoon.training.steps import (
    EvaluationStep,
    TrainingStep,
    compile_evaluation,
    trained_variables,
)

if TYPE_CHECKING:
    from highnoon.models import HSMN

__all__ = ["Engine", "engine_of"]

_LARGEST_SHARED = 16_000_000
_MOST_IDLE_PARAMETERS = 32_000_000
_MOST_IDLE_ENGINES = 8


class Engine:
    """A model, its optimizers and its compiled steps.

    Args:
        model: The model that the steps train and evaluate.
    """

    def __init__(self, model: "HSMN") -> None:
        self.model = model
        self._optimizers: dict[OptimizerName, Optimizer] = {}
        self._training_steps: dict[tuple[OptimizerName, int, int], TrainingStep] = {}
        self._evaluation_steps: dict[tuple[int, int], EvaluationStep] = {}

    def optimizer(self, kind: OptimizerName) -> Optimizer:
        """Return the optimizer of the model's variables."""
        if kind not in self._optimizers:
            self._optimizers[kind] = Optimizer(trained_variables(self.model), kind)
        return self._optimizers[kind]

    def training_step(self, training: TrainingConfig, length: int) -> TrainingStep:
        """Return the step for a batch size, window length and optimizer, ready to begin."""
        key = training.optimizer, training.batch_size, length
        if key not in self._training_steps:
            self._training_steps[key] = TrainingStep(
                self.model,
                self.optimizer(training.optimizer),
                batch_size=training.batch_size,
                length=length,
            )
        self._training_steps[key].begin(training.aux_loss_weight)
        return self._training_steps[key]

    def evaluation_step(self, batch_size: int, length: int) -> EvaluationStep:
        """Return the evaluation step for a batch size and window length."""
        key = batch_size, length
        if key not in self._evaluation_steps:
            self._evaluation_steps[key] = compile_evaluation(
                self.model, batch_size=batch_size, length=length
            )
        return self._evaluation_steps[key]

    def dropout_states(self) -> list[tf.Variable]:
        """Return the states of the generators that dropout draws from: a seed and a counter."""
        return [v.value for v in self.model.variables if v.path.endswith("/seed_generator_state")]


_idle: "OrderedDict[ModelConfig, Engine]" = OrderedDict()
_lock = threading.Lock()


@contextmanager
def engine_of(model: "HSMN") -> Iterator[Engine]:
    """Lend an engine that holds a model's weights; they are copied back in the end.

    A large model is an engine of its own: tracing it is little beside training it, and a second
    copy of its weights is not.
    """
    if model.count_params() > _LARGEST_SHARED:
        yield Engine(model)
        return
    architecture = model.config.model
    with _lock:
        engine = _idle.pop(architecture, None)
    engine = engine or Engine(_twin(model))
    _copy_weights(model, engine.model)
    try:
        yield engine
    finally:
        _copy_weights(engine.model, model)
        with _lock:
            _idle[architecture] = engine
            while len(_idle) > 1 and _exceeds_limits():
                _idle.popitem(last=False)


def _exceeds_limits() -> bool:
    parameters = sum(engine.model.count_params() for engine in _idle.values())
    return len(_idle) > _MOST_IDLE_ENGINES or parameters > _MOST_IDLE_PARAMETERS


def _twin(model: "HSMN") -> "HSMN":
    twin = type(model).from_config(model.get_config())
    twin.build()
    return twin


def _copy_weights(source: "HSMN", target: "HSMN") -> None:
    for one, other in zip(source.weights, target.weights, strict=True):
        other.value.assign(one.value)
