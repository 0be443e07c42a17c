"""How many finished trials the runs of a study want in all."""

import threading
from typing import Any

import optuna
import pytest

from highnoon import HPOTrialManager
from highnoon.exceptions import NoCompletedTrialError
from highnoon.hpo import attributes
from highnoon.hpo.reading import StudyFeed
from highnoon.hpo.run.goal import keep_goal
from tests.processes import WAIT_SECONDS

SPACE = {"x": ("uniform", -1.0, 1.0)}


def square(params: dict[str, Any]) -> float:
    return params["x"] ** 2


def goal_of(hpo: HPOTrialManager | optuna.Study) -> int | None:
    return StudyFeed(hpo).study.goal


def test_a_run_adds_to_what_is_finished_and_a_total_is_a_total(url: str) -> None:
    hpo = HPOTrialManager("s", storage=url, n_trials=3)
    assert goal_of(hpo) is None
    hpo.optimize(square, SPACE)
    assert goal_of(hpo) == 3
    hpo.optimize(square, SPACE, n_trials=2)
    assert goal_of(hpo) == 5
    hpo.optimize(square, SPACE, total_trials=6)
    assert goal_of(hpo) == 6
    hpo.optimize(square, SPACE, total_trials=7, n_trials=5)
    assert (goal_of(hpo), len(hpo.trials)) == (7, 7)
    hpo.optimize(square, SPACE, total_trials=9, n_trials=1)
    assert (goal_of(hpo), len(hpo.trials)) == (8, 8)


def test_two_workers_with_25_trials_each_want_50(url: str) -> None:
    first = HPOTrialManager("s", storage=url)
    second = HPOTrialManager("s", storage=url)
    keep_goal(first.study, 25, None)
    keep_goal(second.study, 25, None)
    assert goal_of(first) == 50


def test_a_worker_that_joins_another_adds_to_its_goal(url: str) -> None:
    first = HPOTrialManager("s", storage=url)
    joined, seen = threading.Event(), threading.Event()

    def slow(params: dict[str, Any]) -> float:
        if len(first.study.get_trials(deepcopy=False)) == 3:
            seen.set()
            assert joined.wait(WAIT_SECONDS)
        return square(params)

    handle = first.start(slow, SPACE, n_trials=5)
    assert seen.wait(WAIT_SECONDS)
    second = HPOTrialManager("s", storage=url)
    second.optimize(square, SPACE, n_trials=1)
    joined.set()
    handle.wait()
    assert (goal_of(first), len(first.trials)) == (6, 6)


def test_what_a_run_that_was_cut_short_wanted_is_forgotten(url: str) -> None:
    hpo = HPOTrialManager("s", storage=url)

    def interrupted(params: dict[str, Any]) -> float:
        if len(hpo.trials) == 3:
            raise KeyboardInterrupt
        return square(params)

    hpo.optimize(interrupted, SPACE, n_trials=50)
    assert goal_of(hpo) == 50
    hpo.optimize(square, SPACE, n_trials=4)
    assert goal_of(hpo) == 6


def test_infeasible_trials_count_neither_here_nor_there(url: str) -> None:
    hpo = HPOTrialManager("s", storage=url, seed=0)
    hpo.optimize(square, SPACE, n_trials=4, constraints=["x > 0.6"])
    assert len(hpo.trials) > 4
    hpo.optimize(square, SPACE, n_trials=4, constraints=["x > 0.6"])
    assert goal_of(hpo) == 8


def test_a_run_that_only_time_limits_has_no_goal_and_a_grid_no_more_than_its_points(
    url: str,
) -> None:
    hpo = HPOTrialManager("s", storage=url, n_trials=None)
    hpo.optimize(square, SPACE, timeout=1.0)
    assert goal_of(hpo) is None
    grid = HPOTrialManager("g", storage=url, sampler="grid")
    grid.optimize(square, SPACE, n_trials=50)
    assert goal_of(grid) == 5


def test_a_run_writes_its_goal_once_and_an_equal_goal_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hpo = HPOTrialManager("s")
    written: list[Any] = []
    write = hpo.study._storage.set_study_user_attr

    def noted(study_id: int, key: str, value: Any) -> None:
        written.append((key, value))
        write(study_id, key, value)

    monkeypatch.setattr(hpo.study._storage, "set_study_user_attr", noted)
    hpo.optimize(square, SPACE, n_trials=3)
    hpo.optimize(square, SPACE, total_trials=3)
    assert [pair for pair in written if pair[0] == attributes.GOAL] == [(attributes.GOAL, 3)]


def test_a_run_without_any_completed_trial_has_a_goal_too() -> None:
    hpo = HPOTrialManager("s")

    def pruned(params: dict[str, Any]) -> float:
        raise optuna.TrialPruned

    with pytest.raises(NoCompletedTrialError):
        hpo.optimize(pruned, SPACE, n_trials=2)
    assert goal_of(hpo) == 2
