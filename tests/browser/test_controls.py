"""Every control of a study is used in a real page, and its effect seen in the storage."""

import csv
import json
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import expect

from highnoon.hpo.reader import StudyReader
from highnoon.hpo.run.control import StudyControl
from tests.browser.jupyter import Lab
from tests.browser.waiting import soon

STUDY = """
import time
import highnoon as hn
from highnoon_widgets import {widgets}

hpo = hn.HPOTrialManager("{name}", storage="sqlite:///{name}.db", pruner="none")

def objective(params):
    for step in range(1_000_000):
        time.sleep(0.05)
        hpo.report(params["x"] + 1 / (step + 1), step)
        if hpo.should_prune():
            raise hpo.TrialPruned()

handle = hpo.start(objective, {{"x": ("uniform", 0, 1)}}, n_trials=50)
"""


def study(name: str, *widgets: str) -> str:
    return STUDY.format(name=name, widgets=", ".join(widgets))


def test_the_control_panel_orders_the_study(open_notebook: Any, lab: Lab) -> None:
    notebook = open_notebook(study("ordered", "ControlPanel"), "ControlPanel(hpo)")
    notebook.run_all()
    page = notebook.page
    panel = notebook.output(1).get_by_test_id("control-panel")
    expect(panel.get_by_label("Running trial")).to_contain_text("Trial 0")
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
        study("busy", "ControlPanel"),
        "ControlPanel(hpo)",
        "from pathlib import Path\n"
        "print('at work')\n"
        "while not Path('busy.done').exists(): time.sleep(0.05)\n"
        "handle.stop(now=True)",
    )
    notebook.run_all()
    panel = notebook.output(1).get_by_test_id("control-panel")
    expect(panel.get_by_label("Running trial")).to_contain_text("Trial 0")
    expect(notebook.output(2)).to_contain_text("at work")
    before = panel.bounding_box()
    panel.get_by_role("button", name="Pause").click()
    expect(panel.get_by_text("optimize is running in this kernel.")).to_be_visible()
    assert panel.bounding_box() == before
    (lab.folder / "busy.done").touch()
    expect(panel).to_contain_text("Paused by ")
    expect(panel).not_to_contain_text("is running in this kernel.")


FINISHED = """
import highnoon as hn
from highnoon.hpo.space import SearchSpace
from highnoon_widgets import EnqueuePanel, ExportPanel, StudyHeader

hpo = hn.HPOTrialManager("=cmd|x", storage="sqlite:///finished.db")
space = SearchSpace.parse({
    "learning_rate": ("log_uniform", 1e-5, 1e-2),
    "embedding_dim": ("int", 256, 1024, 128),
    "optimizer": ("categorical", ["=SUM(A1)", "sgd"]),
    "momentum": hn.when(("uniform", 0.0, 0.99), optimizer="sgd"),
    "warmup_steps": ("int", 0, 2000, 500),
}, constraints=["warmup_steps <= embedding_dim * 2"])
hpo.enqueue(
    {"learning_rate": 1.3316878711573004e-05, "embedding_dim": 640, "optimizer": "=SUM(A1)",
     "warmup_steps": 500}, space)
hpo.optimize(lambda p: p["learning_rate"] * 1e5, space, n_trials=1, show_progress=False)
"""


