"""A study's widgets follow it while it runs."""

import os
from collections.abc import Callable

from playwright.sync_api import expect

from highnoon.hpo.reader import StudyReader
from tests.browser.jupyter import Lab, Notebook
from tests.browser.seen import BOUND, delays, slowdown, watch
from tests.browser.waiting import soon

OPEN = """
import time
import highnoon as hn
from highnoon_widgets import LearningCurves, StudyHeader, TrialTable

hpo = hn.HPOTrialManager("live", storage="sqlite:///{name}.db", pruner="none")

def objective(params):
    for step in range(4):
        time.sleep(0.05)
        hpo.report(1 + step % 2 + params["x"], step, at=time.time())
    return params["x"]

space = {{"x": ("uniform", 0, 1)}}
hpo.optimize(objective, space, n_trials=2, show_progress=False)
display({shown})
"""
DRAWN = "StudyHeader(hpo), LearningCurves(hpo), TrialTable(hpo, rows=6)"


def test_a_study_in_the_background_is_on_the_screen_at_once(
    open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    notebook = open_notebook(
        OPEN.format(name="background", shown=DRAWN),
        "handle = hpo.start(objective, space, n_trials=30)",
    )
    run_and_watch(notebook)
    load = slowdown()
    counts = notebook.output(0).get_by_test_id("trial-count")
    expect(counts).to_have_attribute("data-trials", "32")
    expect(counts).to_contain_text("32completed")
    waits = delays(notebook.page, StudyReader.open("live", f"sqlite:///{lab.folder}/background.db"))
    assert max(waits.values()) < BOUND * load, (waits, load)
    assert notebook.errors() == []


MUCH = """() => {
    const {rows, reports} = window.seen;
    return Object.keys(rows).length > 12 && Object.keys(reports).length > 28;
}"""


def test_trials_are_on_the_screen_at_once_while_optimize_keeps_the_kernel_busy(
    open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    notebook = open_notebook(
        OPEN.format(name="blocking", shown=DRAWN),
        "hpo.optimize(objective, space, n_trials=2000, show_progress=False)",
    )
    run_and_watch(notebook)
    load = slowdown()
    notebook.page.wait_for_function(MUCH)
    waits = delays(notebook.page, StudyReader.open("live", f"sqlite:///{lab.folder}/blocking.db"))
    assert max(waits.values()) < BOUND * load, (waits, load)
    assert notebook.prompt(1).inner_text() == "[*]:"


def run_and_watch(notebook: Notebook) -> None:
    """Draw what there is, and then run more trials, each of which is watched for."""
    notebook.run(0)
    output = notebook.output(0)
    expect(output.locator("[role=row][data-trial]").first).to_be_visible()
    expect(output.get_by_test_id("learning-curves").locator("path.js-line").first).to_be_attached()
    watch(notebook.page)
    notebook.run(1)


def test_a_page_that_is_loaded_again_while_trials_arrive_misses_none(
    open_notebook: Callable[..., Notebook],
) -> None:
    notebook = open_notebook(
        OPEN.format(name="reloaded", shown="StudyHeader(hpo)"),
        "handle = hpo.start(objective, space, n_trials=60)",
        name="reloaded",
    )
    notebook.run_all()
    counts = notebook.output(0).get_by_test_id("trial-count")
    expect(counts).to_contain_text("running")
    notebook.save()
    soon(notebook.page, lambda: "widget-view+json" in notebook.path.read_text())
    notebook.page.on("dialog", lambda dialog: dialog.accept())  # what came since is not saved
    for _ in range(2):
        notebook.page.reload()
        expect(counts).to_contain_text("completed")
    expect(counts).to_contain_text("62completed")
    expect(counts).to_have_attribute("data-trials", "62")


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
