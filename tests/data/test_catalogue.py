"""Datasets by name: built in, registered, and local files."""

import json
import os
import zlib
from pathlib import Path

import pytest

from highnoon.data import dataset_names, register_dataset, standard_library
from highnoon.data.catalogue import find_dataset, unregister_dataset
from highnoon.exceptions import DatasetError


@pytest.fixture(autouse=True)
def _forget_registered_datasets():
    before = set(dataset_names())
    yield
    for name in set(dataset_names()) - before:
        unregister_dataset(name)


def test_the_three_datasets_of_the_guide_are_built_in() -> None:
    assert {"train_data", "train_subset", "val_data"} <= set(dataset_names())


def test_train_data_and_val_data_share_no_file() -> None:
    training = set(find_dataset("train_data").documents)
    held_out = set(find_dataset("val_data").documents)
    assert not training & held_out
    share = len(held_out) / (len(training) + len(held_out))
    assert 0.02 < share < 0.1


def test_train_subset_is_256_kb_of_the_training_files() -> None:
    documents = find_dataset("train_subset").documents
    size = sum(len(document.encode()) for document in documents)
    assert 256 * 1024 - 3 <= size <= 256 * 1024  # no character is cut in two
    training = set(find_dataset("train_data").documents)
    assert all(document in training for document in documents[:-1])


def test_files_are_divided_by_the_checksum_of_their_path() -> None:
    root = Path(os.__file__).parent
    path = root / "json" / "decoder.py"
    held_out = zlib.crc32(b"json/decoder.py") % 20 == 0
    name = "val_data" if held_out else "train_data"
    assert path.read_text(encoding="utf-8") in find_dataset(name).documents


def test_no_test_of_python_itself_and_no_installed_package_is_read() -> None:
    read = "\n".join(str(path) for path, _ in standard_library._files())
    assert "site-packages" not in read
    assert f"{os.sep}test{os.sep}" not in read


def test_a_text_file_is_one_document(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_text("one\ntwo é\n", encoding="utf-8")
    assert find_dataset(str(path)).documents == ("one\ntwo é\n",)


def test_a_jsonl_file_is_one_document_a_line(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_text('{"text": "one"}\n\n{"text": "two\\u2028"}\n', encoding="utf-8")
    assert find_dataset(path).documents == ("one", "two\u2028")


def test_the_field_of_a_jsonl_file_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_text(json.dumps({"body": "hello"}), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"line 1 .*no text in the field 'text'.*'body'"):
        _ = find_dataset(path).documents
    register_dataset("pages", path, field="body")
    assert find_dataset("pages").documents == ("hello",)


def test_a_broken_line_of_a_jsonl_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_text('{"text": "one"}\n{"text": \n', encoding="utf-8")
    with pytest.raises(DatasetError, match=r"line 2 of .*pages\.jsonl.* is not JSON"):
        _ = find_dataset(path).documents


def test_a_folder_stands_for_the_text_files_below_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.txt").write_text("b")
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "c.jsonl").write_text('{"text": "c"}')
    (tmp_path / "picture.png").write_bytes(b"\xff\xfe")
    assert find_dataset(tmp_path).documents == ("a", "c", "b")


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match="not text in UTF-8"):
        _ = find_dataset(path).documents


def test_documents_and_callables_can_be_registered() -> None:
    register_dataset("list", ["one", "two"])
    register_dataset("callable", lambda: (str(number) for number in range(2)))
    register_dataset("iterator", iter(["a", "b"]))
    assert find_dataset("list").documents == ("one", "two")
    assert find_dataset("callable").documents == ("0", "1")
    assert find_dataset("iterator").documents == find_dataset("iterator").documents == ("a", "b")


def test_a_registered_path_survives_a_change_of_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)
    register_dataset("mine", "mine.txt")
    monkeypatch.chdir("/")
    assert find_dataset("mine").documents == ("mine",)


def test_a_registered_dataset_replaces_a_built_in_one() -> None:
    register_dataset("train_data", ["mine"])
    try:
        assert find_dataset("train_data").documents == ("mine",)
    finally:
        unregister_dataset("train_data")
    assert find_dataset("train_data").built_in


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(DatasetError, match=r"'train_dat'.*Did you mean 'train_data'"):
        find_dataset("train_dat")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no/such/file.txt", "no file or folder 'no/such/file.txt'.*pass \\[text\\]"),
        (b"bytes", "got bytes"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused_at_once(source, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        register_dataset("mine", source)


@pytest.mark.parametrize("source", [[], [""], list])
def test_an_empty_dataset_is_an_error(source) -> None:
    register_dataset("empty", source)
    with pytest.raises(DatasetError, match="'empty' is empty"):
        _ = find_dataset("empty").documents


def test_documents_must_be_text() -> None:
    register_dataset("numbers", ["one", 2])  # type: ignore[list-item]
    with pytest.raises(DatasetError, match="number 1 is int"):
        _ = find_dataset("numbers").documents
