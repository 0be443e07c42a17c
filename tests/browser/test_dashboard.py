"""The dashboard of a study in a cell, live and in a saved notebook."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.jupyter import TOKEN, Lab, Notebook
from tests.browser.waiting import soon

CELLS = (
    """
import highnoon as hn

hpo = hn.HPOTrialManager("looked_at", storage="sqlite:///looked_at.db", seed=0)

def objective(params):
    for step in range(5):
        hpo.report(params["x"] ** 2 / (step + 1), step)
    return params["x"] ** 2

hpo.optimize(objective, {"x": ("uniform", -1, 1)}, n_trials=30, show_progress=False)
""",
    "hpo.dashboard()",
)


def test_each_tab_shows_its_parts_and_the_notebook_stays_small(
    open_notebook: Callable[..., Notebook], lab: Lab, context: BrowserContext
) -> None:
    notebook = open_notebook(*CELLS)
    page = notebook.page
    problems = lab.watch(page)
    notebook.run_all()
    output = notebook.output(1)
    expect(output.get_by_test_id("optimization-history").locator(".main-svg").first).to_be_visible()
    expect(output.get_by_role("tab", name="Overview")).to_have_attribute("aria-selected", "true")

    page.set_viewport_size({"width": 1800, "height": 1000})
    details = output.get_by_test_id("trial-details")
    expect(details).to_contain_text("The best trial, as none is selected.")
    expect(details).to_contain_text("rank 1 of 30")
    output.locator("[role=row][data-trial='29'] [col-id=number]").click()
    expect(details).to_contain_text("Trial 29")
    expect(details).not_to_contain_text("none is selected")
    details.get_by_role("button", name="Close the details").click()
    expect(details).to_contain_text("The best trial, as none is selected.")

    output.get_by_role("tab", name="Overview").press("ArrowRight")
    parameters = output.get_by_role("tab", name="Parameters")
    expect(parameters).to_be_focused()
    expect(output.get_by_test_id("optimization-history")).to_be_hidden()
    output.get_by_role("tab", name="Workers").click()
    expect(output.get_by_test_id("control-panel")).to_be_visible()
    output.get_by_role("tab", name="Overview").click()
    expect(output.get_by_test_id("optimization-history")).to_be_visible()

    # The focus is on a tab, whose keys are its own but for those with Ctrl.
    page.keyboard.press("Control+s")
    soon(page, lambda: "data:image/svg+xml" in notebook.path.read_text())
    assert notebook.errors() == []
    assert problems == []
    assert notebook.path.stat().st_size < 300_000

    # Opened again where its kernel is gone, it shows a picture.
    page.close()
    copy = notebook.path.with_name("copied.ipynb")
    copy.write_text(notebook.path.read_text())
    later = context.new_page()
    later.goto(f"{lab.url}/lab/tree/{copy.name}?reset&token={TOKEN}")
    expect(later.get_by_alt_text("Value of each trial and the best so far")).to_be_visible()
