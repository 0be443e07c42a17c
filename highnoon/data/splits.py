"""Which text a run trains on and which it is evaluated on; never the same.

The rule for a dataset of a run, the first that applies:

1. it was registered with `held_out=...`: those documents;
2. it is built in, or the user registered a dataset `"val_data"`: the dataset `"val_data"`, unless a
   stage of the run trains on `"val_data"` itself;
3. a twentieth of its own text: blocks of up to 4 kB chosen by their checksum, so that equal
   documents are divided alike in whichever dataset they occur.

Whatever is held out for one stage is left out of the training text of every stage.
"""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from highnoon._notices import notice_once
from highnoon.data.catalogue import VALIDATION, Dataset, find_dataset
from highnoon.exceptions import DatasetError

__all__ = ["HELD_OUT_BYTES", "StageText", "held_out_text", "sample", "split_stages"]

HELD_OUT_BYTES = 64 * 1024
"""Bytes of held-out text that one evaluation reads."""

_LARGEST_BLOCK = 4096
_SMALLEST_BLOCK = 64
_SHARE = 20


@dataclass(frozen=True)
class StageText:
    """The text of one stage.

    Attributes:
        training: Documents to train on, one tuple for each dataset of the stage.
        held_out: Documents to evaluate on, at most about `HELD_OUT_BYTES`.
    """

    training: tuple[tuple[str, ...], ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True)
class _Split:
    training: tuple[str, ...]
    held_out: tuple[str, ...]
    by_block: bool = False
    repetitive: bool = False


def split_stages(stages: Sequence[Sequence[str]]) -> list[StageText]:
    """Divide the text of a run's stages, each given by the names of its datasets.

    Raises:
        DatasetError: A dataset is unknown or empty, or nothing is left to train on.
    """
    names = list(dict.fromkeys(name for stage in stages for name in stage))
    datasets = {name: find_dataset(name) for name in names}
    validation = None if VALIDATION in names else find_dataset(VALIDATION)
    splits = {name: _split(dataset, validation) for name, dataset in datasets.items()}
    held_out = {text for split in splits.values() for text in split.held_out}
    by_block = any(split.by_block for split in splits.values())
    training = {
        name: split.training
        if split.repetitive
        else _without(name, split.training, held_out, by_block=by_block)
        for name, split in splits.items()
    }
    return [
        StageText(
            tuple(training[name] for name in stage),
            _mix([splits[name].held_out for name in stage]),
        )
        for stage in stages
    ]


def held_out_text(name: str) -> tuple[str, ...]:
    """Return the documents that a model is evaluated on when the dataset of that name is asked for.

    Of `"val_data"`, and of a dataset that has no held-out text of its own because `"val_data"`
    serves it, that is a sample of the dataset itself; of any other dataset it is the text that
    training on it leaves out.

    Raises:
        DatasetError: The dataset is unknown or empty.
    """
    dataset = find_dataset(name)
    if dataset.held_out is None and (
        name == VALIDATION or dataset.built_in or not find_dataset(VALIDATION).built_in
    ):
        return sample(dataset.documents, HELD_OUT_BYTES)
    return sample(_split(dataset, None).held_out, HELD_OUT_BYTES)


def sample(documents: Sequence[str], limit: int) -> tuple[str, ...]:
    """Return a fixed sample of about `limit` bytes, at most 4 kB of a document if there are many.

    The documents come in the order of their checksums, each cut to the middle of it.
    """
    share = max(_LARGEST_BLOCK, limit // len(documents))
    left = limit
    pieces = []
    for encoded in sorted((document.encode() for document in documents), key=zlib.crc32):
        size = min(share, left, len(encoded))
        start = (len(encoded) - size) // 2
        pieces.append(encoded[start : start + size].decode(errors="ignore"))
        left -= size
        if left <= 0:
            break
    return tuple(pieces)


def _split(dataset: Dataset, validation: Dataset | None) -> _Split:
    documents = dataset.documents
    held_out = dataset.held_out
    if held_out is None and validation and (dataset.built_in or not validation.built_in):
        held_out = validation.documents
    if held_out is None:
        return _split_itself(dataset.name, documents)
    if set(documents) <= set(held_out):
        notice_once(
            f"All of dataset {dataset.name!r} is among the text that it would be evaluated on; "
            "holding out a twentieth of it instead."
        )
        return _split_itself(dataset.name, documents)
    return _Split(documents, held_out)


def _split_itself(name: str, documents: Sequence[str]) -> _Split:
    blocks = [block for document in documents for block in _blocks(document)]
    if len(blocks) < 2:
        raise DatasetError(
            f"Dataset {name!r} is too short to hold out a part of it for evaluation: "
            f"{len(documents[0])} characters, at least {2 * _SMALLEST_BLOCK} are needed. "
            "Register it with held_out=[...], or add text."
        )
    held_out = {block for block in blocks if _checksum(block) % _SHARE == 0}
    held_out = held_out or {min(blocks, key=_checksum)}
    if len(held_out) < len(set(blocks)):
        return _Split(tuple(documents), tuple(sorted(held_out, key=_checksum)), by_block=True)
    notice_once(
        f"Dataset {name!r} repeats itself: the text held out for evaluation occurs in training too."
    )
    cut = len(blocks) - max(1, len(blocks) // _SHARE)
    return _Split(
        ("".join(blocks[:cut]),), ("".join(blocks[cut:]),), by_block=True, repetitive=True
    )


def _without(
    name: str, documents: Sequence[str], held_out: Collection[str], *, by_block: bool
) -> tuple[str, ...]:
    kept: list[str] = []
    for document in documents:
        if document in held_out:
            continue
        kept.extend(_remaining(document, held_out) if by_block else (document,))
    if not kept:
        raise DatasetError(
            f"Nothing is left of dataset {name!r} to train on: all of its text is held out for "
            f"evaluation. Register other text as {VALIDATION!r} or as held_out=..., or leave "
            "both out, and a twentieth of the dataset is held out instead."
        )
    return tuple(kept)


def _remaining(document: str, held_out: Collection[str]) -> list[str]:
    """Return what lies between the held-out blocks of a document."""
    runs: list[list[str]] = [[]]
    for block in _blocks(document):
        if block in held_out:
            runs.append([])
        else:
            runs[-1].append(block)
    return ["".join(run) for run in runs if run]


def _blocks(document: str) -> list[str]:
    """Cut a document into blocks, after a line break where one is near; its own text decides."""
    size = min(max(len(document) // _SHARE, _SMALLEST_BLOCK), _LARGEST_BLOCK)
    blocks, start = [], 0
    while len(document) - start >= 2 * size:
        end = start + size
        line_break = document.rfind("\n", start + size // 2, end)
        end = line_break + 1 if line_break >= 0 else end
        blocks.append(document[start:end])
        start = end
    blocks.append(document[start:])
    return blocks


def _mix(held_outs: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Sample held-out text, the same amount for each of the stage's sources of it."""
    distinct = list(dict.fromkeys(held_outs))
    share = HELD_OUT_BYTES // len(distinct)
    return tuple(text for documents in distinct for text in sample(documents, share))


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())
