"""The list of studies: found, compared, opened, renamed, archived and deleted in a real page."""

from typing import Any

import optuna
import pytest
from playwright.sync_api import Locator, expect

import highnoon as hn
from highnoon.exceptions import TooManyFailuresError
from highnoon.hpo.reading import study_summaries
from tests.browser.jupyter import Lab

X = {"x": optuna.distributions.FloatDistribution(0.0, 10.0)}


def make(url: str, name: str, *values: float, direction: str = "minimize") -> None:
    hpo = hn.HPOTrialManager(name, storage=url, direction=direction)
    for value in values:
        hpo.study.add_trial(optuna.create_trial(value=value, params={"x": 1.0}, distributions=X))


def names(url: str, *, archived: bool = False) -> list[str]:
    return [s.name for s in study_summaries(url) if (s.archived is not None) == archived]


def row(browser: Locator, name: str) -> Locator:
    return browser.locator(f'[data-testid=study-row][data-study="{name}"]')


def test_why_a_study_stopped_stays_inside_its_row(open_notebook: Any, lab: Lab) -> None:
    url = f"sqlite:///{lab.folder}/hpo.db"

    def fail(_: dict[str, Any]) -> float:
        raise FileNotFoundError("./corpus")

    with pytest.raises(TooManyFailuresError):
        hn.HPOTrialManager("broken", storage=url).optimize(fail, {"x": ("uniform", 0, 1)})
    notebook = open_notebook(f"from highnoon_widgets import StudyBrowser\nStudyBrowser({url!r})")
    notebook.run_all()
    study = row(notebook.output(0), "broken")
    reason = study.get_by_title("after 5 failures in a row: all FileNotFoundError")
    expect(reason).to_be_visible()
    inner, outer = reason.bounding_box(), study.bounding_box()
    assert inner is not None
    assert outer is not None
    assert inner["y"] + inner["height"] <= outer["y"] + outer["height"]


def test_studies_are_found_compared_renamed_archived_and_deleted(
    open_notebook: Any, lab: Lab
) -> None:
    first, second = (f"sqlite:///{lab.folder}/{name}.db" for name in ("first", "second"))
    make(first, "alpha", 3.0, 2.0, 1.5)
    make(first, "<b>beta</b>", 2.5, 2.6)
    make(first, "empty")
    make(second, "gamma", 0.5, 0.75, direction="maximize")
    notebook = open_notebook(
        "from highnoon_widgets import StudyBrowser\n"
        f"browser = StudyBrowser({{'team': {first!r}, 'mine': {second!r}}})\nbrowser"
    )
    notebook.run_all()
    page = notebook.page
    browser = notebook.output(0).get_by_test_id("study-browser")
    rows = browser.get_by_test_id("study-row")
    expect(rows).to_have_count(4)
    expect(browser).to_contain_text("4 studies in 2 storages")
    expect(row(browser, "alpha")).to_contain_text("1.5000")
    expect(row(browser, "alpha")).to_contain_text("not running")
    expect(row(browser, "empty")).to_contain_text("no trials yet")
    expect(row(browser, "<b>beta</b>")).to_contain_text("<b>beta</b>")

    browser.get_by_label("Filter by name").fill("A")
    browser.get_by_label("Filter by name").fill("alph")
    expect(rows).to_have_count(1)
    browser.get_by_label("Filter by name").press("Escape")
    expect(rows).to_have_count(4)
    browser.get_by_role("button", name="Study", exact=True).click()
    expect(rows.first).to_have_attribute("data-study", "<b>beta</b>")
    browser.get_by_role("button", name="Study ↑").click()
    expect(rows.first).to_have_attribute("data-study", "empty")

    row(browser, "alpha").get_by_role("checkbox").click()
    row(browser, "<b>beta</b>").focus()
    page.keyboard.press("Space")
    expect(browser).to_contain_text("2 selected")
    browser.get_by_role("button", name="Compare").click()
    expect(browser).to_contain_text("Comparing 2 studies")
    expect(browser).to_contain_text("After 2 completed trials each:")
    expect(browser.locator(".hn-step-plot")).to_have_count(2)
    make(first, "alpha", 1.25)
    expect(browser).to_contain_text("alpha 1.2500 against <b>beta</b> 2.5000")
    browser.get_by_role("button", name="Close").click()
    expect(browser.locator(".hn-step-plot:visible")).to_have_count(0)
    page.keyboard.press("Escape")

    row(browser, "alpha").get_by_role("checkbox").click()
    row(browser, "gamma").get_by_role("checkbox").click()
    browser.get_by_role("button", name="Compare").click()
    expect(browser).to_contain_text("choose studies of one direction")
    row(browser, "gamma").get_by_role("checkbox").click()

    browser.get_by_role("button", name="Rename").click()
    browser.get_by_label("New name of alpha").fill("empty")
    page.keyboard.press("Enter")
    name = browser.get_by_label("New name of alpha")
    expect(row(browser, "alpha")).to_contain_text("A study named 'empty' exists.")
    expect(name).to_be_focused()
    expect(name).to_have_value("empty")
    name.fill("omega")
    page.keyboard.press("Enter")
    expect(browser).to_contain_text("alpha is now omega.")
    assert set(names(first)) == {"omega", "<b>beta</b>", "empty"}

    row(browser, "omega").get_by_role("checkbox").click()
    browser.get_by_role("button", name="Archive", exact=True).click()
    expect(row(browser, "omega")).to_have_count(0)
    assert names(first, archived=True) == ["omega"]
    browser.get_by_role("button", name="Archived 1").click()
    expect(rows).to_have_count(1)
    browser.get_by_role("button", name="Unarchive").click()
    expect(rows).to_have_count(0)
    assert names(first, archived=True) == []
    browser.get_by_role("button", name="All 4").click()

    browser.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete omega?")
    expect(dialog).to_contain_text("4 trials and all that they reported would be gone for good.")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    assert "omega" in names(first)
    browser.get_by_role("button", name="Delete…").click()
    dialog.get_by_role("button", name="Delete omega with 4 trials").click()
    expect(row(browser, "omega")).to_have_count(0)
    assert "omega" not in names(first)

    row(browser, "<b>beta</b>").focus()
    page.keyboard.press("Enter")
    expect(notebook.output(0).get_by_test_id("trial-count")).to_have_attribute("data-trials", "2")
    row(browser, "gamma").get_by_role("button", name="gamma").click()
    expect(notebook.output(0).get_by_role("heading", name="gamma")).to_be_visible()
    expect(notebook.output(0).get_by_test_id("trial-count")).to_have_count(1)
    assert notebook.errors() == []
