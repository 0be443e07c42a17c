"""The code of a fork that the page shows starts the study that it says."""

from pathlib import Path

import optuna
import pytest

from highnoon.hpo.reader import StudyReader
from highnoon_widgets import StudySource
from highnoon_widgets.fork_actions import fork_code


def objective(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
    depth = trial.suggest_int("depth", 2, 12, step=2)
    kind = trial.suggest_categorical("kind", ["a", None, 3])
    return depth + rate + (kind is None)


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


def source_of(storage: str) -> StudySource:
    study = optuna.create_study(
        study_name="plain", storage=storage, sampler=optuna.samplers.RandomSampler(seed=1)
    )
    study.optimize(objective, n_trials=40)
    return StudySource(study)


def test_a_study_of_another_tool_is_forked_with_what_its_trials_drew_from(storage: str) -> None:
    source = source_of(storage)
    found = fork_code(source)
    source.close()
    assert found["name"] == "plain_narrowed"
    assert len(found["trials"]) == 10
    assert "depth" in found["changed"]
    exec(found["code"], {})
    forked = StudyReader.open("plain_narrowed", storage)
    assert {trial.params["depth"] for trial in forked.trials} <= {2, 4, 6}
    assert len(forked.trials) >= 10


def test_a_name_that_is_taken_is_not_offered(storage: str) -> None:
    source = source_of(storage)
    optuna.create_study(study_name="plain_narrowed", storage=storage)
    found = fork_code(source, trials=[3, 5])
    source.close()
    assert found["name"] == "plain_narrowed_2"
    assert found["trials"] == [3, 5]
