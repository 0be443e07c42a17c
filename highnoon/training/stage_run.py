"""Training on one stage, from evaluation to evaluation."""

import logging
import math
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from highnoon._notices import notice
from highnoon.data.splits import StageText
from highnoon.data.tokenizer import Tokenizer
from highnoon.data.tokenizer_cache import encoded
from highnoon.data.windows import TrainingWindows
from highnoon.training.curriculum import Stage, evaluation_steps
from highnoon.training.engine import Engine
from highnoon.training.evaluation import HeldOut, Score
from highnoon.training.steps import TrainingStep
from highnoon.training.summary import Evaluation, StageSummary

__all__ = ["StageRun"]

_STEPS_BETWEEN_CHECKS = 10
_FEWEST_WINDOWS = 4


class StageRun:
    """Trains a model on a stage, or on what a resumed run has left of it.

    `train` goes on to the next evaluation and yields it; the last one has a loss of nan if training
    diverged.

    Args:
        stage: A settled stage.
        text: The stage's text.
        tokenizer: The model's tokenizer.
        batch_size: Windows in a batch.
        seed: Numbers that the data order derives from.
        stages: Stages in the run.
        first_number: Number of the stage's first evaluation in the run.
        record: The stage's summary so far; an empty one to begin with. It is kept up to date.
    """

    def __init__(
        self,
        stage: Stage,
        text: StageText,
        tokenizer: Tokenizer,
        *,
        batch_size: int,
        seed: tuple[int, ...],
        stages: int,
        first_number: int,
        record: StageSummary,
    ) -> None:
        assert stage.max_seq_length is not None
        self.length = stage.max_seq_length
        self.record = record
        self._batch_size = batch_size
        self._windows = TrainingWindows(
            [encoded(tokenizer, documents) for documents in text.training],
            self.length,
            batch_size,
            passes=stage.weights,
            seed=seed,
        )
        self._held_out = HeldOut(
            tokenizer, text.held_out, batch_size=batch_size, length=self.length
        )
        self.total_steps = stage.steps or (stage.epochs or 1) * self._windows.batches_per_epoch
        points = evaluation_steps(stage, self.total_steps, stages)
        self._numbers = {step: first_number + number - 1 for step, number in points.items()}
        self.last_number = self._numbers[self.total_steps]
        # A quarter of the time between two evaluations at most, and comparable between trials.
        between = self.total_steps * batch_size // len(points)
        largest = max(len(self._held_out) // 4, _FEWEST_WINDOWS)
        self._part = min(max(between // 4, _FEWEST_WINDOWS), largest)

    @property
    def finished(self) -> bool:
        """Whether every step was taken."""
        return self.record["steps"] >= self.total_steps

    def train(self, engine: Engine, step: TrainingStep, log_interval: int) -> Iterator[Evaluation]:
        """Train an engine's model with one of its steps, and yield each evaluation."""
        record = self.record
        began = time.monotonic() - record["seconds"]
        training_seconds = record["tokens"] / (record["tokens_per_second"] or math.inf)
        for batch in self._batches():
            step_began = time.perf_counter()
            step(batch)
            training_seconds += time.perf_counter() - step_began
            record["steps"] += 1
            record["tokens"] += self._batch_size * self.length
            record["tokens_per_second"] = record["tokens"] / training_seconds
            done = record["steps"]
            record["epochs"] = done / self._windows.batches_per_epoch
            if done % log_interval == 0:
                self._log_progress(step.mean_loss)
            if done in self._numbers or done % _STEPS_BETWEEN_CHECKS == 0:
                finite = step.finite
                if finite and done not in self._numbers:
                    continue
                evaluation = self._evaluate(engine, step.mean_loss, finite=finite)
                step.start_new_mean()
                record["seconds"] = time.monotonic() - began
                yield evaluation
                if not math.isfinite(evaluation["loss"]):
                    return

    def _evaluate(self, engine: Engine, training_loss: float, *, finite: bool) -> Evaluation:
        record, done = self.record, self.record["steps"]
        whole = done >= self.total_steps
        score = Score(math.nan, math.nan)
        if finite:
            score = self._held_out.score(engine, None if whole else self._part)
        if not math.isfinite(score.loss):
            score = Score(math.nan, math.nan)
            notice(
                f"Stage {record['name']!r}: the loss is no longer finite at step {done}; training "
                "stops. A lower learning_rate or gradient_clip, or a longer warm-up, may help.",
                level=logging.WARNING,
            )
        number = min(number for step, number in self._numbers.items() if step >= done)
        evaluation = Evaluation(
            number=number,
            step=done,
            loss=score.loss,
            bits_per_byte=score.bits_per_byte,
            training_loss=training_loss,
        )
        record["final_loss"], record["bits_per_byte"] = score
        record["training_loss"] = training_loss
        record["evaluations"].append(evaluation)
        return evaluation

    def _batches(self) -> Iterator[NDArray[np.int32]]:
        """Yield the batches of the steps that are left."""
        left = self.total_steps - self.record["steps"]
        epoch, start = divmod(self.record["steps"], self._windows.batches_per_epoch)
        while left > 0:
            for batch in self._windows.batches(epoch, start=start):
                yield batch
                left -= 1
                if left == 0:
                    return
            epoch, start = epoch + 1, 0

    def _log_progress(self, training_loss: float) -> None:
        record = self.record
        notice(
            f"Stage {record['name']!r}: step {record['steps']} of {self.total_steps}, training "
            f"loss {training_loss:.4f}, {record['tokens_per_second']:.0f} tokens per second."
        )
