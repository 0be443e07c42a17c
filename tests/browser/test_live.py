"""A study's widgets follow it while it runs."""

import os
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


def test_a_page_that_is_loaded_again_while_trials_arrive_misses_none(
    open_notebook: Callable[..., Notebook],
) -> None:
    notebook = open_notebook(
        OPEN.format(name="reloaded"),
        "handle = hpo.start(objective, space, n_trials=150)",
        name="reloaded",
    )
    notebook.run_all()
    counts = notebook.output(0).get_by_test_id("trial-count")
    expect(counts).to_contain_text("running")
    notebook.page.keyboard.press("Control+s")
    expect(notebook.page.locator(".jp-mod-dirty")).to_have_count(0)
    for _ in range(2):
        notebook.page.reload()
        expect(counts).to_contain_text("completed")
    expect(counts).to_contain_text("150completed")
    expect(counts).to_have_attribute("data-trials", "150")


MANY = """
import threading, time
import ipywidgets
import optuna
from highnoon_widgets import StudyHeader

TRIALS = 20
studies = [optuna.create_study(study_name=f"study {i}") for i in range(STUDIES)]

def add():
    for number in range(TRIALS):
        for study in studies:
            study.add_trial(optuna.create_trial(value=float(number)))
        time.sleep(0.05)

threading.Thread(target=add).start()
ipywidgets.VBox([StudyHeader(study) for study in studies])
"""


def test_trials_that_arrive_while_a_page_connects_are_not_lost(
    open_notebook: Callable[..., Notebook],
) -> None:
    """Each study's first trials arrive before, while and after the page takes it up."""
    studies = int(os.environ.get("HIGHNOON_TEST_CONNECTIONS", "20"))
    notebook = open_notebook(MANY.replace("STUDIES", str(studies)))
    notebook.run_all()
    counts = notebook.output(0).get_by_test_id("trial-count")
    expect(counts).to_have_count(studies)
    expect(notebook.output(0).locator("[data-trials='20']")).to_have_count(studies)
