"""Text to tokens and back: bytes for small vocabularies, byte-level BPE for large ones."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from highnoon.exceptions import ConfigError, DatasetError

if TYPE_CHECKING:
    from tokenizers import Tokenizer as HuggingFaceTokenizer

__all__ = [
    "LARGEST_BYTE_VOCABULARY",
    "SMALLEST_VOCABULARY",
    "BPETokenizer",
    "ByteTokenizer",
    "Tokenizer",
    "load_tokenizer",
]

SMALLEST_VOCABULARY = 257
"""The 256 bytes and the end-of-document token."""

LARGEST_BYTE_VOCABULARY = 260
"""Up to this size a token is a byte."""

_END = "<|end_of_document|>"


class Tokenizer(Protocol):
    """Turns text into tokens and back."""

    @property
    def vocab_size(self) -> int:
        """Number of token ids; a model of this tokenizer has as many logits."""
        ...

    @property
    def end_of_document(self) -> int:
        """Id of the token that stands before, between and after documents."""
        ...

    @property
    def token_bytes(self) -> NDArray[np.int32]:
        """Bytes of UTF-8 that each token stands for, shape [vocab_size]; 0 for special tokens."""
        ...

    def encode(self, text: str) -> NDArray[np.int32]:
        """Return the tokens of a text, without special ones, shape [length]."""
        ...

    def encode_documents(self, documents: Sequence[str]) -> NDArray[np.int32]:
        """Return one stream of tokens, an end-of-document token before and after each document."""
        ...

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens; special ones are left out, broken characters replaced."""
        ...

    def to_json(self) -> str:
        """Return what `load_tokenizer` builds an equal tokenizer from."""
        ...


class ByteTokenizer:
    """A token is a byte of UTF-8; token 256 ends a document.

    Args:
        vocab_size: Number of token ids, 257 to 260; those above 256 are never produced.

    Raises:
        ConfigError: The size is out of range.

    Example:
        >>> ByteTokenizer().encode("hé").tolist()
        [104, 195, 169]
    """

    end_of_document = 256

    def __init__(self, vocab_size: int = LARGEST_BYTE_VOCABULARY) -> None:
        if not SMALLEST_VOCABULARY <= vocab_size <= LARGEST_BYTE_VOCABULARY:
            raise ConfigError(
                f"A byte tokenizer has a vocab_size of {SMALLEST_VOCABULARY} to "
                f"{LARGEST_BYTE_VOCABULARY}, got {vocab_size}."
            )
        self.vocab_size = vocab_size
        self.token_bytes = (np.arange(vocab_size) < 256).astype(np.int32)

    def encode(self, text: str) -> NDArray[np.int32]:
        """Return the bytes of a text."""
        return np.frombuffer(text.encode(), np.uint8).astype(np.int32)

    def encode_documents(self, documents: Sequence[str]) -> NDArray[np.int32]:
        """Return one stream of tokens, an end-of-document token before and after each document."""
        return _stream([self.encode(document) for document in documents], self.end_of_document)

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens; special ones are left out, broken characters replaced."""
        return bytes(int(token) for token in tokens if token < 256).decode(errors="replace")

    def to_json(self) -> str:
        """Return what `load_tokenizer` builds an equal tokenizer from."""
        return json.dumps({"kind": "bytes", "vocab_size": self.vocab_size})


class BPETokenizer:
    """Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019).

    Args:
        tokenizer: A byte-level tokenizer of the library `tokenizers`, as `train` makes it.
        vocab_size: Number of token ids; a short training text may leave the last ones unused.
    """

    def __init__(self, tokenizer: "HuggingFaceTokenizer", vocab_size: int) -> None:
        self._tokenizer = tokenizer
        # Else text that happens to spell the special token would be read as that token.
        self._tokenizer.encode_special_tokens = True
        self.vocab_size = vocab_size
        vocabulary = tokenizer.get_vocab(with_added_tokens=True)
        self.end_of_document = vocabulary[_END]
        self.token_bytes = np.zeros(vocab_size, np.int32)
        for token, index in vocabulary.items():
            # The byte-level alphabet has one character for each byte.
            self.token_bytes[index] = 0 if token == _END else len(token)

    @classmethod
    def train(cls, documents: Iterable[str], vocab_size: int) -> "BPETokenizer":
        """Learn the most frequent merges of a text, up to `vocab_size` tokens.

        Raises:
            ConfigError: The size is below 257.
        """
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        if vocab_size < SMALLEST_VOCABULARY:
            raise ConfigError(
                f"vocab_size must be at least {SMALLEST_VOCABULARY}, the 256 bytes and the end of "
                f"a document, got {vocab_size}."
            )
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=[_END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(documents, trainer)
        return cls(tokenizer, vocab_size)

    def encode(self, text: str) -> NDArray[np.int32]:
        """Return the tokens of a text, without special ones, shape [length]."""
        return np.asarray(self._tokenizer.encode(text, add_special_tokens=False).ids, np.int32)

    def encode_documents(self, documents: Sequence[str]) -> NDArray[np.int32]:
        """Return one stream of tokens, an end-of-document token before and after each document."""
        encodings = self._tokenizer.encode_batch_fast(list(documents), add_special_tokens=False)
        pieces = [np.asarray(encoding.ids, np.int32) for encoding in encodings]
        return _stream(pieces, self.end_of_document)

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens; special ones are left out, broken characters replaced."""
        ids = [int(token) for token in tokens if self.token_bytes[token]]
        return self._tokenizer.decode(ids, skip_special_tokens=False)

    def to_json(self) -> str:
        """Return what `load_tokenizer` builds an equal tokenizer from."""
        return json.dumps(
            {"kind": "bpe", "vocab_size": self.vocab_size, "tokenizer": self._tokenizer.to_str()}
        )


def load_tokenizer(text: str) -> Tokenizer:
    """Build the tokenizer whose `to_json` returned `text`.

    Raises:
        DatasetError: The text describes no tokenizer.
    """
    try:
        described = json.loads(text)
        if described["kind"] == "bytes":
            return ByteTokenizer(described["vocab_size"])
        from tokenizers import Tokenizer

        return BPETokenizer(Tokenizer.from_str(described["tokenizer"]), described["vocab_size"])
    except Exception as error:  # `tokenizers` raises bare Exception
        raise DatasetError(f"This is not a tokenizer's description: {error}.") from error


def _stream(pieces: Sequence[NDArray[np.int32]], end: int) -> NDArray[np.int32]:
    ends = np.full(1, end, np.int32)
    return np.concatenate([ends, *(part for piece in pieces for part in (piece, ends))])
