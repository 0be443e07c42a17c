import gc
import json
from pathlib import Path

import optuna
import pytest
from traitlets import TraitError

from highnoon.exceptions import NoStudiesError, StudyError
from highnoon_widgets.browser import StudyBrowser
from highnoon_widgets.page import Page
from highnoon_widgets.source import StudySource
from highnoon_widgets.trial_table import TrialTable

X = {"x": optuna.distributions.FloatDistribution(0.0, 10.0)}


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A SQLite file with a study in the working directory, and no storage in the environment."""
    for name in ("STORAGE", "WEBUI_STORAGES", "WEBUI_FOLDER", "WEBUI_READ_ONLY"):
        monkeypatch.delenv(f"HIGHNOON_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/hpo.db"
    study = optuna.create_study(study_name="tuned", storage=url)
    study.add_trial(optuna.create_trial(value=1.0, params={"x": 1.0}, distributions=X))
    return url


def test_in_a_notebook_it_lists_the_studies_of_the_folder(url: str) -> None:
    page = Page()
    (browser,) = page.children
    assert isinstance(browser, StudyBrowser)
    assert [row["name"] for row in browser.source.studies] == ["tuned"]
    browser.close()


def test_a_storage_that_does_not_open_is_one_error(tmp_path: Path) -> None:
    several = optuna.create_study(directions=["minimize", "maximize"])
    with pytest.raises(NoStudiesError):
        StudyBrowser(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(StudyError):
        StudySource(several)
    gc.collect()  # an error while they go would fail the test


def test_a_column_that_is_none_is_told_with_the_closest() -> None:
    with pytest.raises(TraitError, match=r"no column 'nummber'\. Did you mean 'number'\?"):
        TrialTable(optuna.create_study(), columns=["nummber"])


@pytest.mark.parametrize("read_only", [False, True])
def test_behind_a_page_it_opens_what_the_page_acts_on_and_sends_no_study(
    url: str, monkeypatch: pytest.MonkeyPatch, *, read_only: bool
) -> None:
    monkeypatch.setenv("HIGHNOON_WEBUI_STORAGES", json.dumps({"team": url}))
    monkeypatch.setenv("HIGHNOON_WEBUI_READ_ONLY", "1" if read_only else "")
    actions = Page().actions
    assert actions is not None
    ids = [actions.open_study(alias="team", study="tuned"), actions.browse()]
    source, browser = actions.opened
    assert [source.model_id, browser.model_id] == ids
    assert isinstance(source, StudySource)
    assert not source.snapshot
    assert source.feed.study.name == "tuned"
    assert (source.read_only, browser.read_only) == (read_only, read_only)
    actions.close()
    assert source.comm is None
