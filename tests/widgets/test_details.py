"""What the page is told of one trial, and what it may do with it."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore, upload_artifact
from optuna.trial import TrialState, create_trial

import highnoon as hn
from highnoon.exceptions import StudyError
from highnoon.hpo import attributes
from highnoon_widgets import StudySource, TrialTable
from highnoon_widgets.details_actions import details, enqueue_again, set_note

HOSTILE = "<img src=x onerror=alert(1)>"
DISTRIBUTION = optuna.distributions.FloatDistribution(0.0, 1.0)


@pytest.fixture
def hpo(tmp_path: Any) -> hn.HPOTrialManager:
    return hn.HPOTrialManager("details", storage=f"sqlite:///{tmp_path}/hpo.db", seed=0)


@pytest.fixture
def source(hpo: hn.HPOTrialManager) -> Iterator[StudySource]:
    source = StudySource(hpo)
    yield source
    source.close()


def add(hpo: hn.HPOTrialManager, source: StudySource, **attrs: Any) -> int:
    """Add a completed trial with attributes; return its number."""
    hpo.study.add_trial(
        create_trial(
            value=0.5, params={"x": 0.5}, distributions={"x": DISTRIBUTION}, user_attrs=attrs
        )
    )
    source.refresh()
    return int(source.feed.columns.number[-1])


def test_a_failed_trial_tells_its_traceback_without_the_frames_of_libraries(
    hpo: hn.HPOTrialManager, source: StudySource
) -> None:
    def objective(params: dict[str, Any]) -> float:
        return json.loads(HOSTILE + str(params))

    with pytest.raises(hn.exceptions.HighNoonError):
        hpo.optimize(objective, {"x": ("uniform", 0, 1)}, n_trials=1, show_progress=False)
    source.refresh()
    told = details(source, number=0)
    json.dumps(told, allow_nan=False)
    failure = told["failure"]
    assert failure["type"] == "JSONDecodeError"
    assert [part.get("package") for part in failure["parts"]] == [
        None,
        "highnoon",
        None,
        "Python",
        None,
    ]
    assert "json.loads(HOSTILE" in failure["parts"][2]["text"]
    assert failure["parts"][3]["frames"] == 3
    assert failure["parts"][4]["text"].startswith("json.decoder.JSONDecodeError")


def test_series_log_and_own_attributes_are_told_as_they_are_kept(
    hpo: hn.HPOTrialManager, source: StudySource
) -> None:
    number = add(
        hpo,
        source,
        **{
            f"{attributes.SERIES}train_loss": {"steps": [1, 2], "values": [0.5, None]},
            attributes.LOG: HOSTILE,
            attributes.PEAK_MEMORY: 1024,
            "sample": HOSTILE,
            "sizes": [1, math.inf],
        },
    )
    told = details(source, number=number)
    assert told["series"] == [{"name": "train_loss", "steps": [1, 2], "values": [0.5, None]}]
    assert told["log"] == HOSTILE
    assert told["peak_memory"] == 1024
    assert told["attributes"] == {"sample": HOSTILE, "sizes": "[1, Infinity]"}
    json.dumps(told, allow_nan=False)


def test_the_code_of_a_trial_runs_the_objective_with_its_parameters(
    hpo: hn.HPOTrialManager, source: StudySource
) -> None:
    space = {"width": ("categorical", [[64, 64], [128]]), "act": ("categorical", [abs, max])}
    hpo.optimize(lambda params: len(params["width"]), space, n_trials=1, show_progress=False)
    source.refresh()
    seen: list[dict[str, Any]] = []
    exec(details(source, number=0)["code"], {"objective": seen.append})
    assert seen == [{"width": hpo.best_params["width"], "act": hpo.trials[0].params["act"]}]


def test_a_trial_is_queued_again(hpo: hn.HPOTrialManager, source: StudySource) -> None:
    hpo.optimize(lambda p: p["x"], {"x": ("uniform", 0, 1)}, n_trials=2, show_progress=False)
    source.refresh()
    assert enqueue_again(source, number=1) == {"number": 2}
    hpo.optimize(lambda p: p["x"], {"x": ("uniform", 0, 1)}, n_trials=1, show_progress=False)
    assert hpo.trials[2].params == hpo.trials[1].params


def test_a_queued_trial_tells_the_parameters_that_it_is_to_get(
    hpo: hn.HPOTrialManager, source: StudySource
) -> None:
    hpo.optimize(lambda params: params["x"], {"x": ("uniform", 0, 1)}, n_trials=1)
    source.refresh()
    hpo.enqueue({"x": 0.25})
    source.refresh()
    assert details(source, number=1)["queued"] == {"x": "0.25"}
    assert details(source, number=0)["queued"] == {}


def test_files_that_were_uploaded_for_a_trial_are_told(tmp_path: Path) -> None:
    study = optuna.create_study()
    trial = study.ask()
    file = tmp_path / "sample <b>.txt"
    file.write_text("to be or")
    upload_artifact(
        artifact_store=FileSystemArtifactStore(tmp_path), file_path=str(file), study_or_trial=trial
    )
    study.tell(trial, 1.0)
    artifacts = details(StudySource(study), number=0)["artifacts"]
    assert artifacts == [{"name": "sample <b>.txt", "type": "text/plain"}]


def test_a_trial_of_a_study_of_optuna_s_making_is_queued_again() -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    source = StudySource(study)
    assert enqueue_again(source, number=0) == {"number": 1}
    assert study.trials[1].state == TrialState.WAITING
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert study.trials[1].params == study.trials[0].params
    source.close()


def test_a_note_is_kept_with_the_study_and_taken_away(
    hpo: hn.HPOTrialManager, source: StudySource
) -> None:
    number = add(hpo, source)
    set_note(source, number=number, text=f" {HOSTILE}\n")
    assert details(source, number=number)["note"] == HOSTILE
    assert hpo.study.user_attrs[f"highnoon:note:{number}"] == HOSTILE
    set_note(source, number=number, text="  ")
    assert details(source, number=number)["note"] == ""


def test_a_note_that_is_too_long_is_refused(hpo: hn.HPOTrialManager, source: StudySource) -> None:
    number = add(hpo, source)
    with pytest.raises(StudyError, match="may have 10000 characters, this one has 10001"):
        set_note(source, number=number, text="a" * 10_001)


def test_a_trial_that_is_not_there_is_an_error(source: StudySource) -> None:
    with pytest.raises(StudyError, match="has no trial 7"):
        details(source, number=7)


def test_a_table_selects_trials_from_python(hpo: hn.HPOTrialManager) -> None:
    table = TrialTable(hpo, filter="value < 1", rows=8)
    table.selected = [3, 1]
    assert TrialTable(hpo).selected == [3, 1]
    assert TrialTable(hpo, selected=[2]).selected == table.selected == [2]
    assert (table.filter, table.columns, table.rows) == ("value < 1", None, 8)
    table.source.close()


def test_a_source_whose_page_has_the_trials_from_a_server_sends_none(
    hpo: hn.HPOTrialManager,
) -> None:
    source = StudySource(hpo, sends_study=False)
    add(hpo, source)
    sent: list[Any] = []
    source.send = lambda content, buffers=None: sent.append(content)
    source._welcome({"revision": -1})
    assert (source.snapshot, source.changes, sent) == (b"", [], [])
    assert details(source, number=0)["number"] == 0
    assert enqueue_again(source, number=0) == {"number": 1}
    assert len(source.feed.columns) == 2
    source.close()
