"""The ready objective refuses what it is given wrong before a study exists."""

from typing import Any

import pytest

from highnoon import HSMNObjective
from highnoon.exceptions import ConfigError, DatasetError


@pytest.mark.parametrize("tokens", [0, -1, 1.5, True, "80_000"])
def test_tokens_that_are_no_whole_number_above_0_are_refused(tokens: Any) -> None:
    with pytest.raises(ConfigError, match="tokens must be an integer of at least 1"):
        HSMNObjective(tokens=tokens)


def test_an_unknown_dataset_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DatasetError, match=r"'train_sub'.*Did you mean 'train_subset'"):
        HSMNObjective(["train_sub"])


def test_one_dataset_may_be_given_by_its_name_alone() -> None:
    assert HSMNObjective("train_data").datasets == ["train_data"]
