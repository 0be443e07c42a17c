"""Learning curves, workers over time, the distribution of values, pace and savings."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.trial import FrozenTrial
from optuna.visualization._edf import _get_edf_info
from optuna.visualization._timeline import _get_timeline_info

from highnoon.hpo.plotdata import best, curves, edf, pace, saved_by_pruning, timeline
from highnoon.hpo.reading import STATUSES, StudyFeed

from .conftest import START, feed_of, study_of, trial


def cases(name: str) -> list[dict[str, Any]]:
    """What pages show of trials, which `widgets/tests/derived.test.ts` reads too."""
    return json.loads((Path(__file__).parent / f"{name}_cases.json").read_text())


def timed_trials(case: dict[str, Any]) -> list[FrozenTrial]:
    """Trials by their state, start and seconds."""
    return [
        trial(status, 1.0 if status == "completed" else None, start=start, seconds=seconds or 0.0)
        for status, start, seconds in case["trials"]
    ]


def same_number(known: float | None) -> Any:
    return pytest.approx(math.nan if known is None else known, nan_ok=True)


def test_curves_come_best_first_then_the_others_by_number(one_of_each: list[FrozenTrial]) -> None:
    feed = feed_of(one_of_each)
    shown = curves(feed.columns, feed.reports, "minimize")
    assert shown.number.tolist() == [7, 0, 1, 2, 5, 11]
    assert shown.best == 7
    assert [(c.step.tolist(), c.value.tolist()) for c in shown][:4] == [
        ([0, 2], [4.0, 2.0]),
        ([0, 1], [5.0, 3.0]),
        ([0], [4.0]),
        ([0, 1], [2.5, 2.25]),
    ]
    assert [STATUSES[code] for code in shown.status][2:] == [
        "failed",
        "pruned",
        "diverged",
        "running",
    ]
    assert math.isnan(shown[4].value[0])
    assert shown.start.tolist() == [0, 2, 4, 5, 7, 8, 9]


def test_curves_of_a_study_to_maximize_start_with_the_highest(
    one_of_each: list[FrozenTrial],
) -> None:
    feed = feed_of(one_of_each, "maximize")
    shown = curves(feed.columns, feed.reports, "maximize")
    assert shown.number.tolist()[:2] == [0, 7]
    assert shown.best is None, "the best trial, 9, reported nothing"


def test_no_reports_are_no_curves() -> None:
    for trials in ([], [trial(value=1.0)]):
        feed = feed_of(trials)
        shown = curves(feed.columns, feed.reports, "minimize")
        assert (len(shown), list(shown), shown.best, shown.start.tolist()) == (0, [], None, [0])


def test_edf_is_optunas(tuned: Any, direction: Any) -> None:
    study = tuned(direction)
    optunas = _get_edf_info(study)
    ours = edf(StudyFeed(study).columns)
    at = np.searchsorted(ours.value, optunas.x_values, side="right")
    np.testing.assert_allclose(np.append(0, ours.share)[at], optunas.lines[0].y_values)
    assert ours.n_trials == sum(t.state.name == "COMPLETE" for t in study.trials)


def test_edf_counts_completed_feasible_trials_only(one_of_each: list[FrozenTrial]) -> None:
    shown = edf(feed_of([*one_of_each, trial(value=2.0)]).columns)
    assert shown.value.tolist() == [2.0, 3.0, 4.0]
    assert shown.share.tolist() == [0.5, 0.75, 1.0]
    assert (len(edf(feed_of([]).columns).value), edf(feed_of([]).columns).n_trials) == (0, 0)


def test_each_worker_has_a_lane_and_overlapping_trials_one_more() -> None:
    trials = [
        trial(value=1.0, start=0, seconds=10, worker="b"),
        trial("failed", start=5, seconds=20, worker="a"),
        trial(value=1.0, start=10, seconds=10, worker="b"),
        trial("pruned", start=12, seconds=2, worker="b"),
        trial("running", start=21, worker="b"),
        trial("queued"),
        trial(value=1.0, start=1, seconds=1),
    ]
    shown = timeline(feed_of(trials).columns)
    assert shown.lanes == ("b", "b", None, "a")
    assert shown.number.tolist() == [0, 6, 1, 2, 3, 4]
    assert shown.lane.tolist() == [0, 2, 3, 0, 1, 1]
    assert (shown.start - START).tolist() == [0, 1, 5, 10, 12, 21]
    ends = [None if math.isnan(end) else end - START for end in shown.end]
    assert ends == [10, 2, 25, 20, 14, None]
    assert [STATUSES[code] for code in shown.status][-2:] == ["pruned", "running"]


def test_bars_of_one_lane_never_overlap_and_last_as_optuna_says(tuned: Any) -> None:
    rng = np.random.default_rng(0)
    trials = [
        trial(value=1.0, start=float(s), seconds=float(d), worker=str(w))
        for s, d, w in zip(
            rng.uniform(0, 99, 200), rng.uniform(0, 9, 200), rng.integers(4, size=200), strict=True
        )
    ]
    study = study_of(trials)
    shown = timeline(StudyFeed(study).columns)
    for lane in range(len(shown.lanes)):
        own = shown.lane == lane
        assert (shown.start[own][1:] >= shown.end[own][:-1]).all()
    optunas = {bar.number: bar for bar in _get_timeline_info(study).bars}
    for number, start, end in zip(shown.number, shown.start, shown.end, strict=True):
        assert start == pytest.approx(optunas[number].start.timestamp())
        assert end == pytest.approx(optunas[number].complete.timestamp())


def test_an_empty_timeline_has_no_lanes() -> None:
    shown = timeline(feed_of([trial("queued")]).columns)
    assert (shown.lanes, len(shown.lane)) == ((), 0)


@pytest.mark.parametrize("case", cases("saved"), ids=lambda case: case["name"])
def test_what_pruning_saved_is_as_pages_have_it(case: dict[str, Any]) -> None:
    saved = saved_by_pruning(feed_of(timed_trials(case)).columns)
    assert saved.pruned == case["pruned"]
    for name in ("seconds", "share", "mean_duration"):
        assert getattr(saved, name) == same_number(case[name]), name


def test_pace_counts_the_last_twenty_and_only_time_in_which_a_trial_ran() -> None:
    slow = [trial(value=1.0, start=1000.0 * i, seconds=1000) for i in range(5)]
    pause = 50_000.0
    quick = [trial("pruned", start=pause + 60.0 * i, seconds=60) for i in range(20)]
    now = pause + 20 * 60 + 30
    trials = [*slow, *quick, trial("running", start=pause + 1200), trial("infeasible", seconds=0)]
    shown = pace(feed_of(trials).columns, START + now, goal=30)
    assert shown.per_hour == pytest.approx(20 * 3600 / (20 * 60 + 30))
    assert (shown.n_trials, shown.finished, shown.remaining) == (20, 25, 5)
    assert shown.seconds_left == pytest.approx(5 * 3600 / shown.per_hour)


@pytest.mark.parametrize("case", cases("pace"), ids=lambda case: case["name"])
def test_pace_is_as_pages_have_it(case: dict[str, Any]) -> None:
    columns = feed_of(timed_trials(case)).columns
    shown = pace(columns, START + case["now"], goal=case["goal"])
    assert shown.per_hour == same_number(case["per_hour"])
    assert shown.seconds_left == (case["left"] and pytest.approx(case["left"]))
    workers = int(columns.is_status("running").sum())
    assert shown.busy(workers) == same_number(case["busy"])


@pytest.mark.parametrize("case", cases("best"), ids=lambda case: case["name"])
def test_the_best_trial_is_as_pages_have_it(case: dict[str, Any]) -> None:
    """Trials are given as state, value and end."""
    trials = [
        trial(
            "completed" if status == "violated" else status,
            value,
            seconds=end or 0.0,
            violated=status == "violated",
        )
        for status, value, end in case["trials"]
    ]
    found = best(feed_of(trials, case["direction"]).columns, case["direction"])
    assert (found and found.number) == case["number"]
    if found is not None:
        assert found.value == trials[found.number].value
        assert found.second == same_number(case["second"])
        assert found.former == same_number(case["former"])
        assert found.completed == START + case["trials"][found.number][2]


def test_pace_promises_nothing_without_a_goal_a_pace_or_a_running_trial() -> None:
    finished = [trial(value=1.0, seconds=60)]
    done = pace(feed_of(finished).columns, START + 9999, goal=5)
    assert (done.per_hour, done.remaining, done.seconds_left) == (60, 4, None)
    going = [*finished, trial("running", start=60)]
    assert pace(feed_of(going).columns, START + 60).seconds_left is None
    assert pace(feed_of(going).columns, START + 60, goal=1).seconds_left == 0.0
    first = pace(feed_of([trial("running")]).columns, START + 5, goal=5)
    assert math.isnan(first.per_hour)
    assert (first.seconds_left, first.remaining) == (None, 5)
    assert math.isnan(pace(feed_of([]).columns, START).per_hour)