def test_a_configuration_is_queued_from_the_form(open_notebook: Any, lab: Lab) -> None:
    notebook = open_notebook(FINISHED, "EnqueuePanel(hpo)", "StudyHeader(hpo)")
    notebook.run_all()
    page = notebook.page
    form = notebook.output(1).get_by_test_id("enqueue-panel")
    expect(form).to_contain_text("filled from trial 0")
    rate, dim = form.get_by_label("learning_rate"), form.get_by_label("embedding_dim")
    expect(rate).to_have_value("1.33e-5")
    expect(form.get_by_label("momentum")).to_be_hidden()
    expect(form).to_contain_text("1e-5 to 1e-2, log")

    dim.fill("700")
    expect(form).to_contain_text("must be 640 or 768")
    send = form.get_by_role("button", name="Enqueue trial")
    send.click()
    expect(dim).to_be_focused()
    dim.fill("768")
    expect(form).to_contain_text("changed, was 640")
    form.get_by_role("button", name="sgd").click()
    form.get_by_label("momentum").fill("0.9")
    send.click()
    expect(form).to_contain_text("Trial 1 is queued. The next run of the study takes it.")

    reader = StudyReader.open("=cmd|x", f"sqlite:///{lab.folder}/finished.db")
    assert reader.trials[1].state.name == "WAITING"
    assert reader.trials[1].system_attrs["fixed_params"] == {
        "learning_rate": 1.3316878711573004e-05,
        "embedding_dim": 768,
        "optimizer": "sgd",
        "momentum": 0.9,
        "warmup_steps": 500,
    }

    form.get_by_role("button", name="Empty").click()
    dim.fill("256")
    form.get_by_label("warmup_steps").fill("2000")
    send.press("Enter")
    expect(form).to_contain_text("violates warmup_steps <= embedding_dim * 2")
    form.get_by_label("warmup_steps").fill("")
    send.press("Enter")
    expect(form).to_contain_text("Trial 2 is queued.")
    assert reader.trials[2].system_attrs["fixed_params"] == {"embedding_dim": 256}

    notebook.output(1).evaluate("element => element.closest('.jp-Cell').style.display = 'none'")
    notebook.output(2).get_by_role("button", name="Enqueue…").click()
    dialog = page.get_by_role("dialog", name="Enqueue a trial of =cmd|x")
    dialog.get_by_role("button", name="Enqueue trial").click()
    expect(dialog).to_contain_text("Trial 3 is queued.")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert len(reader.trials) == 4
    assert notebook.errors() == []


def test_downloads_hold_what_the_study_holds(open_notebook: Any, lab: Lab) -> None:
    notebook = open_notebook(FINISHED.replace("finished.db", "exported.db"), "ExportPanel(hpo)")
    notebook.run_all()
    panel = notebook.output(1).get_by_test_id("export-panel")
    text = panel.get_by_label("Best configuration")
    expect(text).to_contain_text("best_params = {")
    reader = StudyReader.open("=cmd|x", f"sqlite:///{lab.folder}/exported.db")
    best = {
        "study": "=cmd|x",
        "direction": "minimize",
        "trial": 0,
        "value": reader.best_value,
        "params": reader.best_params,
    }

    cell: dict[str, Any] = {}
    exec(text.inner_text(), cell)
    assert cell["best_params"] == reader.best_params
    panel.get_by_role("button", name="JSON", exact=True).click()
    assert json.loads(text.inner_text()) == best
    panel.get_by_role("button", name="YAML", exact=True).click()
    assert yaml.safe_load(text.inner_text()) == best
    panel.get_by_role("button", name="Copy").click()
    expect(panel).to_contain_text("Copied.")

    def downloaded(test_id: str) -> tuple[str, str]:
        with notebook.page.expect_download() as waiting:
            panel.get_by_test_id(test_id).click()
        download = waiting.value
        return download.suggested_filename, Path(download.path()).read_text("utf-8-sig")

    name, content = downloaded("download-best-json")
    assert name == "cmd-x-best.json"
    assert json.loads(content) == best
    name, content = downloaded("download-best-yaml")
    assert name == "cmd-x-best.yaml"
    assert yaml.safe_load(content) == best
    name, content = downloaded("download-trials-csv")
    assert name == "cmd-x-trials.csv"
    rows = list(csv.DictReader(content.splitlines()))
    assert [row["number"] for row in rows] == ["0"]
    assert rows[0]["params_optimizer"] == "'=SUM(A1)"
    assert float(rows[0]["params_learning_rate"]) == 1.3316878711573004e-05
    expect(panel).to_contain_text("Saved as cmd-x-trials.csv.")
