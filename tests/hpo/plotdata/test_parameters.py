"""Slices, contours, ranks and parallel coordinates."""

import math
from typing import Any

import numpy as np
import pytest
from optuna.trial import FrozenTrial
from optuna.visualization._contour import _get_contour_info
from optuna.visualization._parallel_coordinate import _get_parallel_coordinate_info
from optuna.visualization._rank import _get_rank_info
from optuna.visualization._slice import _get_slice_plot_info

from highnoon.exceptions import ConfigError
from highnoon.hpo.plotdata import contour, parallel, rank, slices
from highnoon.hpo.reading import STATUSES, StudyFeed

from .conftest import FLOAT, LOG, MIXED, STEPS, feed_of, trial

NAMES = ["x", "rate", "depth", "width", "choice", "extra"]


def test_slices_hold_what_optunas_do(tuned: Any, direction: Any) -> None:
    study = tuned(direction)
    optunas = {
        plot.param_name: plot for plot in _get_slice_plot_info(study, None, None, "value").subplots
    }
    shown = slices(StudyFeed(study).columns, direction)
    completed = shown.status == STATUSES.index("completed")
    assert {part.axis.name for part in shown.parameters} == optunas.keys() == set(NAMES)
    for part in shown.parameters:
        optuna_part = optunas[part.axis.name]
        own = completed & ~np.isnan(part.x)
        assert shown.number[own].tolist() == optuna_part.trial_numbers
        assert shown.value[own].tolist() == optuna_part.y
        assert part.axis.log == optuna_part.is_log
        if part.axis.choices is None:
            assert part.x[own] == pytest.approx(optuna_part.x)
        else:
            assert [part.axis.choices[int(code)] for code in part.x[own]] == optuna_part.x
    assert shown.best == study.best_trial.number


def test_pruned_trials_stand_at_their_last_report(tuned: Any) -> None:
    study = tuned("minimize")
    shown = slices(StudyFeed(study).columns, "minimize", ["x"])
    pruned = shown.status == STATUSES.index("pruned")
    assert pruned.any()
    assert shown.value[pruned] == pytest.approx(shown.parameters[0].x[pruned] + 1)


def test_the_ten_best_give_the_range(direction: Any) -> None:
    better = 1.0 if direction == "minimize" else -1.0
    trials = [
        trial(
            value=better * i,
            x=(10 - i / 2, FLOAT),
            rate=(10.0 ** -(i % 4), LOG),
            n=(10 * (i % 3), STEPS),
        )
        for i in range(20)
    ]
    trials.append(trial(value=-better * 1000, violated=True, x=(0.0, FLOAT)))
    x, rate, n = slices(feed_of(trials, direction).columns, direction).parameters
    assert x.top == (5.5, 10.0)
    assert x.share == pytest.approx(0.45)
    assert rate.top == (0.001, 1.0)
    assert rate.share == pytest.approx(0.75)
    assert (n.top, n.share, n.axis.kind, n.axis.step) == ((0.0, 20.0), 0.2, "int", 10.0)


def test_choices_of_mixed_types_stay_apart() -> None:
    trials = [trial(value=float(i), c=(choice, MIXED)) for i, choice in enumerate(MIXED.choices)]
    (part,) = slices(feed_of(trials).columns, "minimize").parameters
    assert part.axis.choices == ("a", None, True, 1.5, 3)
    assert [type(choice) for choice in part.axis.choices] == [str, type(None), bool, float, int]
    assert part.x.tolist() == [0, 1, 2, 3, 4]
    assert (part.top_choices, part.share) == ((0, 1, 2, 3, 4), 1.0)


def test_a_conditional_parameter_has_gaps_and_maybe_no_range() -> None:
    trials = [
        trial(value=1.0, x=(1.0, FLOAT)),
        trial("failed", x=(2.0, FLOAT), y=(3.0, FLOAT)),
        trial("running", reports={0: 1.0}, y=(3.0, FLOAT)),
    ]
    x, y = slices(feed_of(trials).columns, "minimize").parameters
    assert [math.isnan(v) for v in x.x] == [False, True]
    assert y.x[1] == 3.0
    assert (y.top, y.top_choices, y.share) == (None, (), None)
    assert x.top == (1.0, 1.0)


def test_slices_of_nothing_and_of_unknown_names(one_of_each: list[FrozenTrial]) -> None:
    empty = slices(feed_of([]).columns, "minimize")
    assert (len(empty.number), empty.parameters, empty.best) == (0, (), None)
    columns = feed_of([trial(value=1.0, rate=(0.1, LOG))]).columns
    with pytest.raises(ConfigError, match="Did you mean rate"):
        slices(columns, "minimize", ["rat"])
    with pytest.raises(ConfigError, match="list of names"):
        slices(columns, "minimize", "rate")
    assert slices(feed_of(one_of_each).columns, "minimize").parameters == ()


