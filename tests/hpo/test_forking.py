"""A new study in a new space, with the trials that lie inside it."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest

from highnoon import HPOTrialManager, StudyReader
from highnoon.exceptions import SearchSpaceError, SearchSpaceMismatchError, StudyExistsError
from tests.processes import StartPython

WIDE = {"x": ("uniform", -1.0, 1.0), "c": ("categorical", ["a", "b", "c"])}
NARROW = {"x": ("uniform", 0.0, 1.0), "c": ("categorical", ["b", "a"])}


def square(params: dict[str, Any]) -> float:
    return params["x"] ** 2


@pytest.fixture
def hpo(url: str) -> HPOTrialManager:
    manager = HPOTrialManager(study_name="wide", storage=url, seed=0)
    manager.optimize(square, WIDE, n_trials=15)
    return manager


def test_the_trials_inside_come_along(
    hpo: HPOTrialManager, url: str, said: Callable[[], str]
) -> None:
    fork = hpo.fork("narrow", NARROW)
    inside = [t for t in hpo.trials if t.params["x"] >= 0 and t.params["c"] in "ab"]
    assert 0 < len(inside) < 15
    kept = [(t.params, t.value) for t in fork.trials]
    assert kept == [(t.params, t.value) for t in inside]
    assert f"'narrow' has {len(inside)} of the 15 trials of 'wide'." in said()
    assert len(StudyReader.open("wide", url).trials) == 15


def test_a_trial_that_was_given_back_stays_behind_and_its_retry_stands_alone(url: str) -> None:
    hpo = HPOTrialManager(study_name="wide", storage=url)

    def interrupted_once(params: dict[str, Any]) -> float:
        if "highnoon:retry_of" not in hpo.trials[-1].user_attrs:
            raise KeyboardInterrupt
        return square(params)

    hpo.enqueue({"x": 0.5, "c": "a"}, WIDE)
    with pytest.raises(KeyboardInterrupt):
        hpo.optimize(interrupted_once, WIDE, n_trials=1)
    hpo.optimize(interrupted_once, WIDE, n_trials=1)
    assert [trial.state.name for trial in hpo.trials] == ["FAIL", "COMPLETE"]
    (copied,) = hpo.fork("narrow", NARROW).trials
    assert copied.value == 0.25
    assert not {"highnoon:retry_of", "highnoon:lease"} & copied.user_attrs.keys()


def test_what_the_error_offers_works_under_the_default_sampler(hpo: HPOTrialManager) -> None:
    with pytest.raises(SearchSpaceMismatchError, match="fork"):
        hpo.optimize(square, NARROW)
    fork = hpo.fork("wide_2", NARROW)
    before = len(fork.trials)
    fork.optimize(square, NARROW, n_trials=12)
    assert len(fork.trials) == before + 12
    assert all(t.params["x"] >= 0 for t in fork.trials)
    hpo.optimize(square, WIDE, n_trials=2)


@pytest.mark.parametrize("sampler", ["cmaes", "random", "grid"])
def test_every_sampler_goes_on_in_the_fork(sampler: Any) -> None:
    space, narrow = {"x": ("uniform", -1.0, 1.0)}, {"x": ("uniform", 0.0, 1.0)}
    hpo = HPOTrialManager(study_name="wide", sampler=sampler)
    hpo.optimize(square, space, n_trials=4)
    fork = hpo.fork("narrow", narrow)
    fork.optimize(square, narrow, n_trials=3)
    assert type(fork.study.sampler) is type(hpo.study.sampler)


def test_sampler_and_pruner_objects_are_copied(url: str) -> None:
    sampler = optuna.samplers.TPESampler(n_startup_trials=1, seed=0)
    pruner = optuna.pruners.HyperbandPruner()
    hpo = HPOTrialManager(study_name="wide", storage=url, sampler=sampler, pruner=pruner)

    def objective(params: dict[str, Any]) -> float:
        hpo.report(params["x"], 0)
        hpo.should_prune()
        return params["x"]

    hpo.optimize(objective, WIDE, n_trials=4)
    fork = hpo.fork("narrow", NARROW)
    fork.optimize(objective, NARROW, n_trials=4)
    assert fork.study.sampler is not sampler
    assert fork.study.pruner is not pruner


def test_a_fork_keeps_the_levels_of_the_grid() -> None:
    hpo = HPOTrialManager(study_name="a", sampler="grid", sampler_options={"levels": 2})
    hpo.optimize(square, {"x": ("uniform", -1.0, 1.0)})
    fork = hpo.fork("b", {"x": ("uniform", 2.0, 3.0)})
    fork.optimize(square, {"x": ("uniform", 2.0, 3.0)})
    assert sorted(t.params["x"] for t in fork.trials) == [2.0, 3.0]


def test_a_fork_keeps_direction_and_number_of_trials() -> None:
    hpo = HPOTrialManager(study_name="a", direction="maximize", n_trials=3)
    hpo.optimize(square, WIDE)
    fork = hpo.fork("b", NARROW)
    assert fork.n_trials == 3
    assert fork.study.direction.name == "MAXIMIZE"


def test_running_and_queued_trials_stay_behind(hpo: HPOTrialManager) -> None:
    hpo.ask(WIDE)
    hpo.enqueue({"x": 0.5, "c": "a"})
    assert all(t.state.is_finished() for t in hpo.fork("narrow", NARROW).trials)


def test_constraints_of_the_new_space_decide_too(hpo: HPOTrialManager) -> None:
    fork = hpo.fork("narrow", WIDE, constraints=["x <= 0.5"])
    assert len(fork.trials) == sum(t.params["x"] <= 0.5 for t in hpo.trials)


def test_reports_and_attributes_come_along(url: str) -> None:
    hpo = HPOTrialManager(study_name="a", storage=url)

    def objective(params: dict[str, Any]) -> float:
        hpo.report(2.0, 3, train_loss=1.0)
        return 1.0

    hpo.optimize(objective, WIDE, n_trials=1)
    (copied,) = hpo.fork("b", WIDE).trials
    (original,) = hpo.trials
    assert copied.intermediate_values == original.intermediate_values == {3: 2.0}
    assert original.user_attrs.pop("highnoon:lease")  # belongs to the worker, not to the result
    assert copied.user_attrs == original.user_attrs
    assert copied.datetime_start == original.datetime_start


def test_a_name_that_is_taken_or_a_space_that_is_wrong_is_refused(
    hpo: HPOTrialManager, url: str
) -> None:
    with pytest.raises(StudyExistsError):
        hpo.fork("wide", NARROW)
    with pytest.raises(SearchSpaceError):
        hpo.fork("new", {"x": ("uniform", 1.0, 0.0)})
    assert optuna.get_all_study_names(url) == ["wide"]


def test_draws_that_a_dropped_constraint_refused_stay_behind() -> None:
    space = {"a": ("int", 1, 9), "b": ("int", 1, 9)}
    hpo = HPOTrialManager(study_name="a", sampler="random", seed=0)
    hpo.optimize(lambda p: p["a"] + p["b"], space, n_trials=10, constraints=["a <= b"])
    assert len(hpo.trials) > 10
    assert [t.value for t in hpo.fork("b", space).trials] == [
        t.value for t in hpo.trials if t.value is not None
    ]


def test_the_fork_that_is_offered_has_the_constraints_in_it() -> None:
    space = {"a": ("int", 1, 9)}
    hpo = HPOTrialManager(study_name="a")
    hpo.optimize(lambda p: p["a"], space, n_trials=1)
    with pytest.raises(
        SearchSpaceMismatchError,
        match=r'hpo\.fork\("a_2", search_space, constraints=constraints\)$',
    ):
        hpo.optimize(lambda p: p["a"], space, constraints=["a < 5"])


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_fork_does_not_repeat_the_draws_of_a_seed(sampler: Any) -> None:
    space = {"x": ("uniform", 0.0, 1.0)}
    hpo = HPOTrialManager(study_name="a", sampler=sampler, seed=0)
    hpo.optimize(square, space, n_trials=5)
    forks = [hpo.fork(name, space) for name in ("b", "c")]
    for fork in forks:
        fork.optimize(square, space, n_trials=5)
    drawn = [t.params["x"] for study in forks for t in study.trials[5:]]
    assert len({*drawn, *(t.params["x"] for t in hpo.trials)}) == 15


# The space is read after its study was seen to have none: there the two wait for one another.
BOTH_START = """
import sys, time
from collections import UserDict
from pathlib import Path
from highnoon import HPOTrialManager

