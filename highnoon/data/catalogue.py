"""Datasets by name: the built-in ones, those that the user registers, and local files."""

import difflib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from highnoon.data import standard_library
from highnoon.data.sources import Source, documents_of
from highnoon.exceptions import DatasetError
from highnoon.hpo.carried import Handover, carry

__all__ = [
    "VALIDATION",
    "Dataset",
    "Source",
    "dataset_names",
    "find_dataset",
    "register_dataset",
    "unregister_dataset",
]

VALIDATION = "val_data"
"""Name of the dataset that a model is evaluated on unless told otherwise."""


@dataclass(frozen=True)
class Dataset:
    """Documents under a name.

    Attributes:
        name: The name, or the path, that it is asked for by.
        source: Where the documents come from.
        held_out_source: Documents to evaluate on when a model trains on this dataset.
        field: Field of a `.jsonl` record that holds the text.
        built_in: Whether it comes with HighNoon.
    """

    name: str
    source: Source
    held_out_source: Source | None = None
    field: str = "text"
    built_in: bool = False

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents; files are read again each time, anything else once.

        Raises:
            DatasetError: The source cannot be read, or it holds no text.
        """
        if isinstance(self.source, str | os.PathLike):
            return documents_of(self.name, self.source, field=self.field)
        return self._kept_documents

    @property
    def held_out(self) -> tuple[str, ...] | None:
        """The documents registered to evaluate on, or None.

        Raises:
            DatasetError: They cannot be read, or there are none.
        """
        source = self.held_out_source
        if source is None:
            return None
        if isinstance(source, str | os.PathLike):
            return documents_of(f"{self.name} (held out)", source, field=self.field)
        return self._kept_held_out

    @cached_property
    def _kept_documents(self) -> tuple[str, ...]:
        return documents_of(self.name, self.source)

    @cached_property
    def _kept_held_out(self) -> tuple[str, ...]:
        return documents_of(f"{self.name} (held out)", self.held_out_source or ())


_BUILT_IN = {
    name: Dataset(name, source, built_in=True)
    for name, source in {
        "train_data": standard_library.training_documents,
        "train_subset": standard_library.subset_documents,
        VALIDATION: standard_library.held_out_documents,
    }.items()
}
_registered: dict[str, Dataset] = {}


def register_dataset(
    name: str, source: Source, *, held_out: Source | None = None, field: str = "text"
) -> None:
    """Make a dataset known by a name; an earlier one of that name is replaced, built-in or not.

    A model that trains on the dataset is evaluated on `held_out` if that is given; else on the
    dataset `"val_data"` if one was registered; else on a twentieth of the dataset's own text, which
    training then leaves out.

    Args:
        name: The name to use in `Trainer.add_curriculum_stage` and `evaluate`.
        source: A `.txt` file, a `.jsonl` file, a folder of them, an iterable of documents or a
            callable that returns one. Iterables and callables are read once.
        held_out: Documents to evaluate on, given in the same ways.
        field: Field of a `.jsonl` record that holds the text.

    Raises:
        DatasetError: The name is not a string with text in it, or a path does not exist.

    Example:
        >>> register_dataset("proverbs", ["Better late than never.", "Haste makes waste."])
        >>> "proverbs" in dataset_names()
        True
        >>> unregister_dataset("proverbs")
    """
    if not isinstance(name, str) or not name.strip():
        raise DatasetError(f"A dataset's name must be a string with text in it, got {name!r}.")
    for given in (source, held_out):
        if isinstance(given, bytes):
            raise DatasetError(
                f"Dataset {name!r}: a source must be a path, an iterable of str or a callable, "
                "got bytes. Decode them and pass [text]."
            )
        if isinstance(given, str | os.PathLike) and not Path(given).expanduser().exists():
            raise DatasetError(
                f"Dataset {name!r}: there is no file or folder {os.fspath(given)[:200]!r}. "
                "To register a text itself, pass [text]."
            )
    kept = None if held_out is None else _reusable(held_out)
    _registered[name] = Dataset(name, _reusable(source), kept, field)


def unregister_dataset(name: str) -> None:
    """Forget a dataset that was registered; a built-in one of that name is seen again.

    Raises:
        DatasetError: No dataset of that name was registered.
    """
    if name not in _registered:
        raise DatasetError(_unknown(name, _registered))
    del _registered[name]


def dataset_names() -> list[str]:
    """Return the names of all datasets, the built-in ones included."""
    return sorted({**_BUILT_IN, **_registered})


def find_dataset(name: str | os.PathLike[str]) -> Dataset:
    """Return the dataset of a name, or of the file or folder that `name` is the path of.

    Raises:
        DatasetError: There is none; the nearest names are given.
    """
    key = os.fspath(name) if isinstance(name, str | os.PathLike) else name
    if not isinstance(key, str):
        raise DatasetError(f"A dataset is given by its name or path, got {name!r}.")
    if key in _registered:
        return _registered[key]
    if key in _BUILT_IN:
        return _BUILT_IN[key]
    if key and Path(key).expanduser().exists():
        return Dataset(key, key)
    raise DatasetError(_unknown(key, {**_BUILT_IN, **_registered}))


def _reusable(source: Source) -> Source:
    """Make a path absolute, so that it means the same after a change of the working directory."""
    if isinstance(source, str | os.PathLike):
        return Path(source).expanduser().absolute()
    return source


def _pack() -> Handover | None:
    """Hand the registered datasets over to worker processes."""
    if not _registered:
        return None
    return _take_over, ({name: _portable(each) for name, each in _registered.items()},)


def _take_over(datasets: dict[str, Dataset]) -> None:
    _registered.update(datasets)


def _portable(dataset: Dataset) -> Dataset:
    """Return a dataset that has a pickle: what can be read once only is read here."""
    held_out = dataset.held_out_source
    return Dataset(
        dataset.name,
        dataset.source if _is_portable(dataset.source) else dataset.documents,
        held_out if held_out is None or _is_portable(held_out) else dataset.held_out,
        dataset.field,
    )


def _is_portable(source: Source) -> bool:
    return isinstance(source, str | os.PathLike) or callable(source)


carry(_pack)


def _unknown(name: str, known: dict[str, Dataset]) -> str:
    near = difflib.get_close_matches(name, known, n=2)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return (
        f"{name!r} is not the name of a dataset, nor a file or folder.{hint} Known: "
        f"{', '.join(sorted(known)) or 'none'}. register_dataset(name, source) adds one."
    )
