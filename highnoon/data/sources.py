"""Documents read from where they lie: files, folders, iterables, callables."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from highnoon.exceptions import DatasetError

__all__ = ["Source", "documents_of"]

Source = str | os.PathLike[str] | Iterable[str] | Callable[[], Iterable[str]]
"""A file, a folder, documents, or a callable that returns documents."""

_SUFFIXES = (".txt", ".jsonl")


def documents_of(name: str, source: Source, *, field: str = "text") -> tuple[str, ...]:
    """Return the documents of a source that are not empty.

    A `.jsonl` file holds one JSON object a line, whose `field` is a document; any other file is one
    document in UTF-8. A folder stands for every `.txt` and `.jsonl` file below it, in the order of
    their paths.

    Raises:
        DatasetError: The source cannot be read, or it holds no text.
    """
    if isinstance(source, str | os.PathLike):
        documents = _read(name, Path(source).expanduser(), field)
    else:
        documents = tuple(source() if callable(source) else source)
        for number, document in enumerate(documents):
            if not isinstance(document, str):
                raise DatasetError(
                    f"Dataset {name!r}: documents must be str, but number {number} is "
                    f"{type(document).__name__}."
                )
    documents = tuple(document for document in documents if document)
    if not documents:
        raise DatasetError(f"Dataset {name!r} is empty: it has no document with text in it.")
    return documents


def _read(name: str, path: Path, field: str) -> tuple[str, ...]:
    if path.is_file():
        return _read_file(name, path, field)
    if not path.is_dir():
        raise DatasetError(f"Dataset {name!r}: there is no file or folder {str(path)!r}.")
    files = sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES and p.is_file())
    if not files:
        raise DatasetError(
            f"Dataset {name!r}: the folder {str(path)!r} has no {' or '.join(_SUFFIXES)} file."
        )
    return tuple(document for file in files for document in _read_file(name, file, field))


def _read_file(name: str, path: Path, field: str) -> tuple[str, ...]:
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise DatasetError(f"Dataset {name!r}: {str(path)!r} is not text in UTF-8.") from error
    except OSError as error:
        raise DatasetError(f"Dataset {name!r}: cannot read {str(path)!r}: {error}.") from error
    if path.suffix != ".jsonl":
        return (text,)
    documents = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            documents.append(_field_of(name, path, number, line, field))
    return tuple(documents)


def _field_of(name: str, path: Path, number: int, line: str, field: str) -> str:
    where = f"Dataset {name!r}: line {number} of {str(path)!r}"
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise DatasetError(f"{where} is not JSON: {error}.") from error
    if not isinstance(record, dict):
        raise DatasetError(f"{where} must be a JSON object, got {type(record).__name__}.")
    document = record.get(field)
    if not isinstance(document, str):
        raise DatasetError(
            f"{where} has no text in the field {field!r}; it has {', '.join(map(repr, record))}. "
            "Name the field: register_dataset(name, path, field=...)."
        )
    return document
