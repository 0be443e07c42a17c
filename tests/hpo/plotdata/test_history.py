"""The best value so far, and where every trial stands."""

import math
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import FrozenTrial
from optuna.visualization._optimization_history import _get_optimization_history_info_list

from highnoon.hpo.plotdata import history
from highnoon.hpo.reading import STATUSES, StudyFeed

from .conftest import START, feed_of, trial


def test_the_best_so_far_is_optunas(tuned: Any, direction: Any) -> None:
    study = tuned(direction)
    (optunas,) = _get_optimization_history_info_list(study, None, "value", error_bar=False)
    assert optunas.best_values_info is not None
    steps = history(StudyFeed(study).columns, direction).by_number
    ours = [steps.value[np.searchsorted(steps.at, n, side="right") - 1] for n in range(60)]
    expected = dict(zip(optunas.trial_numbers, optunas.best_values_info.values, strict=True))
    assert expected
    assert all(ours[number] == value for number, value in expected.items())
    assert steps.number[-1] == study.best_trial.number


@pytest.mark.parametrize(
    ("direction", "at", "values"),
    [("minimize", [0, 7], [3.0, 2.0]), ("maximize", [0, 9], [3.0, 4.0])],
)
def test_only_completed_feasible_finite_trials_count(
    one_of_each: list[FrozenTrial], direction: Any, at: list[int], values: list[float]
) -> None:
    shown = history(feed_of(one_of_each, direction).columns, direction)
    assert shown.by_number.at.tolist() == at
    assert shown.by_number.value.tolist() == values
    assert shown.best == at[-1]


def test_trials_without_a_place_on_the_axis_are_named(one_of_each: list[FrozenTrial]) -> None:
    shown = history(feed_of(one_of_each).columns, "minimize")
    assert shown.without_value.tolist() == [1, 5, 6, 8, 10]
    expected = [3, None, 2.25, -99, 99, None, None, 2, None, 4, None, 7, None, None]
    assert [None if math.isnan(value) else value for value in shown.value] == expected
    words = [STATUSES[code] for code in shown.status]
    assert words[3:5] == ["infeasible", "infeasible"]
    assert words[10:] == ["pruned", "running", "running", "queued"]


def test_by_time_trials_count_when_they_end() -> None:
    trials = [
        trial(value=1.0, start=0, seconds=100),
        trial(value=3.0, start=0, seconds=10),
        trial(value=2.0, start=0, seconds=20),
        trial(value=0.5, start=0, seconds=200),
    ]
    shown = history(feed_of(trials).columns, "minimize")
    assert shown.by_number.number.tolist() == [0, 3]
    assert shown.by_time.number.tolist() == [1, 2, 0, 3]
    assert (shown.by_time.at - START).tolist() == [10, 20, 100, 200]


def test_equal_values_are_no_step() -> None:
    shown = history(
        feed_of([trial(value=1.0), trial(value=1.0), trial(value=0.5)]).columns, "minimize"
    )
    assert shown.by_number.number.tolist() == [0, 2]


def test_an_empty_study_has_no_steps_and_one_trial_has_one() -> None:
    empty = history(feed_of([]).columns, "minimize")
    assert (len(empty.by_number), len(empty.by_time), len(empty.number)) == (0, 0, 0)
    assert (empty.best, empty.value_range) == (None, None)
    one = history(feed_of([trial(value=1.5)]).columns, "maximize")
    assert (one.by_number.value.tolist(), one.value_range) == ([1.5], (1.5, 1.5))


def test_the_axis_ends_at_the_90th_percentile_on_the_worse_side() -> None:
    trials = [trial(value=float(value)) for value in [*range(10), 1000]]
    columns = feed_of(trials).columns
    assert history(columns, "minimize").value_range == (0.0, 9.0)
    assert history(columns, "maximize").value_range == (1.0, 1000.0)
    few = feed_of([trial(value=0.0), trial(value=1000.0)]).columns
    assert history(few, "minimize").value_range == (0.0, 1000.0)


def test_what_is_handed_out_does_not_change_when_the_study_goes_on() -> None:
    study = optuna.create_study()
    study.add_trial(trial(value=2.0))
    feed = StudyFeed(study)
    shown = history(feed.columns, "minimize")
    study.add_trial(trial(value=1.0))
    feed.poll()
    assert shown.by_number.value.tolist() == [2.0]
    assert history(feed.columns, "minimize").by_number.value.tolist() == [2.0, 1.0]
