"""Checkpoints: written where asked for, loaded whole, and resumed from exactly."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from highnoon import HPOTrialManager
from highnoon.exceptions import CheckpointError
from highnoon.models import HSMN
from highnoon.training import Trainer, TrainingSummary, evaluate, load_model
from highnoon.training.checkpoints import MANIFEST
from highnoon.training.run import Run

ModelOf = Callable[..., HSMN]


def train(model: HSMN, folder: Path | None, steps: int = 16, **given) -> TrainingSummary:
    resume = given.pop("resume", False)
    trainer = Trainer(model, **given)
    trainer.add_curriculum_stage("first", ["numbers"], steps=7)
    trainer.add_curriculum_stage("second", ["numbers", "more_numbers"], steps=steps)
    return trainer.train(checkpoint_dir=folder, resume=resume)


def losses(summary: TrainingSummary) -> list[float]:
    return [stage["final_loss"] for stage in summary["stages_completed"]]


class Interrupted(BaseException):
    """Stands for a kill."""


def interrupt_after(saves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    save, count = Run._save, iter(range(1, 1000))

    def save_and_stop(self: Run) -> None:
        save(self)
        if next(count) == saves:
            raise Interrupted

    monkeypatch.setattr(Run, "_save", save_and_stop)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests of this module keep the checkpoint of a short run, once one wrote it."""
    return tmp_path_factory.mktemp("written") / "best_model"


@pytest.fixture
def folder(tmp_path: Path, written: Path, model: HSMN) -> Path:
    """A folder with the checkpoint of a short run."""
    if not written.exists():
        train(model, written, steps=2)
    return shutil.copytree(written, tmp_path / "best_model")


def test_a_model_is_loaded_as_it_was_trained(tmp_path: Path, model: HSMN) -> None:
    train(model, tmp_path / "model", steps=2)
    loaded = load_model(tmp_path / "model")
    assert loaded.config.model == model.config.model
    assert evaluate(loaded, "numbers") == evaluate(model, "numbers")


def test_a_model_with_pairs_is_loaded_with_its_tokenizer(model_of: ModelOf, tmp_path: Path) -> None:
    model = model_of(vocab_size=300)
    train(model, tmp_path / "model", steps=2)
    loaded = load_model(str(tmp_path / "model"))
    assert (
        loaded.tokenizer.encode("12 and 12").tolist()
        == model.tokenizer.encode("12 and 12").tolist()
    )
    assert evaluate(loaded, "numbers") == evaluate(model, "numbers")


def test_the_configuration_of_a_loaded_model_is_the_one_it_was_trained_with(
    model: HSMN, tmp_path: Path
) -> None:
    train(model, tmp_path / "model", steps=2, learning_rate=0.003, warmup_steps=1)
    training = load_model(tmp_path / "model").config.training
    assert (training.learning_rate, training.warmup_steps) == (0.003, 1)


@pytest.mark.parametrize("given", [{}, {"save_checkpoints": True}, {"save_checkpoints": False}])
def test_nothing_is_written_unless_a_folder_is_given(
    given: dict, model: HSMN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trainer = Trainer(model)
    trainer.add_curriculum_stage("only", ["numbers"], steps=2)
    trainer.train(**given)
    if "save_checkpoints" in given and not given["save_checkpoints"]:
        trainer.train(checkpoint_dir="model", **given)
    assert list(tmp_path.iterdir()) == []


def test_only_the_last_checkpoint_is_kept(folder: Path) -> None:
    roles = sorted(path.name.partition("-")[0] for path in folder.iterdir())
    assert roles == [MANIFEST, "optimizer", "tokenizer", "weights"]


def test_a_foreign_file_in_the_folder_is_left_alone(model: HSMN, tmp_path: Path) -> None:
    for name in ("notes.txt", "weights-of-mine.txt", "weights-"):
        (tmp_path / name).write_text("mine")
    train(model, tmp_path, steps=2)
    assert (tmp_path / "notes.txt").exists()
    assert (tmp_path / "weights-of-mine.txt").exists()
    assert (tmp_path / "weights-").exists()


@pytest.mark.parametrize(("saves", "dropout_rate"), [(1, 0.2), (4, 0.2), (6, 0.2), (4, 0.0)])
def test_a_resumed_run_ends_as_if_it_had_not_been_interrupted(
    saves: int,
    dropout_rate: float,
    model_of: ModelOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def build() -> HSMN:
        return model_of(dropout_rate=dropout_rate)

    whole = train(build(), None, warmup_steps=10)
    with monkeypatch.context() as patch:
        interrupt_after(saves, patch)
        with pytest.raises(Interrupted):
            train(build(), tmp_path, warmup_steps=10)
    other = build()
    train(other, None, steps=1)  # resuming replaces whatever the model holds
    resumed = train(other, tmp_path, warmup_steps=10, resume=True)
    assert losses(resumed) == losses(whole)
    for one, two in zip(resumed["stages_completed"], whole["stages_completed"], strict=True):
        assert one["evaluations"] == two["evaluations"]
        assert one["steps"] == two["steps"]


def test_resuming_without_a_checkpoint_begins_at_the_beginning(
    model_of: ModelOf, tmp_path: Path
) -> None:
    whole = train(model_of(), None)
    assert losses(train(model_of(), tmp_path / "new", resume=True)) == losses(whole)


def test_resuming_a_finished_run_returns_its_summary(model_of: ModelOf, tmp_path: Path) -> None:
    finished = train(model_of(), tmp_path)
    model = model_of()
    assert train(model, tmp_path, resume=True) == finished
    assert evaluate(model, "numbers") == evaluate(load_model(tmp_path), "numbers")


def test_a_finished_run_can_be_made_longer(model_of: ModelOf, tmp_path: Path) -> None:
    whole = train(model_of(), None, steps=16)
    train(model_of(), tmp_path, steps=8)
    assert losses(train(model_of(), tmp_path, steps=16, resume=True)) == losses(whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.5}, "its hyperparameters is .*'learning_rate': 0.01"),
        ({"seed": 9}, "its seed is 0, here it is 9"),
    ],
)
def test_the_checkpoint_of_another_run_is_not_resumed_from(
    change: dict, message: str, folder: Path, model: HSMN
) -> None:
    with pytest.raises(CheckpointError, match=message):
        train(model, folder, resume=True, **change)


