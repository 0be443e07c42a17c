"""The picture of a study in a notebook that no kernel runs for."""

import base64
import re
from xml.etree import ElementTree

import optuna
import pytest
from optuna.distributions import FloatDistribution

from highnoon.hpo.reading import StudyFeed
from highnoon_widgets import StudyBrowser
from highnoon_widgets.still import studies_still, study_still


def image_of(still: str) -> ElementTree.Element:
    found = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', still)
    assert found is not None
    return ElementTree.fromstring(base64.b64decode(found[1]))


def test_it_says_what_the_study_is_and_shows_each_value() -> None:
    study = optuna.create_study(study_name="<script>x</script>")
    study.optimize(lambda t: t.suggest_float("x", -1, 1) ** 2, n_trials=30)
    still = study_still(StudyFeed(study))
    assert "<script>" not in still
    assert "&lt;script&gt;x&lt;/script&gt;" in still
    assert "30 completed" in still
    assert f"trial {study.best_trial.number}" in still
    paths = [path.get("d", "") for path in image_of(still).iter() if path.tag.endswith("path")]
    assert sum(path.count("h0") for path in paths) == 30


@pytest.mark.parametrize("value", [0.0, 1e300, -3.5])
def test_one_trial_has_a_picture(value: float) -> None:
    study = optuna.create_study(direction="maximize")
    study.add_trial(optuna.create_trial(value=value))
    assert image_of(study_still(StudyFeed(study))) is not None


def test_a_study_without_a_value_says_so_in_words() -> None:
    study = optuna.create_study()
    assert "no trials yet" in study_still(StudyFeed(study))
    study.ask()
    still = study_still(StudyFeed(study))
    assert "1 running" in still
    assert "<img" not in still


def test_it_stays_small_with_many_trials() -> None:
    study = optuna.create_study()
    study.add_trials(
        optuna.create_trial(
            value=number % 977 / 3, params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}
        )
        for number in range(5_000)
    )
    assert len(study_still(StudyFeed(study))) < 40_000


def test_a_list_of_studies_is_a_table() -> None:
    storage = optuna.storages.InMemoryStorage()
    optuna.create_study(study_name="<b>empty</b>", storage=storage)
    study = optuna.create_study(study_name="tried", storage=storage)
    study.add_trial(optuna.create_trial(value=0.25))
    browser = StudyBrowser({"mine": storage})
    still = studies_still(browser.source.studies)
    browser.close()
    assert "<td>&lt;b&gt;empty&lt;/b&gt;</td><td>mine</td><td>empty</td><td>–</td>" in still
    assert "<td>tried</td>" in still
    assert "<td>0.2500</td><td>1 completed</td>" in still
