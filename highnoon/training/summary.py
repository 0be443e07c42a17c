"""What a training run reports when it ends."""

import math
from typing import TypedDict

__all__ = ["Evaluation", "StageSummary", "TrainingSummary", "empty_summary"]


class Evaluation(TypedDict):
    """One look at the held-out text during training.

    Attributes:
        number: Number of the evaluation over all stages, from 1; the step that a trial reports.
        step: Optimizer steps of the stage so far.
        loss: Held-out loss in nats per token. All but a stage's last evaluation read a part of the
            held-out windows, always the same ones. It is nan where training diverged.
        bits_per_byte: The same, in bits per byte of text.
        training_loss: Mean training loss since the evaluation before.
    """

    number: int
    step: int
    loss: float
    bits_per_byte: float
    training_loss: float


class StageSummary(TypedDict):
    """What one stage came to.

    Attributes:
        name: The stage's name.
        final_loss: Held-out loss at the stage's end, nats per token; nan if training diverged.
        bits_per_byte: The same, in bits per byte of text.
        training_loss: Mean training loss since the last evaluation but one, nats per token.
        steps: Optimizer steps.
        tokens: Tokens trained on.
        epochs: Passes over the stage's data.
        seconds: Time taken, evaluations and compilation included.
        tokens_per_second: Tokens by the time that training steps took.
        evaluations: Every evaluation, in order.
    """

    name: str
    final_loss: float
    bits_per_byte: float
    training_loss: float
    steps: int
    tokens: int
    epochs: float
    seconds: float
    tokens_per_second: float
    evaluations: list[Evaluation]


def empty_summary(name: str) -> StageSummary:
    """Return the summary of a stage that has not begun."""
    return StageSummary(
        name=name,
        final_loss=math.nan,
        bits_per_byte=math.nan,
        training_loss=math.nan,
        steps=0,
        tokens=0,
        epochs=0.0,
        seconds=0.0,
        tokens_per_second=0.0,
        evaluations=[],
    )


class TrainingSummary(TypedDict):
    """What `Trainer.train` returns.

    Attributes:
        stages_completed: One entry for each stage, in order.
        diverged: Whether training stopped early because the loss was no longer finite.
        seed: Seed of the data order and of dropout.
        seconds: Time taken by all stages.
    """

    stages_completed: list[StageSummary]
    diverged: bool
    seed: int
    seconds: float
