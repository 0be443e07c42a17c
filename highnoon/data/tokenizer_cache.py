"""The tokenizer that a vocabulary size and a text call for, trained once and kept on disk."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from highnoon._notices import notice
from highnoon.data.tokenizer import (
    LARGEST_BYTE_VOCABULARY,
    SMALLEST_VOCABULARY,
    BPETokenizer,
    ByteTokenizer,
    Tokenizer,
    load_tokenizer,
)
from highnoon.exceptions import ConfigError, DatasetError

__all__ = ["build_tokenizer", "cache_folder", "encoded"]


def build_tokenizer(vocab_size: int, documents: Sequence[str] | None = None) -> Tokenizer:
    """Return the tokenizer of a vocabulary: bytes up to 260 tokens, BPE above.

    A trained BPE is kept in `cache_folder()` under the checksum of the text and the size.

    Args:
        vocab_size: Number of token ids.
        documents: Text that a BPE is trained on.

    Raises:
        ConfigError: The vocabulary is too small, or it needs text and there is none.
    """
    if vocab_size < SMALLEST_VOCABULARY:
        raise ConfigError(
            f"vocab_size must be at least {SMALLEST_VOCABULARY}, got {vocab_size}: "
            f"{SMALLEST_VOCABULARY} to {LARGEST_BYTE_VOCABULARY} for bytes, more for a byte-level "
            "BPE of that size."
        )
    if vocab_size <= LARGEST_BYTE_VOCABULARY:
        return ByteTokenizer(vocab_size)
    if documents is None:
        raise ConfigError(
            f"A vocabulary of {vocab_size} tokens needs a tokenizer trained on text, and this "
            "model has none yet: train it with a Trainer first, or load a trained one with "
            f"load_model. Up to {LARGEST_BYTE_VOCABULARY} tokens no training is needed."
        )
    return _trained(vocab_size, tuple(documents))


@lru_cache(maxsize=4)
def encoded(tokenizer: Tokenizer, documents: tuple[str, ...]) -> NDArray[np.int32]:
    """Return `tokenizer.encode_documents(documents)`; the last few are remembered."""
    tokens = tokenizer.encode_documents(documents)
    tokens.setflags(write=False)
    return tokens


def cache_folder() -> Path:
    """Return the folder for files that can be made again: `HIGHNOON_CACHE`, else the user's."""
    if "HIGHNOON_CACHE" in os.environ:
        return Path(os.environ["HIGHNOON_CACHE"]).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "highnoon"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "highnoon"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "highnoon"


@lru_cache(maxsize=4)
def _trained(vocab_size: int, documents: tuple[str, ...]) -> Tokenizer:
    path = cache_folder() / f"bpe-{vocab_size}-{_checksum(documents)}.json"
    try:
        return load_tokenizer(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, DatasetError) as error:
        notice(f"The tokenizer kept in {path} cannot be read; training it again. {error}")
    tokenizer = BPETokenizer.train(documents, vocab_size)
    try:
        _write_atomically(path, tokenizer.to_json())
    except OSError as error:
        notice(
            f"The tokenizer could not be kept in {path.parent} and will be trained again next "
            f"time: {error}. HIGHNOON_CACHE names another folder."
        )
    return tokenizer


def _checksum(documents: Sequence[str]) -> str:
    checksum = hashlib.blake2b(digest_size=16)
    for document in documents:
        checksum.update(document.encode())
        checksum.update(b"\xff")  # a separator: never part of UTF-8
    return checksum.hexdigest()


def _write_atomically(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
