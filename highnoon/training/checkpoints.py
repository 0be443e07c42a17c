"""Checkpoints: a folder with a model's weights, its tokenizer and where its training stood.

`checkpoint.json` names the other files with their checksums and is replaced last, so that a reader
finds either the checkpoint before or the new one, whole.
"""

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from highnoon.config import Config
from highnoon.data.tokenizer import Tokenizer, load_tokenizer
from highnoon.exceptions import CheckpointError, ConfigError, DatasetError

if TYPE_CHECKING:
    from highnoon.models import HSMN

__all__ = ["Checkpoint", "load_model", "read_checkpoint", "save_checkpoint"]

MANIFEST = "checkpoint.json"
_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was found and whose files are whole.

    Attributes:
        folder: Where it lies.
        config: Configuration of the model and of its training.
        progress: Where training stood, as `save_checkpoint` was given it.
        files: File names by role: weights, optimizer, tokenizer.
    """

    folder: Path
    config: Config
    progress: dict[str, Any]
    files: dict[str, str]

    def restore_weights(self, model: "HSMN") -> None:
        """Give a model the weights.

        Raises:
            CheckpointError: They cannot be read, or are those of another architecture.
        """
        arrays = self._arrays("weights")
        if {name: array.shape for name, array in arrays.items()} != {
            name: tuple(weight.shape) for name, weight in _weights(model).items()
        }:
            raise CheckpointError(
                f"The weights in {str(self.folder)!r} are those of another architecture. Load them "
                "with load_model, which builds the model that they belong to."
            )
        for name, weight in _weights(model).items():
            weight.assign(arrays[name])

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer.

        Raises:
            CheckpointError: It cannot be read.
        """
        try:
            text = (self.folder / self.files["tokenizer"]).read_text(encoding="utf-8")
            return load_tokenizer(text)
        except (OSError, DatasetError) as error:
            name = self.files["tokenizer"]
            raise _damaged(self.folder, f"{name} cannot be read: {error}") from error

    def optimizer_state(self) -> dict[str, NDArray[Any]]:
        """Return the optimizer's state.

        Raises:
            CheckpointError: It cannot be read.
        """
        return self._arrays("optimizer")

    def _arrays(self, role: str) -> dict[str, NDArray[Any]]:
        try:
            with np.load(self.folder / self.files[role]) as arrays:
                return dict(arrays)
        except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
            raise _damaged(self.folder, f"{self.files[role]} cannot be read: {error}") from error


def save_checkpoint(
    folder: Path,
    model: "HSMN",
    tokenizer: Tokenizer,
    optimizer_state: dict[str, NDArray[Any]],
    *,
    config: Config,
    progress: dict[str, Any],
) -> None:
    """Write a checkpoint, then delete the files of the one before.

    Args:
        folder: Made if it does not exist.
        model: The model.
        tokenizer: Its tokenizer.
        optimizer_state: The optimizer's state, as arrays by name.
        config: Configuration of the model and of its training.
        progress: A JSON-compatible record of where training stands.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = 1 + max((_number(path) for path in folder.glob("*-*.*")), default=0)
        files = {
            "weights": f"weights-{number:06d}.npz",
            "optimizer": f"optimizer-{number:06d}.npz",
            "tokenizer": f"tokenizer-{number:06d}.json",
        }
        weights = {name: weight.numpy() for name, weight in _weights(model).items()}
        _write_arrays(folder / files["weights"], weights)
        _write_arrays(folder / files["optimizer"], optimizer_state)
        text = tokenizer.to_json()
        (folder / files["tokenizer"]).write_text(text, encoding="utf-8")
        checksums = {name: _checksum(folder / name) for name in files.values()}
        for name in files.values():
            _flush_to_disk(folder / name)
        manifest = {
            "format": _FORMAT,
            "config": config.to_dict(),
            "progress": progress,
            "files": files,
            "checksums": checksums,
        }
        temporary = folder / f"{MANIFEST}.{os.getpid()}.tmp"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / MANIFEST)
        for path in folder.glob("*-*.*"):
            if 0 < _number(path) < number:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"Cannot write a checkpoint to {str(folder)!r}: {error}. Give another checkpoint_dir."
        ) from error


def read_checkpoint(folder: str | os.PathLike[str]) -> Checkpoint:
    """Find the checkpoint in a folder and check that its files are whole.

    Raises:
        CheckpointError: There is none, or it is damaged.
    """
    folder = Path(folder).expanduser()
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CheckpointError(
            f"There is no checkpoint in {str(folder)!r} (no file {MANIFEST}). "
            f"Trainer.train(checkpoint_dir={str(folder)!r}) writes one."
        ) from error
    except (OSError, ValueError) as error:
        raise _damaged(folder, f"{MANIFEST} cannot be read: {error}") from error
    try:
        if manifest["format"] != _FORMAT:
            raise CheckpointError(
                f"The checkpoint in {str(folder)!r} has format {manifest['format']}, this version "
                f"of HighNoon reads format {_FORMAT}. Install the version that wrote it."
            )
        checkpoint = Checkpoint(
            folder,
            Config.from_dict(manifest["config"]),
            manifest["progress"],
            {role: manifest["files"][role] for role in ("weights", "optimizer", "tokenizer")},
        )
        for name, checksum in manifest["checksums"].items():
            if _checksum(folder / name) != checksum:
                raise _damaged(folder, f"{name} is not what was written")
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise _damaged(folder, f"{missing} is missing") from error
    except (KeyError, TypeError, AttributeError, ConfigError, OSError) as error:
        raise _damaged(folder, f"{MANIFEST} cannot be understood: {error!r}") from error
    return checkpoint


def load_model(checkpoint_dir: str | os.PathLike[str]) -> "HSMN":
    """Return the model that `Trainer.train(checkpoint_dir=...)` wrote, with its tokenizer.

    Raises:
        CheckpointError: There is no checkpoint in the folder, or it is damaged.

    Example:
        ```python
        model = load_model("./best_model")
        ```
    """
    from highnoon.models import create_model

    checkpoint = read_checkpoint(checkpoint_dir)
    model = create_model(checkpoint.config)
    checkpoint.restore_weights(model)
    model.tokenizer = checkpoint.tokenizer()
    return model


def _number(path: Path) -> int:
    """Return the number of a file that belongs to a checkpoint, 0 for any other file."""
    role, _, rest = path.name.partition("-")
    digits = rest.partition(".")[0]
    return int(digits) if role in ("weights", "optimizer", "tokenizer") and digits.isdigit() else 0


def _weights(model: "HSMN") -> dict[str, Any]:
    """Return a model's TensorFlow variables by their path below the model, whatever its name."""
    return {weight.path.partition("/")[2]: weight.value for weight in model.weights}


def _write_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _flush_to_disk(path: Path) -> None:
    """Wait until a file is on the disk, so that no manifest outlives a power cut without it."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def _damaged(folder: Path, what: str) -> CheckpointError:
    return CheckpointError(
        f"The checkpoint in {str(folder)!r} is damaged: {what}. Restore the folder from a copy, or "
        "delete it and train again."
    )
