"""What a run trains on and what it is evaluated on."""

import logging

import pytest

from highnoon.data import dataset_names, register_dataset
from highnoon.data.catalogue import find_dataset, unregister_dataset
from highnoon.data.splits import HELD_OUT_BYTES, held_out_text, sample, split_stages
from highnoon.exceptions import DatasetError


@pytest.fixture(autouse=True)
def _forget_registered_datasets():
    yield
    for name in dataset_names():
        if not find_dataset(name).built_in:
            unregister_dataset(name)


def prose(lines: int, seed: str = "") -> str:
    """Text of which every line is different."""
    return "".join(f"{seed} line {number} of {number * number}\n" for number in range(lines))


def lines_of(documents: tuple[str, ...]) -> set[str]:
    return {line for document in documents for line in document.split("\n") if len(line) > 8}


def training_lines(stages) -> set[str]:
    return {line for stage in stages for part in stage.training for line in lines_of(part)}


def test_built_in_data_is_evaluated_on_64_kb_of_val_data() -> None:
    (stage,) = split_stages([["train_subset"]])
    size = sum(len(piece.encode()) for piece in stage.held_out)
    assert HELD_OUT_BYTES == 65536
    # At neither end of a piece is a character cut in two.
    assert HELD_OUT_BYTES - 6 * len(stage.held_out) <= size <= HELD_OUT_BYTES
    validation = "\0".join(find_dataset("val_data").documents)
    assert all(piece in validation for piece in stage.held_out)
    assert stage.held_out == held_out_text("val_data")


def test_data_of_the_user_is_evaluated_on_a_part_that_training_leaves_out() -> None:
    register_dataset("mine", [prose(20_000)])
    (stage,) = split_stages([["mine"]])
    held_out, training = lines_of(stage.held_out), training_lines([stage])
    assert held_out
    assert len(held_out & training) == 0
    whole = lines_of((prose(20_000),))
    assert len(training) > 0.85 * len(whole)
    assert stage.held_out == held_out_text("mine")


def test_data_of_the_user_is_evaluated_on_val_data_that_the_user_registered() -> None:
    register_dataset("mine", [prose(500)])
    register_dataset("val_data", [prose(50, "validation")])
    (stage,) = split_stages([["mine"]])
    assert stage.held_out == (prose(50, "validation"),)
    assert stage.training == ((prose(500),),)


def test_held_out_documents_given_with_a_dataset_come_first() -> None:
    register_dataset("mine", [prose(500)], held_out=[prose(9, "own")])
    register_dataset("val_data", [prose(50, "validation")])
    (stage,) = split_stages([["mine"]])
    assert stage.held_out == (prose(9, "own"),) == held_out_text("mine")


def test_a_document_of_val_data_is_left_out_of_the_training_data() -> None:
    validation = prose(50, "validation")
    register_dataset("mine", [prose(500), validation])
    register_dataset("val_data", [validation])
    (stage,) = split_stages([["mine"]])
    assert stage.training == ((prose(500),),)


def test_what_one_stage_holds_out_no_stage_trains_on() -> None:
    documents = [prose(300, f"document {number}") for number in range(30)]
    register_dataset("some", documents[:3])
    register_dataset("all", documents)
    register_dataset("other", documents[10:12], held_out=[prose(30, "other")])
    stages = split_stages([["some"], ["all", "train_subset"], ["other"]])
    held_out = {line for stage in stages for line in lines_of(stage.held_out)}
    own = {line for line in held_out if line.startswith(("document", "other"))}
    assert len(own) > 100
    assert not own & training_lines(stages)


def test_a_stage_that_trains_on_val_data_is_evaluated_on_a_part_of_it() -> None:
    (stage,) = split_stages([["val_data"]])
    training = "\0".join(document for part in stage.training for document in part)
    assert len(stage.held_out) > 5
    assert not any(piece in training for piece in stage.held_out)


@pytest.mark.parametrize("length", [128, 200, 1_000, 5_000])
def test_a_short_text_is_divided_too(length: int) -> None:
    register_dataset("short", [prose(1000)[:length]])
    (stage,) = split_stages([["short"]])
    assert stage.held_out
    assert stage.training[0]
    assert sum(map(len, stage.held_out)) + sum(map(len, stage.training[0])) == length


def test_a_text_too_short_to_divide_is_an_error() -> None:
    register_dataset("short", ["just this"])
    with pytest.raises(DatasetError, match=r"too short.*9 characters, at least 128"):
        split_stages([["short"]])


def test_a_text_that_repeats_itself_is_divided_with_a_notice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    register_dataset("repeats", ["the same line again\n" * 1000])
    with caplog.at_level(logging.INFO, "highnoon"):
        (stage,) = split_stages([["repeats"]])
    assert stage.held_out
    assert stage.training[0]
    assert "repeats itself" in caplog.text


def test_training_data_that_is_val_data_too_is_divided_with_a_notice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    register_dataset("the same", [prose(500)])
    register_dataset("val_data", [prose(500)])
    with caplog.at_level(logging.INFO, "highnoon"):
        (stage,) = split_stages([["the same"]])
    assert "All of dataset 'the same' is among the text" in caplog.text
    assert lines_of(stage.held_out)
    assert not lines_of(stage.held_out) & training_lines([stage])


def test_training_data_that_other_datasets_hold_out_entirely_is_an_error() -> None:
    register_dataset("mine", [prose(500)])
    register_dataset("other", [prose(500, "other")], held_out=[prose(500)])
    with pytest.raises(DatasetError, match="Nothing is left of dataset 'mine'"):
        split_stages([["mine"], ["other"]])


def test_a_mixed_stage_is_evaluated_on_equal_shares() -> None:
    register_dataset("one", [prose(20_000, "one")])
    register_dataset("two", [prose(200_000, "two")])
    (stage,) = split_stages([["one", "two"]])
    size = dict.fromkeys(("one", "two"), 0)
    for piece in stage.held_out:
        size["one" if "one line" in piece else "two"] += len(piece)
    assert size["one"] > 20_000
    assert size["two"] == pytest.approx(HELD_OUT_BYTES / 2, rel=0.01)


def test_a_sample_is_fixed_and_never_longer_than_asked() -> None:
    documents = [prose(1000, f"é{number}") for number in range(40)]
    first, second = sample(documents, 64_000), sample(documents[::-1], 64_000)
    assert first == second
    assert 63_000 < sum(len(piece.encode()) for piece in first) <= 64_000
