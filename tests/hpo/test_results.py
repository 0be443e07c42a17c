"""What a study found, in a notebook and in files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from highnoon import HPOTrialManager, StudyReader
from highnoon.exceptions import ConfigError, NoCompletedTrialError
from highnoon.hpo._registry import best_trials

SPACE = {"x": ("uniform", -1.0, 1.0), "act": ("categorical", [[1, 2], {"a": 1}, abs])}


def square(params: dict[str, Any]) -> float:
    return params["x"] ** 2


@pytest.fixture
def hpo(url: str) -> HPOTrialManager:
    manager = HPOTrialManager(study_name="s", storage=url, seed=0)
    manager.optimize(square, SPACE, n_trials=6)
    return manager


def test_best_value_params_and_trial_belong_together(hpo: HPOTrialManager) -> None:
    assert hpo.best_value == min(trial.value for trial in hpo.trials)
    assert hpo.best_trial.value == hpo.best_value == square(hpo.best_params)


def test_best_params_are_objects_and_trial_params_their_labels(hpo: HPOTrialManager) -> None:
    choices = [[1, 2], {"a": 1}, abs]
    assert hpo.best_params["act"] in choices
    assert {trial.params["act"] for trial in hpo.trials} <= {"[1, 2]", '{"a": 1}', "abs"}


def test_a_trial_has_number_value_params_and_state(hpo: HPOTrialManager) -> None:
    trial = hpo.trials[2]
    assert trial.number == 2
    assert trial.value == square(trial.params)
    assert trial.state == optuna.trial.TrialState.COMPLETE


def test_the_earliest_of_equals_is_the_best() -> None:
    hpo = HPOTrialManager(study_name="s")
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=3)
    assert hpo.best_trial.number == 0


def test_the_table_has_a_row_per_trial_and_states_in_our_words(hpo: HPOTrialManager) -> None:
    def objective(params: dict[str, Any]) -> float:
        if len(hpo.trials) == 7:
            raise ValueError("no")
        return float("nan")

    hpo.optimize(objective, SPACE, n_trials=2)
    frame = hpo.trials_dataframe()
    assert list(frame["number"]) == list(range(8))
    assert list(frame["state"]) == ["completed"] * 6 + ["failed", "diverged"]
    assert {"value", "params_x", "params_act", "duration"} <= set(frame.columns)


def test_the_table_of_a_study_without_trials_is_empty() -> None:
    assert len(HPOTrialManager(study_name="s").trials_dataframe()) == 0


@pytest.mark.parametrize(
    ("ending", "read"), [("json", json.loads), ("yaml", yaml.safe_load), ("yml", yaml.safe_load)]
)
def test_the_best_is_exported_by_the_ending_of_the_path(
    hpo: HPOTrialManager, tmp_path: Path, ending: str, read: Any
) -> None:
    path = hpo.export_best(tmp_path / f"best.{ending}")
    assert read(path.read_text(encoding="utf-8")) == {
        "study": "s",
        "direction": "minimize",
        "trial": hpo.best_trial.number,
        "value": hpo.best_value,
        "params": hpo.best_params,
    }


def test_another_ending_is_refused_before_anything_is_written(
    hpo: HPOTrialManager, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"ends in \.json, \.yaml or \.yml, got '.*best\.txt'"):
        hpo.export_best(tmp_path / "best.txt")
    assert not (tmp_path / "best.txt").exists()


def test_nothing_is_exported_when_nothing_completed(tmp_path: Path) -> None:
    with pytest.raises(NoCompletedTrialError):
        HPOTrialManager(study_name="s").export_best(tmp_path / "best.json")
    assert list(tmp_path.iterdir()) == []


def test_the_notebook_shows_the_best_and_escapes_markup(url: str) -> None:
    hpo = HPOTrialManager(study_name="<script>alert(1)</script>", storage=url)
    hpo.optimize(
        lambda params: 1.0,
        {"<b>lr</b>": ("uniform", 0.0, 1.0), "c": ("categorical", ["<i>"])},
        n_trials=1,
    )
    html = hpo._repr_html_()
    assert "&lt;script&gt;" in html
    assert "1.0000 (trial 0)" in html
    assert "1 completed" in html
    for markup in ("<script>", "<b>", "<i>"):
        assert markup not in html


def test_the_notebook_shows_a_study_without_trials() -> None:
    assert "none yet" in HPOTrialManager(study_name="s")._repr_html_()


def test_a_reader_in_another_process_sees_the_same(hpo: HPOTrialManager, url: str) -> None:
    reader = StudyReader.open("s", url)
    assert reader.best_value == hpo.best_value
    assert [trial.params for trial in reader.trials] == [trial.params for trial in hpo.trials]
    assert repr(reader).startswith("StudyReader(study_name='s', storage='sqlite:///")


def test_plain_optuna_continues_the_study_and_highnoon_joins_it_again(url: str) -> None:
    space = {"x": ("uniform", -1.0, 1.0)}
    HPOTrialManager(study_name="s", storage=url).optimize(square, space, n_trials=3)
    study = optuna.load_study(study_name="s", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", -1.0, 1.0) ** 2 - 1, n_trials=3)
    hpo = HPOTrialManager(study_name="s", storage=url)
    hpo.optimize(square, space, n_trials=3)
    assert len(hpo.trials) == 9
    assert hpo.best_trial.number in (3, 4, 5)
    assert hpo.best_params == study.best_params


def test_a_trial_of_another_tool_with_parameters_of_its_own_may_be_the_best(url: str) -> None:
    space = {"x": ("uniform", 0.5, 1.0)}
    hpo = HPOTrialManager(study_name="s", storage=url)
    hpo.optimize(square, space, n_trials=1)
    study = optuna.load_study(study_name="s", storage=url)
    study.optimize(lambda trial: trial.suggest_float("z", 0.0, 0.1), n_trials=1)
    assert hpo.best_params == study.best_params


def test_an_infinite_value_of_another_tool_is_never_the_best(url: str) -> None:
    study = optuna.create_study(study_name="s", storage=url)
    study.optimize(
        lambda trial: trial.suggest_float("x", 0, 1) if trial.number else float("-inf"), n_trials=2
    )
    assert StudyReader.open("s", url).best_trial.number == 1


def test_the_command_line_of_optuna_reads_the_file(hpo: HPOTrialManager, url: str) -> None:
    command = Path(sys.executable).with_name("optuna")
    done = subprocess.run(
        [command, "best-trial", "--storage", url, "--study-name", "s", "-f", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["number"] == hpo.best_trial.number


def test_a_path_that_cannot_be_written_is_named(hpo: HPOTrialManager, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Cannot write '.*missing/best\.json': No such file"):
        hpo.export_best(tmp_path / "missing" / "best.json")


def test_a_best_trial_of_another_tool_has_the_parameters_it_was_given(hpo: HPOTrialManager) -> None:
    hpo.study.add_trial(
        optuna.trial.create_trial(
            params={"y": 0.5},
            distributions={"y": optuna.distributions.FloatDistribution(0.0, 1.0)},
            value=-1.0,
        )
    )
    assert hpo.best_params == {"y": 0.5}
    newest = next(best_trials())
    assert (newest.study_name, newest.params) == ("s", {"y": 0.5})