def test_resuming_needs_a_folder(model: HSMN) -> None:
    with pytest.raises(CheckpointError, match="resume=True needs checkpoint_dir"):
        train(model, None, resume=True)


def test_a_missing_checkpoint_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint in .*train\(checkpoint_dir="):
        load_model(tmp_path / "nowhere")


@pytest.mark.parametrize("role", ["weights", "optimizer", "tokenizer"])
@pytest.mark.parametrize("damage", ["missing", "short", "changed"])
def test_a_damaged_checkpoint_is_refused(role: str, damage: str, folder: Path) -> None:
    (path,) = folder.glob(f"{role}-*")
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "short":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(content[:-9] + bytes(9))
    with pytest.raises(CheckpointError, match=rf"damaged: {role}-.*delete it and train again"):
        load_model(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1, "config": {"model": 3}}'])
def test_a_damaged_manifest_is_refused(text: str, folder: Path) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(CheckpointError, match=r"is damaged: checkpoint\.json cannot be"):
        load_model(folder)


def test_a_checkpoint_of_a_later_format_says_so(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "format": 2}))
    with pytest.raises(CheckpointError, match="has format 2, this version"):
        load_model(folder)


def test_a_checkpoint_that_was_moved_is_still_whole(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder, tmp_path / "elsewhere")
    load_model(tmp_path / "elsewhere")


def test_a_write_that_is_cut_short_leaves_the_checkpoint_before(
    folder: Path, model_of: ModelOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = evaluate(load_model(folder), "numbers")

    def fail(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(json, "dump", fail)
    with pytest.raises(CheckpointError, match=r"No space left on device.*Give another"):
        train(model_of(), folder, steps=2)
    monkeypatch.undo()
    assert evaluate(load_model(folder), "numbers") == before


def test_a_folder_that_cannot_be_written_is_an_error(model: HSMN, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError, match="Cannot write a checkpoint"):
        train(model, tmp_path / "file", steps=2)


def test_a_run_that_diverges_keeps_the_last_checkpoint_that_was_finite(
    model_of: ModelOf, tmp_path: Path
) -> None:
    trainer = Trainer(model_of())
    trainer.add_curriculum_stage("only", ["numbers"], steps=2)
    trainer.train(checkpoint_dir=tmp_path)
    good = evaluate(load_model(tmp_path), "numbers")
    wild = Trainer(model_of(), learning_rate=1e20, optimizer="sgd", gradient_clip=1e20)
    wild.add_curriculum_stage("only", ["numbers"], steps=30)
    assert wild.train(checkpoint_dir=tmp_path)["diverged"]
    assert evaluate(load_model(tmp_path), "numbers") == good


def test_a_trial_that_repeats_an_interrupted_one_goes_on_from_its_checkpoint(
    model_of: ModelOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    results: list[list[float]] = []

    def objective(params: dict) -> float:
        summary = train(model_of(), tmp_path, learning_rate=params["learning_rate"])
        results.append(losses(summary))
        return results[-1][-1]

    hpo = HPOTrialManager("s", pruner="none")
    space = {"learning_rate": ("uniform", 1e-3, 2e-3)}
    with monkeypatch.context() as patched:
        interrupt_after(3, patched)
        with pytest.raises(Interrupted):
            hpo.optimize(objective, space, n_trials=1)
    caplog.set_level("INFO", logger="highnoon")
    hpo.optimize(objective, space, n_trials=2)
    assert "Going on after step" in caplog.text
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["trial-0", "trial-2"]
    repeated = model_of()
    assert results[0] == losses(
        train(repeated, None, learning_rate=hpo.trials[1].params["learning_rate"])
    )
