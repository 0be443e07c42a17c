"""Which parameters are tried next, and which trials are stopped early."""

import itertools
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from highnoon import HPOTrialManager
from highnoon.exceptions import (
    ConfigError,
    MissingDependencyError,
    NoCompletedTrialError,
    SearchSpaceError,
    StudyError,
)
from highnoon.hpo.pruners import make_pruner
from highnoon.hpo.samplers import make_sampler

GRID = {
    "x": ("uniform", 0.0, 1.0),
    "n": ("int", 1, 5, 2),
    "c": ("categorical", [[1], "two"]),
}


def total(params: dict[str, Any]) -> float:
    return float(params["x"] + params["n"])


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("tpe", optuna.samplers.TPESampler),
        ("cmaes", optuna.samplers.CmaEsSampler),
        ("random", optuna.samplers.RandomSampler),
        ("grid", optuna.samplers.GridSampler),
    ],
)
def test_a_sampler_by_name_draws(name: Any, cls: type) -> None:
    hpo = HPOTrialManager(study_name="s", sampler=name, seed=0)
    space = {"x": ("uniform", 0.0, 1.0), "n": ("int", 1, 5)}
    hpo.optimize(total, space, n_trials=12)
    assert type(hpo.study.sampler).__mro__[0:2].count(cls) == 1
    assert len({tuple(trial.params.values()) for trial in hpo.trials}) > 6


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("median", optuna.pruners.MedianPruner),
        ("hyperband", optuna.pruners.HyperbandPruner),
        ("percentile", optuna.pruners.PercentilePruner),
        ("none", optuna.pruners.NopPruner),
    ],
)
def test_a_pruner_by_name_is_asked(name: Any, cls: type) -> None:
    hpo = HPOTrialManager(study_name="s", pruner=name, seed=0)

    def objective(params: dict[str, Any]) -> float:
        for step in range(10):
            hpo.report(params["x"], step)
            if hpo.should_prune():
                raise hpo.TrialPruned
        return params["x"]

    hpo.optimize(objective, {"x": ("uniform", 0.0, 1.0)}, n_trials=20)
    assert type(hpo.study.pruner) is cls
    pruned = any(trial.state == TrialState.PRUNED for trial in hpo.trials)
    assert pruned == (name != "none")


def prunes_against_one_to_eight(value: float, **options: Any) -> bool:
    hpo = HPOTrialManager(study_name="s", pruner="percentile", **options)
    values = iter([*map(float, range(1, 9)), value])
    seen = []

    def objective(params: dict[str, Any]) -> float:
        mine = next(values)
        hpo.report(mine, 0)
        seen.append(hpo.should_prune() if len(hpo.trials) == 9 else False)
        return mine

    hpo.optimize(objective, {"x": ("uniform", 0.0, 1.0)}, n_trials=9)
    return seen[-1]


def test_percentile_prunes_the_bottom_quarter() -> None:
    assert prunes_against_one_to_eight(7.5)
    assert not prunes_against_one_to_eight(6.0)


def test_percentile_prunes_the_bottom_quarter_of_what_is_maximized() -> None:
    assert prunes_against_one_to_eight(1.5, direction="maximize")
    assert not prunes_against_one_to_eight(3.0, direction="maximize")


def test_the_percentile_kept_may_be_given() -> None:
    assert prunes_against_one_to_eight(6.0, pruner_options={"percentile": 25.0})


def test_options_reach_the_optuna_class() -> None:
    hpo = HPOTrialManager(
        study_name="s",
        seed=0,
        sampler_options={"n_startup_trials": 3},
        pruner_options={"n_startup_trials": 1, "n_warmup_steps": 0},
    )
    reference = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=3))
    hpo.optimize(lambda p: p["x"], {"x": ("uniform", 0.0, 1.0)}, n_trials=8)
    reference.optimize(lambda trial: trial.suggest_float("x", 0.0, 1.0), n_trials=8)
    assert [t.params for t in hpo.trials] == [t.params for t in reference.trials]


