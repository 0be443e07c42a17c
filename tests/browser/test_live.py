"""A study's widgets follow it while it runs."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.jupyter import Notebook

OPEN = """
import time
import highnoon as hn
from highnoon_widgets import StudyHeader

hpo = hn.HPOTrialManager("live", storage="sqlite:///{name}.db")

def objective(params):
    time.sleep(0.1)
    return params["x"]

space = {{"x": ("uniform", 0, 1)}}
StudyHeader(hpo)
"""


def test_a_study_in_the_background_grows(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook(
        OPEN.format(name="background"), "handle = hpo.start(objective, space, n_trials=20)"
    )
    notebook.run_all()
    counts = notebook.output(0).get_by_test_id("trial-count")
    expect(counts).to_have_attribute("data-trials", "20")
    expect(counts).to_contain_text("20completed")
    assert notebook.errors() == []


def test_trials_arrive_while_optimize_keeps_the_kernel_busy(
    open_notebook: Callable[..., Notebook],
) -> None:
    notebook = open_notebook(
        OPEN.format(name="blocking"),
        "hpo.optimize(objective, space, n_trials=600, show_progress=False)",
    )
    notebook.run_all()
    counts = notebook.output(0).get_by_test_id("trial-count")
    expect(counts).to_contain_text("running")
    expect(notebook.prompt(1)).to_have_text("[*]:")
    seen = int(counts.get_attribute("data-trials") or 0)
    notebook.page.wait_for_timeout(1500)
    assert int(counts.get_attribute("data-trials") or 0) > seen
    expect(notebook.prompt(1)).to_have_text("[*]:")
