"""Every control of a study is used in a real page, and its effect seen in the storage."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from highnoon.hpo.reader import StudyReader
from highnoon.hpo.run.control import StudyControl
from tests.browser.conftest import Lab

STUDY = """
import time
import highnoon as hn
from highnoon_widgets import {widgets}

hpo = hn.HPOTrialManager("{name}", storage="sqlite:///{name}.db", pruner="none")

def objective(params):
    for step in range(1000):
        time.sleep(0.05)
        hpo.report(params["x"] + 1 / (step + 1), step)
        if hpo.should_prune():
            raise hpo.TrialPruned()
    return params["x"]

handle = hpo.start(objective, {{"x": ("uniform", 0, 1)}}, n_trials=50)
"""


def study(name: str, *widgets: str) -> str:
    return STUDY.format(name=name, widgets=", ".join(widgets))


def soon(page: Any, holds: Callable[[], bool]) -> None:
    """Wait until it holds, in the storage, which no page event tells of."""
    for _ in range(300):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to hold")


def test_the_control_panel_orders_the_study(open_notebook: Any, lab: Lab) -> None:
    notebook = open_notebook(study("ordered", "ControlPanel"), "ControlPanel(hpo)")
    notebook.run_all()
    page = notebook.page
    panel = notebook.output(1).get_by_test_id("control-panel")
    expect(panel).to_contain_text("Running")
    url = f"sqlite:///{lab.folder}/ordered.db"
    control = StudyControl("ordered", url)

    panel.get_by_role("button", name="Pause").click()
    expect(panel).to_contain_text("Running trials finish.")
    paused = control.flags.paused
    assert paused is not None
    expect(panel).to_contain_text(f"Paused by {paused.by} at ")

    panel.get_by_role("button", name="Resume").click()
    expect(panel).to_contain_text("Trials start again.")
    assert control.flags.paused is None

    expect(panel.get_by_label("Running trial")).to_contain_text("Trial 0")
    panel.get_by_role("button", name="Stop trial").click()
    expect(panel).to_contain_text("Trial 0 ends at its next report and counts as pruned.")
    assert 0 in control.flags.stopped_trials
    expect(panel.get_by_label("Running trial")).to_contain_text("Trial 1")
    assert StudyReader.open("ordered", url).trials[0].state.name == "PRUNED"

    panel.get_by_role("button", name="Stop…").click()
    dialog = page.get_by_role("dialog", name="Stop ordered?")
    expect(dialog).to_contain_text("1 trial is running on 1 worker.")
    safe = dialog.get_by_role("button", name="Stop after the running trial")
    expect(safe).to_be_focused()
    dialog.get_by_role("button", name="Keep running").click()
    expect(dialog).to_have_count(0)
    assert control.flags.stop is None

    panel.get_by_role("button", name="Stop…").press("Enter")
    dialog.get_by_role("button", name="Stop now, give up 1 trial").click()
    expect(panel).to_contain_text("Stopped by ")
    assert control.flags.stop is not None
    assert control.flags.stop.immediate
    expect(panel).to_contain_text("No trial is running.")
    assert notebook.errors() == []


def test_the_header_has_the_same_buttons_unless_told_not_to(open_notebook: Any, lab: Lab) -> None:
    notebook = open_notebook(
        study("headed", "StudyHeader"), "StudyHeader(hpo)", "StudyHeader(hpo, controls=False)"
    )
    notebook.run_all()
    header, bare = notebook.output(1), notebook.output(2)
    expect(bare.get_by_test_id("trial-count")).to_contain_text("1running")
    expect(bare.get_by_role("button", name="Pause")).to_have_count(0)
    control = StudyControl("headed", f"sqlite:///{lab.folder}/headed.db")

    header.get_by_role("button", name="Pause").click()
    expect(header).to_contain_text("Paused by ")
    assert control.flags.paused is not None

    header.get_by_role("button", name="Stop…").click()
    notebook.page.get_by_role("button", name="Stop after the running trial").click()
    soon(notebook.page, lambda: control.flags.stop is not None)
    assert control.flags.stop is not None
    assert not control.flags.stop.immediate


def test_a_kernel_at_work_is_said_while_a_button_waits(open_notebook: Any, lab: Lab) -> None:
    notebook = open_notebook(
        study("busy", "ControlPanel"), "ControlPanel(hpo)", "time.sleep(8); handle.stop(now=True)"
    )
    notebook.run_all()
    panel = notebook.output(1).get_by_test_id("control-panel")
    panel.get_by_role("button", name="Pause").click()
    expect(panel).to_contain_text("optimize is running in this kernel.")
    expect(panel).to_contain_text("Paused by ")
    expect(panel).not_to_contain_text("is running in this kernel.")