@pytest.mark.parametrize(
    "pair", [("depth", "choice"), ("width", "depth"), ("x", "rate"), ("extra", "x")]
)
def test_a_contour_has_optunas_points_and_the_best_in_each_cell(
    tuned: Any, direction: Any, pair: tuple[str, str]
) -> None:
    study = tuned(direction)
    shown = contour(StudyFeed(study).columns, direction, *pair)
    completed = [
        t for t in study.trials if t.state.name == "COMPLETE" and set(pair) <= t.params.keys()
    ]
    assert shown.number.tolist() == [t.number for t in completed]
    if pair[0] == "extra":
        assert shown.reason is not None
        assert shown.grid.size == 0
        return
    best = min if direction == "minimize" else max
    assert best(shown.grid[~np.isnan(shown.grid)]) == study.best_value
    assert (~np.isnan(shown.grid)).any(axis=0).sum() > 1
    if len(shown.grid_x) * len(shown.grid_y) <= 25:
        optunas = _get_contour_info(study, list(pair)).sub_plot_infos[0][0]
        expected = sorted(optunas.z_values.values())
        assert sorted(shown.grid[~np.isnan(shown.grid)]) == expected


def test_cells_of_a_logarithmic_axis_are_even_on_it() -> None:
    trials = [
        trial(value=float(i), r=(10 ** (-4 * i / 39), LOG), x=(i / 4, FLOAT)) for i in range(40)
    ]
    shown = contour(feed_of(trials).columns, "minimize", "r", "x")
    steps = np.diff(np.log(shown.grid_x))
    assert len(shown.grid_x) == len(shown.grid_y) == 24
    np.testing.assert_allclose(steps, steps[0])
    last = np.nanargmin(shown.grid[0])
    assert shown.grid[0][last] == 0.0, "r=1, x=0 is the first trial"
    assert last == 23


def test_too_few_trials_have_no_contour_but_their_points() -> None:
    trials = [trial(value=1.0, r=(0.5, LOG), x=(1.0, FLOAT))] * 29
    shown = contour(feed_of(trials).columns, "minimize", "r", "x")
    assert len(shown.number) == 29
    assert shown.reason is not None
    assert shown.reason.startswith("29 of 30 completed trials.")


def test_a_parameter_against_itself_is_refused() -> None:
    columns = feed_of([trial(value=1.0, x=(1.0, FLOAT))]).columns
    for plot in (contour, rank):
        with pytest.raises(ConfigError, match="two different"):
            plot(columns, "minimize", "x", "x")


def test_ranks_are_optunas_with_the_best_at_0(tuned: Any, direction: Any) -> None:
    study = tuned(direction)
    optunas = _get_rank_info(study, ["depth", "extra"], None, "value")
    completed = [t for t in study.trials if t.state.name == "COMPLETE"]
    values = np.array([t.value for t in completed])
    shown = rank(StudyFeed(study).columns, direction, "depth", "extra")
    assert shown.number.tolist() == [t.number for t in optunas.sub_plot_infos[0][0].trials]
    assert shown.at_y.tolist() == optunas.sub_plot_infos[0][0].ys
    for value, share in zip(shown.value, shown.rank, strict=True):
        worse_or_equal = values < value if direction == "minimize" else values > value
        equal = (values == value).sum()
        assert share == pytest.approx((worse_or_equal.sum() + (equal - 1) / 2) / (len(values) - 1))


def test_one_trial_has_rank_0() -> None:
    shown = rank(
        feed_of([trial(value=1.0, x=(1.0, FLOAT), r=(0.1, LOG))]).columns, "minimize", "x", "r"
    )
    assert shown.rank.tolist() == [0.0]


def test_parallel_lines_come_best_first_on_scales_from_0_to_1(tuned: Any, direction: Any) -> None:
    study = tuned(direction)
    shown = parallel(StudyFeed(study).columns, direction, ["rate", "depth", "choice", "extra"])
    values = shown.value.tolist()
    assert values == sorted(values, reverse=direction == "maximize")
    optunas = {d.label: d for d in _get_parallel_coordinate_info(study).dims_params}
    completed = [t.number for t in study.trials if t.state.name == "COMPLETE"]
    of_optuna = [completed.index(number) for number in shown.number]
    logs = np.array(optunas["rate"].values)[of_optuna]
    np.testing.assert_allclose(shown.places[:, 0], (logs + 5) / 4)
    depths = np.array(optunas["depth"].values)[of_optuna]
    np.testing.assert_allclose(shown.places[:, 1], (depths - 2) / 12)
    choices = [study.trials[number].params["choice"] for number in shown.number]
    np.testing.assert_allclose(shown.places[:, 2] * 4, [MIXED.to_internal_repr(c) for c in choices])
    missing = ["extra" not in study.trials[number].params for number in shown.number]
    assert np.isnan(shown.places[:, 3]).tolist() == missing


def test_parallel_lines_of_an_empty_study_and_of_a_parameter_with_one_value() -> None:
    assert parallel(feed_of([]).columns, "minimize").places.shape == (0, 0)
    from optuna.distributions import IntDistribution

    columns = feed_of([trial(value=1.0, n=(4, IntDistribution(4, 4)))]).columns
    assert parallel(columns, "minimize").places.tolist() == [[0.5]]