@pytest.mark.parametrize(
    ("make", "option"),
    [
        (lambda: make_sampler("tpe", options={"startup": 3}), "sampler_options={'startup': 3}"),
        (lambda: make_sampler("random", options={"levels": 3}), "sampler_options={'levels': 3}"),
        (lambda: make_sampler("grid", options={"level": 3}), "sampler_options={'level': 3}"),
        (lambda: make_sampler("grid", options={"levels": 1}), "at least 2, got 1"),
        (lambda: make_sampler("grid", options={"levels": "5"}), "at least 2, got '5'"),
        (lambda: make_sampler("tpe", options={"seed": 3}), "seed="),
        (lambda: make_pruner("median", {"percentile": 3}), "pruner_options={'percentile': 3}"),
        (lambda: make_pruner("none", {"n": 3}), "pruner_options={'n': 3}"),
        (lambda: make_pruner("percentile", {"percentile": 300.0}), "between 0 and 100"),
        (
            lambda: make_sampler(optuna.samplers.RandomSampler(), options={"a": 1}),
            "go with a sampler's name",
        ),
        (lambda: make_sampler(optuna.samplers.RandomSampler(), seed=1), "to the sampler object"),
        (lambda: make_pruner(optuna.pruners.NopPruner(), {"a": 1}), "go with a pruner's name"),
    ],
)
def test_a_wrong_option_is_refused_by_name(make: Callable[[], Any], option: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert option in str(caught.value)
    assert "_random()" not in str(caught.value)
    assert "_grid()" not in str(caught.value)


def test_a_sampler_whose_package_is_missing_fails_in_the_constructor() -> None:
    with pytest.raises(
        MissingDependencyError, match=r"Optuna's GPSampler needs the package '\w+'. .*pip install"
    ):
        HPOTrialManager(study_name="s", sampler=optuna.samplers.GPSampler())


def test_cmaes_without_its_package_says_what_installs_it(script: Any) -> None:
    done = script("""
        import sys
        class Blocker:
            def find_spec(self, name, path=None, target=None):
                if name == "cmaes":
                    raise ModuleNotFoundError("No module named 'cmaes'", name=name)
        sys.meta_path.insert(0, Blocker())
        import highnoon as hn
        hn.HPOTrialManager(study_name="s", sampler="cmaes")
    """)
    assert "needs the package 'cmaes'. Install it: pip install cmaes" in done.stderr
    assert "highnoon.exceptions.MissingDependencyError" in done.stderr


def test_a_grid_tries_every_point_once_and_stops(said: Callable[[], str]) -> None:
    hpo = HPOTrialManager(study_name="s", sampler="grid", seed=3)
    hpo.optimize(total, GRID, n_trials=100)
    expected = set(itertools.product([0.0, 0.25, 0.5, 0.75, 1.0], [1, 3, 5], ["[1]", "two"]))
    points = [(t.params["x"], t.params["n"], t.params["c"]) for t in hpo.trials]
    assert len(points) == 30
    assert set(points) == expected
    assert "The grid has 30 points." in said()


def test_a_grid_is_finished_by_those_who_join_it_and_then_left_alone(url: str) -> None:
    space = {"x": ("uniform", 0.0, 1.0), "n": ("int", 1, 2)}
    for _ in range(4):
        HPOTrialManager(study_name="s", storage=url, sampler="grid", seed=7).optimize(
            total, space, n_trials=4
        )
    trials = HPOTrialManager(study_name="s", storage=url).trials
    assert len(trials) == 10
    assert len({tuple(trial.params.values()) for trial in trials}) == 10


def test_a_grid_has_the_levels_that_are_asked_for() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="grid", sampler_options={"levels": 3})
    hpo.optimize(lambda p: p["x"], {"x": ("log_uniform", 1e-4, 1e-2)})
    assert sorted(t.params["x"] for t in hpo.trials) == pytest.approx([1e-4, 1e-3, 1e-2])


def test_ask_walks_the_grid_too() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="grid", sampler_options={"levels": 2})
    for _ in range(2):
        trial = hpo.ask({"x": ("uniform", 0.0, 1.0)})
        hpo.tell(trial, trial.params["x"])
    assert sorted(t.params["x"] for t in hpo.trials) == [0.0, 1.0]


@pytest.mark.parametrize("params", [{"x": 0.3}, {"x": 0.3, "n": 3, "c": "two"}])
@pytest.mark.parametrize("points_before", [0, 28, 29])
def test_queued_trials_come_on_top_of_the_grid(params: dict[str, Any], points_before: int) -> None:
    hpo = HPOTrialManager(study_name="s", sampler="grid")
    if points_before:
        hpo.optimize(total, GRID, n_trials=points_before)
    hpo.enqueue(params, GRID)
    hpo.optimize(total, GRID, n_trials=100)
    assert len(hpo.trials) == 31
    assert len({tuple(t.params.values()) for t in hpo.trials if t.params["x"] != 0.3}) == 30


def test_a_point_of_the_grid_that_was_given_back_is_tried_again() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="grid")
    space = {"n": ("int", 1, 4)}

    def objective(params: dict[str, Any]) -> float:
        if len(hpo.trials) == 4:
            raise KeyboardInterrupt
        return params["n"]

    hpo.optimize(objective, space)
    hpo.optimize(lambda p: p["n"], space)
    done = [t.params["n"] for t in hpo.trials if t.state == TrialState.COMPLETE]
    assert sorted(done) == [1, 2, 3, 4]


def test_a_grid_of_more_than_ten_thousand_points_is_refused_and_leaves_no_trace() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="grid")
    large = {f"p{i}": ("uniform", 0.0, 1.0) for i in range(6)}
    with pytest.raises(SearchSpaceError, match="15,625 points and at most 10,000"):
        hpo.optimize(lambda p: 0.0, large)
    hpo.optimize(total, GRID, n_trials=1)
    assert len(hpo.trials) == 1


@pytest.mark.parametrize(
    ("constraint", "feasible"), [("a + b <= 3", 3), ("a + b >= 3", 3), ("a != b", 2)]
)
def test_a_grid_with_constraints_tries_no_point_twice(constraint: str, feasible: int) -> None:
    for seed in range(4):
        hpo = HPOTrialManager(study_name="s", sampler="grid", seed=seed)
        hpo.optimize(
            lambda p: p["a"], {"a": ("int", 1, 2), "b": ("int", 1, 2)}, constraints=[constraint]
        )
        assert len(hpo.trials) == 4
        assert sum(t.state == TrialState.COMPLETE for t in hpo.trials) == feasible


def test_a_grid_without_a_feasible_point_ends_after_its_last() -> None:
    hpo = HPOTrialManager(study_name="s", sampler="grid")
    space = {"a": ("int", 1, 2), "b": ("int", 1, 2)}
    with pytest.raises(NoCompletedTrialError, match="4 infeasible"):
        hpo.optimize(lambda p: p["a"], space, constraints=["a + b > 4"])
    with pytest.raises(StudyError, match="grid is exhausted"):
        hpo.ask()
