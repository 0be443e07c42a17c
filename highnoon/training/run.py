"""One training run: its stages, with reports to the running trial and checkpoints."""

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from highnoon._notices import notice, notice_once
from highnoon.config import Config, TrainingConfig
from highnoon.data.splits import StageText
from highnoon.data.tokenizer import Tokenizer
from highnoon.exceptions import CheckpointError
from highnoon.training.checkpoints import Checkpoint, save_checkpoint
from highnoon.training.curriculum import Stage
from highnoon.training.engine import Engine
from highnoon.training.reports import TrialReports
from highnoon.training.stage_run import StageRun
from highnoon.training.summary import StageSummary, TrainingSummary, empty_summary

__all__ = ["Run", "identity"]

_LONG_WARMUP = (
    "warmup_steps is more than the steps of the run: the learning rate is still rising when "
    "training ends, and never reaches learning_rate. (Said once; later runs may do the same.)"
)


class Run:
    """Trains an engine's model on settled stages, from their beginning or from a checkpoint.

    Args:
        engine: The engine.
        tokenizer: The model's tokenizer.
        stages: Settled stages.
        texts: The text of each stage.
        training: Hyperparameters.
        seed: Seed of the data order and of dropout.
        checkpoint_dir: Where to write a checkpoint after every evaluation, or None.
        log_interval: Steps between two lines of the log.
    """

    def __init__(
        self,
        engine: Engine,
        tokenizer: Tokenizer,
        stages: Sequence[Stage],
        texts: Sequence[StageText],
        training: TrainingConfig,
        *,
        seed: int,
        checkpoint_dir: Path | None,
        log_interval: int,
    ) -> None:
        self._engine = engine
        self._tokenizer = tokenizer
        self._stages = list(stages)
        self._texts = list(texts)
        self._training = training
        self._seed = seed
        self._checkpoint_dir = checkpoint_dir
        self._log_interval = log_interval
        self._records: list[StageSummary] = []
        self._optimizer = engine.optimizer(training.optimizer)
        self._optimizer.begin(training)
        self._dropout = engine.dropout_states()
        random = np.random.default_rng(seed)
        for state in self._dropout:
            state.assign([int(random.integers(2**31)), 0])

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same run; its last stage may have become longer.

        Raises:
            CheckpointError: The checkpoint is of another run, or it is damaged.
        """
        records = checkpoint.progress["stages"]
        theirs = checkpoint.progress["identity"]
        for name, value in self._identity(len(records)).items():
            if value != theirs.get(name):
                raise CheckpointError(
                    f"The checkpoint in {str(checkpoint.folder)!r} is of another run: its {name} "
                    f"is {theirs.get(name)!r}, here it is {value!r}. Train with the same settings, "
                    "or give another checkpoint_dir."
                )
        checkpoint.restore_weights(self._engine.model)
        state = checkpoint.optimizer_state()
        for number, variable in enumerate(self._dropout):
            variable.assign(state.pop(f"dropout.{number}"))
        self._optimizer.restore(state)
        self._records = records
        last = records[-1]
        notice(f"Going on after step {last['steps']} of stage {last['name']!r}.")

    def execute(self) -> TrainingSummary:
        """Train, and return the summary.

        Raises:
            optuna.TrialPruned: The running trial should stop.
            CheckpointError: A checkpoint cannot be written.
        """
        stage_runs = self._stage_runs()
        if self._training.warmup_steps > sum(stage_run.total_steps for stage_run in stage_runs):
            notice_once(_LONG_WARMUP, level=logging.WARNING)
        reports = TrialReports(self._stages)
        for index, stage_run in enumerate(stage_runs):
            if index == len(self._records):
                self._records.append(stage_run.record)
            if not stage_run.finished and not self._train(stage_run, reports):
                break
        return TrainingSummary(
            stages_completed=self._records,
            diverged=not math.isfinite(self._records[-1]["final_loss"]),
            seed=self._seed,
            seconds=sum(record["seconds"] for record in self._records),
        )

    def _stage_runs(self) -> list[StageRun]:
        stage_runs: list[StageRun] = []
        for index, (stage, text) in enumerate(zip(self._stages, self._texts, strict=True)):
            begun = index < len(self._records)
            stage_run = StageRun(
                stage,
                text,
                self._tokenizer,
                batch_size=self._training.batch_size,
                seed=(self._seed, index),
                stages=len(self._stages),
                first_number=1 + (stage_runs[-1].last_number if stage_runs else 0),
                record=self._records[index] if begun else empty_summary(stage.name),
            )
            stage_runs.append(stage_run)
        return stage_runs

    def _train(self, stage_run: StageRun, reports: TrialReports) -> bool:
        """Train on one stage; returns whether the loss stayed finite."""
        step = self._engine.training_step(self._training, stage_run.length)
        loss = math.nan
        for evaluation in stage_run.train(self._engine, step, self._log_interval):
            loss = evaluation["loss"]
            if math.isfinite(loss):
                self._save()
            reports.report(
                loss,
                evaluation["number"],
                train_loss=evaluation["training_loss"],
                bits_per_byte=evaluation["bits_per_byte"],
                tokens_per_second=stage_run.record["tokens_per_second"],
                **self._so_far(),
            )
        return math.isfinite(loss)

    def _so_far(self) -> dict[str, float]:
        """Return how much was trained, over all stages: places of a report on other axes."""
        return {
            "epoch": sum(record["epochs"] for record in self._records),
            "tokens": sum(record["tokens"] for record in self._records),
            "seconds": sum(record["seconds"] for record in self._records),
        }

    def _save(self) -> None:
        if self._checkpoint_dir is None:
            return
        model = self._engine.model
        dropout = {f"dropout.{i}": state.numpy() for i, state in enumerate(self._dropout)}
        save_checkpoint(
            self._checkpoint_dir,
            model,
            self._tokenizer,
            {**self._optimizer.state(), **dropout},
            config=Config(model.config.model, self._training),
            progress={"identity": self._identity(len(self._records)), "stages": self._records},
        )

    def _identity(self, reached: int) -> dict[str, Any]:
        config = Config(self._engine.model.config.model, self._training)
        return identity(config, self._stages[:reached], seed=self._seed)


def identity(config: Config, stages: Sequence[Stage], *, seed: int) -> dict[str, Any]:
    """Return what makes a run the same run, up to the last of the stages."""
    last = replace(stages[-1], epochs=None, steps=None)
    return {
        "model": config.model.to_dict(),
        "hyperparameters": config.training.to_dict(),
        "seed": seed,
        "stages": [stage.to_dict() for stage in [*stages[:-1], last]],
    }
