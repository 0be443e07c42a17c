"""The source code of Python's standard library as a corpus: real text that every machine has."""

import os
import sysconfig
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from highnoon.exceptions import DatasetError

__all__ = ["held_out_documents", "subset_documents", "training_documents"]

SUBSET_BYTES = 256 * 1024

_SKIPPED = {"__pycache__", "dist-packages", "idle_test", "site-packages", "test", "tests"}
_HELD_OUT_SHARE = 20


@cache
def training_documents() -> tuple[str, ...]:
    """Return all files but one in twenty, chosen by the checksum of the path."""
    return tuple(_texts(path for path, checksum in _files() if checksum % _HELD_OUT_SHARE))


@cache
def held_out_documents() -> tuple[str, ...]:
    """Return the files that `training_documents` leaves out."""
    return tuple(_texts(path for path, checksum in _files() if checksum % _HELD_OUT_SHARE == 0))


@cache
def subset_documents() -> tuple[str, ...]:
    """Return the first 256 kB of the training files in the order of their checksums."""
    documents, left = [], SUBSET_BYTES
    for text in _texts(path for path, checksum in _files() if checksum % _HELD_OUT_SHARE):
        encoded = text.encode()
        documents.append(encoded[:left].decode(errors="ignore"))
        left -= len(encoded)
        if left <= 0:
            break
    return tuple(documents)


@cache
def _files() -> tuple[tuple[Path, int], ...]:
    root = Path(sysconfig.get_paths()["stdlib"])
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - _SKIPPED)
        for name in names:
            if name.endswith(".py"):
                path = Path(folder, name)
                checksum = zlib.crc32(path.relative_to(root).as_posix().encode())
                files.append((checksum, path))
    if not files:
        raise DatasetError(
            f"The built-in datasets are Python's standard library, and {str(root)!r} has no source "
            "files in it. Register data of your own: register_dataset(name, path)."
        )
    return tuple((path, checksum) for checksum, path in sorted(files))


def _texts(paths: Iterator[Path]) -> Iterator[str]:
    for path in paths:
        try:
            text = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
        if text:
            yield text