class Space(UserDict):
    def __iter__(self):
        Path(sys.argv[2]).touch()
        while not Path(sys.argv[3]).exists():
            time.sleep(0.001)
        return super().__iter__()

hpo = HPOTrialManager("s", storage=sys.argv[1], buffered=sys.argv[5] == "buffered")
space = Space({"x": ("uniform", 0.0, float(sys.argv[4]))})
hpo.optimize(lambda params: params["x"], space, n_trials=3, show_progress=False)
"""


@pytest.mark.parametrize("buffered", ["buffered", "stock"])
@pytest.mark.parametrize("other", [1.0, 2.0])
def test_of_two_spaces_that_come_at_once_the_first_is_the_studys(
    database_url: str, start_python: StartPython, buffered: str, other: float
) -> None:
    HPOTrialManager("s", storage=database_url)
    both = [
        start_python("-c", BOTH_START, database_url, *names, str(high), buffered)
        for names, high in ((("a", "b"), 1.0), (("b", "a"), other))
    ]
    errors = [process.communicate(timeout=100)[1] for process in both]
    study = StudyReader.open("s", database_url)
    space = study._known_space()
    assert space is not None
    assert all(space.contains(trial.params) for trial in study.trials)
    if other == 1.0:
        assert [process.returncode for process in both] == [0, 0], errors
        assert len(study.trials) == 6
        return
    assert sorted(process.returncode for process in both) == [0, 1], errors
    refused = errors[0] if both[0].returncode else errors[1]
    assert "SearchSpaceMismatchError: The study 's' was started with another" in refused
    assert len(study.trials) == 3
