"""Text to tokens and back."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from highnoon.data import BPETokenizer, ByteTokenizer, load_tokenizer
from highnoon.data import tokenizer_cache as cache
from highnoon.data.catalogue import find_dataset
from highnoon.data.tokenizer_cache import build_tokenizer, cache_folder, encoded
from highnoon.exceptions import ConfigError, DatasetError

TEXT = "def naïve(x):\n\treturn '𝄞' * x  # <|end_of_document|>\x00\r\n"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HIGHNOON_CACHE", str(tmp_path / "cache"))
    cache._trained.cache_clear()
    yield
    cache._trained.cache_clear()


@pytest.fixture(scope="module")
def documents() -> tuple[str, ...]:
    return find_dataset("train_subset").documents[:6]


@pytest.mark.parametrize("vocab_size", [257, 260, 261, 600])
def test_decoding_what_was_encoded_gives_the_text_back(vocab_size: int, documents) -> None:
    tokenizer = build_tokenizer(vocab_size, documents)
    tokens = tokenizer.encode(TEXT)
    assert tokens.dtype == np.int32
    assert tokens.max() < vocab_size
    assert tokenizer.decode(tokens) == TEXT


@pytest.mark.parametrize("vocab_size", [260, 600])
def test_the_bytes_of_tokens_add_up_to_the_bytes_of_the_text(vocab_size: int, documents) -> None:
    tokenizer = build_tokenizer(vocab_size, documents)
    tokens = tokenizer.encode(TEXT)
    assert tokenizer.token_bytes[tokens].sum() == len(TEXT.encode())
    assert tokenizer.token_bytes[tokenizer.end_of_document] == 0


@pytest.mark.parametrize("vocab_size", [260, 600])
def test_documents_stand_between_end_tokens(vocab_size: int, documents) -> None:
    tokenizer = build_tokenizer(vocab_size, documents)
    end = tokenizer.end_of_document
    expected = [end, *tokenizer.encode("one"), end, *tokenizer.encode(TEXT), end]
    assert tokenizer.encode_documents(["one", TEXT]).tolist() == expected
    assert tokenizer.decode(expected) == "one" + TEXT


@pytest.mark.parametrize("vocab_size", [2, 256])
def test_a_vocabulary_smaller_than_the_bytes_is_refused(vocab_size: int) -> None:
    with pytest.raises(ConfigError, match=f"at least 257, got {vocab_size}.*257 to 260 for bytes"):
        build_tokenizer(vocab_size, ["text"])


def test_up_to_260_tokens_are_bytes_and_more_are_pairs(documents) -> None:
    assert isinstance(build_tokenizer(260, documents), ByteTokenizer)
    pairs = build_tokenizer(261, documents)
    assert isinstance(pairs, BPETokenizer)
    assert len(pairs.encode(documents[0])) < len(documents[0].encode())


def test_a_larger_vocabulary_makes_text_shorter(documents) -> None:
    lengths = [
        len(build_tokenizer(size, documents).encode_documents(documents)) for size in (300, 2000)
    ]
    assert lengths[1] < 0.8 * lengths[0]


def test_a_bpe_without_text_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="600 tokens needs a tokenizer trained on text"):
        build_tokenizer(600)


@pytest.mark.parametrize("vocab_size", [258, 600])
def test_a_tokenizer_is_rebuilt_from_its_description(vocab_size: int, documents) -> None:
    tokenizer = build_tokenizer(vocab_size, documents)
    again = load_tokenizer(tokenizer.to_json())
    assert again.vocab_size == vocab_size
    assert again.encode(TEXT).tolist() == tokenizer.encode(TEXT).tolist()
    assert again.token_bytes.tolist() == tokenizer.token_bytes.tolist()


@pytest.mark.parametrize("text", ["", "{}", '{"kind": "bpe", "vocab_size": 9, "tokenizer": "{"}'])
def test_a_description_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="not a tokenizer's description"):
        load_tokenizer(text)


def test_a_trained_bpe_is_kept_under_its_text_and_size(documents, monkeypatch) -> None:
    first = build_tokenizer(400, documents)
    assert len(list(cache_folder().glob("bpe-400-*.json"))) == 1
    cache._trained.cache_clear()
    monkeypatch.setattr(BPETokenizer, "train", None)  # training again would fail
    again = build_tokenizer(400, documents)
    assert again.encode(TEXT).tolist() == first.encode(TEXT).tolist()


def test_other_text_or_another_size_trains_another_bpe(documents) -> None:
    build_tokenizer(400, documents)
    build_tokenizer(401, documents)
    build_tokenizer(400, documents[1:])
    build_tokenizer(400, ("".join(documents),))
    assert len(list(cache_folder().iterdir())) == 4


def test_training_a_bpe_gives_the_same_one_in_every_process(documents, tmp_path: Path) -> None:
    script = (
        "from highnoon.data.catalogue import find_dataset\n"
        "from highnoon.data import BPETokenizer\n"
        "documents = find_dataset('train_subset').documents[:6]\n"
        "print(BPETokenizer.train(documents, 1000).to_json())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert other == BPETokenizer.train(documents, 1000).to_json()


def test_a_damaged_file_of_the_cache_is_made_anew(documents, caplog) -> None:
    build_tokenizer(400, documents)
    (path,) = cache_folder().iterdir()
    whole = path.read_text()
    path.write_text(whole[:100])
    cache._trained.cache_clear()
    with caplog.at_level(logging.INFO, "highnoon"):
        build_tokenizer(400, documents)
    assert "training it again" in caplog.text
    assert path.read_text() == whole


def test_a_cache_that_cannot_be_written_is_done_without(
    documents, caplog, monkeypatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HIGHNOON_CACHE", str(tmp_path / "file" / "folder"))
    with caplog.at_level(logging.INFO, "highnoon"):
        tokenizer = build_tokenizer(400, documents)
    assert tokenizer.decode(tokenizer.encode(TEXT)) == TEXT
    assert "could not be kept" in caplog.text


def test_processes_that_write_the_cache_at_once_do_not_disturb_each_other(documents) -> None:
    script = (
        "from highnoon.data.catalogue import find_dataset\n"
        "from highnoon.data.tokenizer_cache import build_tokenizer\n"
        "documents = find_dataset('train_subset').documents[:6]\n"
        "for size in range(300, 312):\n"
        "    build_tokenizer(size, documents)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) for _ in range(4)
    ]
    assert [process.communicate()[1] for process in running] == [b""] * 4
    files = list(cache_folder().iterdir())
    assert len(files) == 12
    assert all(path.suffix == ".json" and load_tokenizer(path.read_text()) for path in files)


def test_an_encoded_corpus_is_remembered_and_cannot_be_changed(documents) -> None:
    tokenizer = build_tokenizer(400, documents)
    tokens = encoded(tokenizer, documents)
    assert encoded(tokenizer, documents) is tokens
    with pytest.raises(ValueError, match="read-only"):
        tokens[0] = 1


def test_the_package_imports_neither_tensorflow_nor_keras() -> None:
    script = (
        "import sys, highnoon.data, highnoon.data.splits, highnoon.data.windows\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
