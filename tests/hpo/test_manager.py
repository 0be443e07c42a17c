"""Creating and joining studies."""

import re
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

from highnoon import HighNoonError, HPOTrialManager, StudyReader
from highnoon.exceptions import (
    ConfigError,
    DirectionMismatchError,
    SearchSpaceMismatchError,
    StudyError,
    StudyExistsError,
)

SPACE = {"x": ("uniform", -1.0, 1.0)}


def square(params: dict[str, float]) -> float:
    return params["x"] ** 2


def test_a_readable_name_is_made_up_and_shown(said: Callable[[], str]) -> None:
    hpo = HPOTrialManager(pruner="median")
    assert re.fullmatch(r"[a-z]+-[a-z]+-[0-9a-f]{4}", hpo.study_name)
    assert hpo.study_name in said()


def test_a_new_study_minimizes() -> None:
    hpo = HPOTrialManager(study_name="s", seed=0)
    hpo.optimize(square, SPACE, n_trials=10)
    assert hpo.study.direction.name == "MINIMIZE"
    assert hpo.best_value == min(trial.value for trial in hpo.trials)


def test_maximize_returns_the_largest() -> None:
    hpo = HPOTrialManager(study_name="s", direction="maximize", seed=0)
    best = hpo.optimize(square, SPACE, n_trials=10)
    assert hpo.best_value == max(trial.value for trial in hpo.trials) == square(best)


def test_the_second_worker_joins_without_asking_to(url: str, said: Callable[[], str]) -> None:
    HPOTrialManager(study_name="d", storage=url).optimize(square, SPACE, n_trials=3)
    second = HPOTrialManager(study_name="d", storage=url)
    second.optimize(square, SPACE, n_trials=2)
    assert [trial.number for trial in second.trials] == [0, 1, 2, 3, 4]
    assert "joined d: 3 trials there, running 2 more" in said()


def test_a_new_study_can_be_insisted_on(url: str) -> None:
    HPOTrialManager(study_name="d", storage=url)
    with pytest.raises(StudyExistsError, match=r"'d' exists.*load_if_exists=True"):
        HPOTrialManager(study_name="d", storage=url, load_if_exists=False)


def test_load_if_exists_creates_a_study_that_is_not_there(url: str) -> None:
    assert HPOTrialManager(study_name="n", storage=url, load_if_exists=True).trials == []


def test_joining_takes_the_direction_of_the_study(url: str) -> None:
    HPOTrialManager(study_name="d", storage=url, direction="maximize")
    assert HPOTrialManager(study_name="d", storage=url).study.direction.name == "MAXIMIZE"


def test_another_direction_is_refused_and_nothing_is_lost(url: str) -> None:
    HPOTrialManager(study_name="d", storage=url).optimize(square, SPACE, n_trials=2)
    with pytest.raises(DirectionMismatchError, match=r"direction is 'minimize', not 'maximize'"):
        HPOTrialManager(study_name="d", storage=url, direction="maximize")
    assert len(StudyReader.open("d", url).trials) == 2


def test_another_search_space_is_refused_with_a_diff_and_a_way_out(url: str) -> None:
    HPOTrialManager(study_name="d", storage=url).optimize(square, SPACE, n_trials=2)
    hpo = HPOTrialManager(study_name="d", storage=url)
    with pytest.raises(SearchSpaceMismatchError) as caught:
        hpo.optimize(square, {"x": ("uniform", -2.0, 1.0), "y": ("int", 1, 3)})
    message = str(caught.value)
    assert "x: was uniform -1.0..1.0, now uniform -2.0..1.0" in message
    assert "y: added" in message
    assert 'hpo.fork("d_2", search_space)' in message
    assert len(hpo.trials) == 2


def test_the_same_space_in_another_order_is_the_same(url: str) -> None:
    a, b = ("uniform", 0.0, 1.0), ("int", 1, 4)
    HPOTrialManager(study_name="d", storage=url).optimize(
        lambda p: p["a"], {"a": a, "b": b}, n_trials=1
    )
    hpo = HPOTrialManager(study_name="d", storage=url)
    hpo.optimize(lambda p: p["a"], {"b": b, "a": a}, n_trials=1)
    assert len(hpo.trials) == 2


def test_a_study_of_several_objectives_is_refused(url: str) -> None:
    optuna.create_study(study_name="two", storage=url, directions=["minimize", "maximize"])
    with pytest.raises(StudyError, match="2 objectives"):
        HPOTrialManager(study_name="two", storage=url)
    with pytest.raises(StudyError, match="2 objectives"):
        StudyReader.open("two", url)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"direction": "down"}, r'"minimize" or "maximize", got \'down\''),
        ({"n_trials": 0}, "n_trials must be an integer of at least 1, got 0"),
        ({"n_trials": "50"}, "n_trials must be an integer"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
        ({"sampler": "bayes"}, "Unknown sampler 'bayes'. Choose one of tpe, cmaes, random, grid"),
        ({"sampler": ["tpe"]}, "Unknown sampler"),
        ({"pruner": "asha"}, "Unknown pruner 'asha'. Choose one of median, hyperband"),
        ({"pruner": None}, "Unknown pruner None"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HPOTrialManager(study_name="s", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "  ", 3, "x" * 600, "a\0b"])
def test_a_name_that_no_database_keeps_is_refused(name: object) -> None:
    with pytest.raises(StudyError, match="study_name must"):
        HPOTrialManager(study_name=name)  # type: ignore[arg-type]


def test_every_error_is_a_highnoon_error(url: str) -> None:
    with pytest.raises(HighNoonError):
        HPOTrialManager(study_name="s", direction="up")  # type: ignore[arg-type]
    with pytest.raises(HighNoonError):
        HPOTrialManager(study_name="s").best_value  # noqa: B018
    with pytest.raises(HighNoonError):
        StudyReader.open("s", url)


def test_any_optuna_object_is_taken(tmp_path: Path) -> None:
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'own.db'}")
    sampler = optuna.samplers.RandomSampler(seed=1)
    pruner = optuna.pruners.ThresholdPruner(upper=0.5)
    hpo = HPOTrialManager(study_name="own", storage=storage, sampler=sampler, pruner=pruner)
    hpo.optimize(square, SPACE, n_trials=2)
    assert hpo.study.sampler is sampler
    assert hpo.study.pruner is pruner
    assert len(optuna.load_study(study_name="own", storage=storage).trials) == 2
    assert "own.db" in repr(hpo)


def test_a_journal_file_is_taken(tmp_path: Path) -> None:
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "journal.log"))
    storage = optuna.storages.JournalStorage(backend)
    HPOTrialManager(study_name="j", storage=storage).optimize(square, SPACE, n_trials=1)
    assert len(HPOTrialManager(study_name="j", storage=storage).trials) == 1


def test_few_trials_for_the_size_of_the_space_are_pointed_out(said: Callable[[], str]) -> None:
    hpo = HPOTrialManager(study_name="s")
    hpo.optimize(square, SPACE, n_trials=2)
    assert "2 trials are few for 1 parameter; 50 or more are recommended." in said()


def test_enough_trials_go_without_a_remark(said: Callable[[], str]) -> None:
    HPOTrialManager(study_name="s", sampler="random").optimize(square, SPACE, n_trials=50)
    assert "recommended" not in said()
