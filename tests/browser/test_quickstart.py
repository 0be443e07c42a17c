"""The first notebook that a user opens, in JupyterLab."""

from pathlib import Path

import nbformat
from playwright.sync_api import BrowserContext, expect

from tests.browser.jupyter import Lab

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_the_quickstart_shows_a_picture_and_runs_without_an_error(
    lab: Lab, context: BrowserContext
) -> None:
    page = context.new_page()
    problems = lab.watch(page)
    kept = nbformat.read(QUICKSTART, as_version=4)
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    for cell in code:
        cell.execution_count = None
    path = lab.folder / QUICKSTART.name
    nbformat.write(kept, path)
    notebook = lab.show(page, path)
    picture = page.get_by_alt_text("Value of each trial and the best so far")
    expect(picture).to_be_visible()
    notebook.run_all()
    last = len(code) - 1
    expect(notebook.prompt(last)).to_have_text(f"[{last + 1}]:")
    expect(notebook.output(last)).to_contain_text("tuned: 27 of 797 misread")
    dashboard = page.locator(".hn-dashboard")
    expect(dashboard.get_by_test_id("trial-count")).to_have_attribute("data-trials", "50")
    history = dashboard.get_by_test_id("optimization-history")
    history.scroll_into_view_if_needed()
    expect(history.locator(".main-svg").first).to_be_visible()
    expect(picture).to_be_hidden()
    assert notebook.errors() == []
    assert problems == []
