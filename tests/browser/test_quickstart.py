"""The first notebook that a user opens, in JupyterLab."""

import shutil
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.browser.jupyter import Lab

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_the_quickstart_shows_a_picture_and_runs_without_an_error(
    lab: Lab, context: BrowserContext
) -> None:
    page = context.new_page()
    problems = lab.watch(page)
    notebook = lab.show(page, Path(shutil.copy(QUICKSTART, lab.folder)))
    picture = page.get_by_alt_text("Value of each trial and the best so far")
    expect(picture).to_be_visible()
    last = page.locator(".jp-CodeCell").count() - 1
    notebook.run_all()
    expect(notebook.prompt(last)).to_have_text("[*]:")
    expect(notebook.prompt(last)).to_have_text(f"[{last + 1}]:", timeout=60_000)
    expect(notebook.output(last)).to_contain_text("tuned: 27 of 797 misread")
    dashboard = page.locator(".hn-dashboard")
    expect(dashboard.get_by_test_id("trial-count")).to_have_attribute("data-trials", "50")
    history = dashboard.get_by_test_id("optimization-history")
    history.scroll_into_view_if_needed()
    expect(history.locator(".main-svg").first).to_be_visible()
    expect(picture).to_be_hidden()
    assert notebook.errors() == []
    assert problems == []
