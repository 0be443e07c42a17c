"""Stages, and when a run is evaluated."""

import json

import pytest

from highnoon.exceptions import ConfigError
from highnoon.training.curriculum import Stage, evaluation_steps


def test_a_stage_survives_json() -> None:
    stage = Stage.of("first", ["a", "b"], epochs=3, max_seq_length=64, weight={"b": 0.5})
    assert Stage.from_dict(json.loads(json.dumps(stage.to_dict()))) == stage


@pytest.mark.parametrize(
    ("weight", "weights"),
    [
        (None, (1.0, 1.0)),
        (2, (2.0, 2.0)),
        ([1, 3], (1.0, 3.0)),
        ({"b": 0.25}, (1.0, 0.25)),
    ],
)
def test_weights_are_given_for_all_in_order_or_by_name(weight, weights) -> None:
    assert Stage.of("first", ["a", "b"], weight=weight).weights == weights


def test_one_dataset_may_be_given_without_a_list() -> None:
    assert Stage.of("first", "train_data").datasets == ("train_data",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, "name must be a string"),
        ({"datasets": []}, "'first' has no dataset"),
        ({"datasets": ["a", "a"]}, "dataset 'a' twice"),
        ({"epochs": 0}, "epochs must be an integer of at least 1, got 0"),
        ({"epochs": 1.5}, "epochs must be an integer of at least 1, got 1.5"),
        ({"epochs": True}, "epochs must be an integer of at least 1, got True"),
        ({"steps": -1}, "steps must be an integer of at least 1, got -1"),
        ({"epochs": 1, "steps": 1}, "epochs or steps, not both"),
        ({"max_seq_length": 4}, "max_seq_length must be an integer of at least 8, got 4"),
        ({"weight": 0}, "weight of 'a' must be a number above 0"),
        ({"weight": "2"}, "weight of 'a' must be a number above 0"),
        ({"weight": [1]}, "1 numbers for 2 datasets"),
        ({"weight": {"c": 1}}, "names 'c', which is not among its datasets"),
        ({"weight": {"a": float("nan")}}, "weight of 'a' must be a number above 0"),
    ],
)
def test_a_wrong_value_is_refused_with_the_stage_and_the_rule(given: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Stage.of(**{"name": "first", "datasets": ["a", "b"], **given})


def test_what_a_stage_leaves_open_is_settled_by_the_trainer() -> None:
    settled = Stage.of("first", ["a"]).settled(epochs=5, max_seq_length=128)
    assert (settled.epochs, settled.steps, settled.max_seq_length) == (5, None, 128)
    settled = Stage.of("first", ["a"], steps=7, max_seq_length=64).settled(
        epochs=5, max_seq_length=128
    )
    assert (settled.epochs, settled.steps, settled.max_seq_length) == (None, 7, 64)


def test_a_long_run_is_evaluated_after_each_epoch() -> None:
    stage = Stage.of("first", ["a"], epochs=20)
    assert evaluation_steps(stage, 20 * 7, 1) == {7 * number: number for number in range(1, 21)}


@pytest.mark.parametrize("epochs", [1, 2, 3, 5])
def test_a_short_run_is_evaluated_eight_times_at_least_and_at_each_epochs_end(epochs: int) -> None:
    points = evaluation_steps(Stage.of("first", ["a"], epochs=epochs), 100 * epochs, 1)
    assert 8 <= len(points) < 8 + epochs
    assert {100 * number for number in range(1, epochs + 1)} <= set(points)


def test_a_run_of_several_stages_is_evaluated_eight_times_over_all() -> None:
    stages = [Stage.of("first", ["a"], epochs=1), Stage.of("second", ["a"], steps=50)]
    points = [evaluation_steps(stage, 50, 2) for stage in stages]
    assert [len(of_stage) for of_stage in points] == [4, 4]


def test_the_number_of_an_evaluation_stands_for_the_same_share_in_runs_of_any_batch_size() -> None:
    stage = Stage.of("first", ["a"], epochs=1)
    assert evaluation_steps(stage, 3, 1) == {1: 2, 2: 5, 3: 8}
    assert evaluation_steps(stage, 32, 1)[8] == 2
    assert evaluation_steps(stage, 1, 1) == {1: 8}
