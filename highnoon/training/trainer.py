"""The `Trainer`: a model, its hyperparameters and a curriculum."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from highnoon._notices import notice
from highnoon.config import Config, TrainingConfig
from highnoon.data.catalogue import find_dataset
from highnoon.data.splits import StageText, split_stages
from highnoon.data.tokenizer_cache import build_tokenizer
from highnoon.exceptions import CheckpointError, ConfigError, ModelTooLargeError, TrainingError
from highnoon.hpo._context import running_trial
from highnoon.models.estimate import estimate
from highnoon.models.factory import available_bytes
from highnoon.training.checkpoints import MANIFEST, Checkpoint, read_checkpoint
from highnoon.training.curriculum import Stage
from highnoon.training.engine import engine_of
from highnoon.training.hyperparameters import (
    STAGES_ATTRIBUTE,
    find_best_trial,
    read_hyperparameters,
)
from highnoon.training.run import Run, identity
from highnoon.training.summary import TrainingSummary

if TYPE_CHECKING:
    from highnoon.models import HSMN

__all__ = ["Trainer"]

_BYTES = 4


class Trainer:
    """Trains a model on one or several stages of data.

    Inside a trial it reports the held-out loss by itself, so that the study's pruner works.

    Args:
        model: The model, changed by training.
        learning_rate: Peak learning rate; the model configuration's unless given.
        batch_size: Windows in one step; the model configuration's unless given.
        seed: Seed of the data order and of dropout, 0 unless given. It is the same in every trial,
            so that trials differ by their hyperparameters and the best one can be run again.
        **hyperparameters: Further fields of `TrainingConfig`. Names of the search space or of the
            model configuration may be among them, and must agree with the model; so may parameters
            of a study's best trial, with the values that they have there.

    Raises:
        ConfigError: A name is unknown (the nearest one is named), a value is out of range, or it
            disagrees with the model.

    Example:
        ```python
        trainer = Trainer(model, learning_rate=1e-3, batch_size=8)
        trainer.add_curriculum_stage("foundation", datasets=["train_subset"], epochs=3)
        summary = trainer.train()
        ```
    """

    def __init__(
        self,
        model: "HSMN",
        learning_rate: float | None = None,
        batch_size: int | None = None,
        *,
        seed: int | None = None,
        **hyperparameters: Any,
    ) -> None:
        given = {"learning_rate": learning_rate, "batch_size": batch_size}
        given = {name: value for name, value in given.items() if value is not None}
        self.model = model
        self.training: TrainingConfig = read_hyperparameters(
            model.config, {**hyperparameters, **given}
        )
        self.seed = _integer("seed", 0 if seed is None else seed, least=0)
        self.stages: list[Stage] = []
        self._given = {**hyperparameters, **given}

    def __repr__(self) -> str:
        return f"Trainer({self.training!r}, seed={self.seed}, stages={len(self.stages)})"

    def add_curriculum_stage(
        self,
        name: str,
        datasets: str | Sequence[str],
        epochs: int | None = None,
        steps: int | None = None,
        max_seq_length: int | None = None,
        weight: float | Sequence[float] | Mapping[str, float] | None = None,
    ) -> None:
        """Add a stage; stages are trained on in the order in which they were added.

        Args:
            name: Name of the stage in the summary.
            datasets: Names of datasets, or paths of `.txt` and `.jsonl` files and of folders.
            epochs: Passes over the data; `train` decides unless given.
            steps: Optimizer steps, instead of `epochs`.
            max_seq_length: Tokens in a window; the trainer's unless given.
            weight: How often an epoch reads each dataset, 1 unless given: 2 reads it twice, 0.5
                reads half of it, another half each time. One number for all, a sequence in the
                order of the datasets, or a mapping from their names.

        Raises:
            ConfigError: A value is out of range.
            DatasetError: A dataset is unknown; the nearest names are given.
        """
        stage = Stage.of(
            name,
            datasets,
            epochs=epochs,
            steps=steps,
            max_seq_length=max_seq_length,
            weight=weight,
        )
        for dataset in stage.datasets:
            find_dataset(dataset)
        self.stages.append(stage)

    def train(
        self,
        epochs_per_stage: int = 1,
        save_checkpoints: bool = True,  # noqa: FBT001, FBT002
        checkpoint_dir: str | os.PathLike[str] | None = None,
        log_interval: int = 100,
        resume: bool = False,  # noqa: FBT001, FBT002
    ) -> TrainingSummary:
        """Train the model on every stage.

        With no stage added, a trainer that has the hyperparameters of a study's best trial trains
        on that trial's stages. A loss that is no longer finite ends training early, with a
        `final_loss` of nan.

        Args:
            epochs_per_stage: Passes over the data of a stage that does not say how long it is.
            save_checkpoints: Whether to write a checkpoint after every evaluation; only where
                `checkpoint_dir` is given.
            checkpoint_dir: Folder of the checkpoint, for `load_model` and `resume`. In a trial it
                is the folder of all trials, each with a folder of its own in it, `trial-0` and so
                on; a trial that repeats one that was cut off goes on from its checkpoint.
            log_interval: Steps between two lines of the log `highnoon`.
            resume: Go on from the checkpoint in `checkpoint_dir`, if there is one.

        Returns:
            The summary: `summary["stages_completed"][-1]["final_loss"]` is the held-out loss.

        Raises:
            TrainingError: There is no stage.
            ConfigError: A value is out of range.
            ModelTooLargeError: Training would not fit in this machine's memory.
            CheckpointError: The checkpoint cannot be written, or resumed from.
            optuna.TrialPruned: The running trial should stop.
        """
        epochs = _integer("epochs_per_stage", epochs_per_stage, least=1)
        interval = _integer("log_interval", log_interval, least=1)
        folder = None if checkpoint_dir is None else Path(checkpoint_dir).expanduser().absolute()
        if resume and folder is None:
            raise CheckpointError("resume=True needs checkpoint_dir, the folder to resume from.")
        trial = running_trial()
        if trial is not None and folder is not None:
            folder /= f"trial-{trial.first_number}"
        stages = [
            stage.settled(epochs=epochs, max_seq_length=self.training.max_seq_length)
            for stage in self.stages or self._stages_of_best_trial()
        ]
        self._check_memory(stages)
        checkpoint = None
        if folder is not None and (folder / MANIFEST).exists():
            if resume:
                checkpoint = read_checkpoint(folder)
            elif trial is not None and trial.first_number != trial.number:
                checkpoint = self._checkpoint_of_repeated(folder, stages)
        if checkpoint is not None:
            self.model.tokenizer = checkpoint.tokenizer()
        texts = split_stages([stage.datasets for stage in stages])
        if self.model.tokenizer is None:
            vocab_size = self.model.config.model.vocab_size
            self.model.tokenizer = build_tokenizer(vocab_size, _distinct_documents(texts))
        with engine_of(self.model) as engine:
            run = Run(
                engine,
                self.model.tokenizer,
                stages,
                texts,
                self.training,
                seed=self.seed,
                checkpoint_dir=folder if save_checkpoints else None,
                log_interval=interval,
            )
            if checkpoint is not None:
                run.restore(checkpoint)
            return run.execute()

    def _checkpoint_of_repeated(self, folder: Path, stages: Sequence[Stage]) -> Checkpoint | None:
        """Return the checkpoint of the trial that this one repeats, None where it is of no use."""
        try:
            checkpoint = read_checkpoint(folder)
        except CheckpointError as error:
            notice(f"The trial starts from the beginning. {error}")
            return None
        config = Config(self.model.config.model, self.training)
        reached = stages[: len(checkpoint.progress["stages"])]
        if checkpoint.progress["identity"] != identity(config, reached, seed=self.seed):
            return None
        return checkpoint

    def _stages_of_best_trial(self) -> list[Stage]:
        best = find_best_trial(self.model.config, self.training, self._given)
        if best is None:
            raise TrainingError(
                "There is nothing to train on: no stage was added, and no study that this process "
                "ran or read has a best trial with these hyperparameters. Add one first: "
                'trainer.add_curriculum_stage("foundation", datasets=["train_subset"], epochs=3).'
            )
        stages = [Stage.from_dict(stage) for stage in best.attrs[STAGES_ATTRIBUTE]]
        names = ", ".join(f"{stage.name} ({', '.join(stage.datasets)})" for stage in stages)
        notice(
            f"No stage was added: training on those of trial {best.number}, the best one of study "
            f"{best.study_name!r}: {names}."
        )
        return stages

    def _check_memory(self, stages: Sequence[Stage]) -> None:
        """Refuse what will not fit; the weights themselves are there already."""
        length = max(stage.max_seq_length or 0 for stage in stages)
        needed = estimate(self.model.config, self.training.batch_size, length)
        available = available_bytes() + _BYTES * needed.parameters
        if needed.peak_bytes > available:
            raise ModelTooLargeError(
                f"Training would not fit in memory: {needed} with batch_size="
                f"{self.training.batch_size} and max_seq_length={length}, and "
                f"{available / 2**30:.1f} GiB are free. A smaller batch_size, max_seq_length or "
                "model takes less."
            )


def _distinct_documents(texts: Sequence[StageText]) -> tuple[str, ...]:
    """Return every training document of a run once."""
    return tuple(
        dict.fromkeys(document for text in texts for part in text.training for document in part)
    )


def _integer(name: str, value: Any, *, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ConfigError(f"{name} must be an integer of at least {least}, got {value!r}.")
    return int(value)
