"""All trials as CSV: exact, and safe to open in a spreadsheet."""

import csv
import io
from typing import Any

import optuna

import highnoon as hn
from highnoon.hpo.csv_export import trials_csv
from highnoon.hpo.reading import StudyFeed


def rows_of(study: optuna.Study) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(trials_csv(StudyFeed(study).columns), newline="")))


def test_a_row_per_trial_with_exact_numbers() -> None:
    hpo = hn.HPOTrialManager("s")

    def objective(params: dict[str, Any]) -> float:
        if params["n"] == 2:
            raise ValueError("no")
        return params["x"] * 1e-9

    space = {"x": ("uniform", 0.0, 1.0), "n": ("int", 1, 2)}
    hpo.enqueue({"x": 0.1 + 0.2, "n": 1}, space)
    hpo.enqueue({"x": 0.5, "n": 2})
    hpo.optimize(objective, space, n_trials=2, show_progress=False)
    completed, failed = rows_of(hpo.study)
    assert completed["number"] == "0"
    assert completed["state"] == "completed"
    assert float(completed["value"]) == (0.1 + 0.2) * 1e-9
    assert float(completed["params_x"]) == 0.1 + 0.2
    assert completed["params_n"] == "1"
    assert completed["started"].endswith("+00:00")
    assert float(completed["seconds"]) >= 0
    assert failed["state"] == "failed"
    assert failed["value"] == ""


def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe() -> None:
    study = optuna.create_study()
    hostile = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", 'a,"b"\nc', "plain", "-"]
    distribution = optuna.distributions.CategoricalDistribution(hostile)
    for text in hostile:
        study.add_trial(
            optuna.create_trial(
                value=-1.5, params={"=name": text}, distributions={"=name": distribution}
            )
        )
    rows = rows_of(study)
    kept = [row["params_=name"] for row in rows]
    assert kept == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", 'a,"b"\nc', "plain", "'-"]
    assert {row["value"] for row in rows} == {"-1.5"}


def test_parameters_that_a_trial_did_not_draw_and_is_not_to_get_are_empty() -> None:
    study = optuna.create_study()
    study.enqueue_trial({"x": 0.5})
    study.enqueue_trial({})
    study.add_trial(
        optuna.create_trial(
            value=1.0,
            params={"x": 1.0},
            distributions={"x": optuna.distributions.FloatDistribution(0, 1)},
        )
    )
    assert [row["params_x"] for row in rows_of(study)] == ["0.5", "", "1.0"]
