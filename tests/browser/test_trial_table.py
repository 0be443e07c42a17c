"""Every control of the trial table is used in a real page, and its effect seen."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

import highnoon as hn
from highnoon.hpo import attributes
from tests.browser.jupyter import Lab
from tests.browser.waiting import soon
from tests.processes import lines_of

HOSTILE = "<img src=x onerror=alert(1)>"

STUDY = """
import json
from pathlib import Path
import highnoon as hn
from highnoon_widgets import TrialTable

hpo = hn.HPOTrialManager("{name}", storage="sqlite:///{name}.db", pruner="none", seed=1)

def objective(params):
    for step in range(1, 6):
        hpo.report(params["x"] + 1 / step, step, train_loss=params["x"] / step)
    if params["x"] > 0.9:
        raise ValueError("{hostile}")
    return params["x"]

space = {{
    "x": ("uniform", 0, 1),
    "batch_size": ("categorical", [8, 16]),
    "learning_rate": ("log_uniform", 1e-5, 1e-1),
}}
hpo.enqueue({{"x": 0.95, "batch_size": 8, "learning_rate": 1e-3}}, space)
hpo.optimize(objective, space, n_trials=30, show_progress=False)
table = TrialTable(hpo)

def note(change):
    Path("{name}.json").write_text(json.dumps(change["new"]))

table.source.observe(note, "selected")
table
"""
LIVE = """
import time

def slow(params):
    for step in range(1, 1_000_000):
        time.sleep(0.05)
        hpo.report(params["x"], step)
        if hpo.should_prune():
            raise hpo.TrialPruned()

handle = hpo.start(slow, space, n_trials=1)
"""


def manager(lab: Lab, name: str) -> hn.HPOTrialManager:
    return hn.HPOTrialManager(name, storage=f"sqlite:///{lab.folder}/{name}.db")


def numbers(table: Locator) -> list[int]:
    """Numbers of the rows from top to bottom."""
    rows = table.locator("[role=row][data-trial]")
    found = rows.evaluate_all("rows => rows.map(row => [+row.ariaRowIndex, +row.dataset.trial])")
    return [number for _, number in sorted(found)]


def test_trials_are_filtered_sorted_selected_and_read(open_notebook: Any, lab: Lab) -> None:
    notebook = open_notebook(STUDY.format(name="table", hostile=HOSTILE))
    page: Page = notebook.page
    notebook.run_all()
    table = notebook.output(0).get_by_test_id("trial-table")
    details = notebook.output(0).get_by_test_id("trial-details")
    row = lambda number: table.locator(f"[data-trial='{number}']")  # noqa: E731
    expect(row(29)).to_be_visible()
    hpo = manager(lab, "table")
    best = hpo.best_trial.number
    soon(page, lambda: numbers(table)[:3] == [29, 28, 27])

    # Filters: words, expressions, words that are unknown, no match, chips.
    line = table.get_by_role("searchbox")
    line.fill("value < 0.5 and batch_size == 16")
    hits = [
        t.number
        for t in reversed(hpo.trials)
        if t.values and t.values[0] < 0.5 and t.params["batch_size"] == 16
    ]
    expect(table).to_contain_text(f"{len(hits)} of 30 trials")
    soon(page, lambda: (shown := numbers(table)) and shown == hits[: len(shown)])
    line.fill("value < 0.5 and batchsize == 16")
    expect(table).to_contain_text("No parameter “batchsize”. Did you mean batch_size?")
    table.get_by_role("button", name="batch_size").click()
    expect(line).to_have_value("value < 0.5 and batch_size == 16")
    expect(table).to_contain_text(f"{len(hits)} of 30 trials")
    line.fill("state == 'prunned' or value < 0.1")
    expect(table).to_contain_text("No state “prunned”. Did you mean pruned?")
    table.locator(".hn-filter-message").get_by_role("button", name="pruned").click()
    expect(line).to_have_value('state == "pruned" or value < 0.1')
    expect(table).not_to_contain_text("No state")
    line.fill("value < -1")
    expect(table).to_contain_text("0 of 30 trials. Clear")
    table.get_by_role("button", name="Clear").click()
    expect(row(29)).to_be_visible()
    table.get_by_role("button", name="failed").click()
    expect(row(0)).to_be_visible()
    expect(row(29)).to_have_count(0)
    table.get_by_role("button", name="failed").click()
    expect(row(29)).to_be_visible()

    # Sorting, by keyboard as well: the best comes first.
    header = table.get_by_role("columnheader", name="Value")
    header.click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(row(best)).to_be_visible()
    soon(page, lambda: numbers(table)[:1] == [best])
    header.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")
    header.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")

    # Columns.
    menu = table.get_by_role("button", name="Columns:")
    before = menu.inner_text()
    menu.click()
    table.get_by_role("checkbox", name="Worker").uncheck()
    expect(table.get_by_role("columnheader", name="Worker")).to_have_count(0)
    table.get_by_role("button", name="As many as fit").click()
    expect(menu).to_have_text(before)
    page.keyboard.press("Escape")

    # Selection by keys and by clicks, in the page and in Python.
    row(best).click()
    expect(row(best)).to_have_attribute("aria-selected", "true")
    expect(details).to_contain_text(f"Trial {best}")
    expect(details).to_contain_text("the best · rank 1 of")
    page.keyboard.press("ArrowDown")
    second = sorted((t for t in hpo.trials if t.values), key=lambda t: t.values[0])[1].number
    page.keyboard.press("Space")
    expect(row(second)).to_have_attribute("aria-selected", "true")
    expect(table).to_contain_text("2 selected")
    page.keyboard.press("Escape")
    expect(table).not_to_contain_text("selected")
    page.keyboard.press("Enter")
    expect(details).to_contain_text("rank 2 of")
    expect(details.get_by_role("heading")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(line).to_be_focused()
    soon(page, lambda: lines_of(lab.folder / "table.json") == [json.dumps([second])])
    assert page.locator(".jp-CodeCell").count() == 1


def test_a_trial_is_read_noted_stopped_and_queued_again(open_notebook: Any, lab: Lab) -> None:
    notebook = open_notebook(
        STUDY.format(name="deeds", hostile=HOSTILE), LIVE, "table.selected = [0]"
    )
    page: Page = notebook.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    notebook.run_all()
    table = notebook.output(0).get_by_test_id("trial-table")
    details = notebook.output(0).get_by_test_id("trial-details")

    # Python selects; what failed says why, and text stays text.
    expect(details).to_contain_text("Trial 0")
    expect(details).to_contain_text(f"ValueError: {HOSTILE}")
    expect(details).to_contain_text("hidden")
    expect(details).to_contain_text("train_loss")
    details.get_by_role("button", name="Show").first.click()
    expect(details).to_contain_text("highnoon/hpo")
    assert dialogs == []

    # A note.
    expect(table).to_contain_text("31, newest first")  # one runs
    hpo = manager(lab, "deeds")
    area = details.get_by_role("textbox", name="Note")
    area.fill(f"why? {HOSTILE}")
    area.press("Control+Enter")
    expect(details).to_contain_text("Kept with the study.")
    assert hpo.study.user_attrs[f"{attributes.NOTE}0"] == f"why? {HOSTILE}"

    # Enqueue again.
    details.get_by_role("button", name="Enqueue again").click()
    expect(details).to_contain_text("is queued. The next free worker takes it.")
    again = hpo.trials[-1]
    assert again.system_attrs["fixed_params"] == hpo.trials[0].params
    grid = table.locator(".ag-grid-viewport")
    expect(table).to_contain_text(f"{again.number + 1}, newest first")
    # The row comes a moment after the count.
    page.wait_for_function(
        "([grid, row]) => { grid.scrollTo(0, 0); return grid.querySelector(row); }",
        arg=[grid.element_handle(), f"[data-trial='{again.number}']"],
    )
    expect(table.locator(f"[data-trial='{again.number}']")).to_contain_text("queued")

    # Enqueue with changes: the form has the trial's parameters.
    details.get_by_role("button", name="Enqueue with changes…").click()
    form = page.get_by_role("dialog")
    expect(form).to_contain_text("filled from trial 0")
    expect(form.get_by_role("textbox", name="x", exact=True)).to_have_value("0.95")
    form.get_by_role("button", name="Close").click()

    # Copy.
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    details.get_by_role("button", name="Copy", exact=True).click()
    expect(details).to_contain_text("Python code is on the clipboard.")
    copied = page.evaluate("navigator.clipboard.readText()")
    seen: list[dict[str, Any]] = []
    exec(copied, {"objective": seen.append})
    assert seen == [hpo.trials[0].params]

    # Stop the running one.
    running = table.locator("[data-trial='30']")
    expect(running).to_contain_text("running")
    running.click()
    details.get_by_role("button", name="Stop…").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("is not tried again")
    question.get_by_role("button", name="Stop trial 30").click()
    expect(running).to_contain_text("pruned")
    assert attributes.STOPPED in hpo.trials[30].user_attrs
    expect(details).to_contain_text("it counts as pruned")

    # What one looks at stays where it is while trials arrive above it.
    count = len(hpo.trials)
    grid.evaluate("grid => grid.scrollTo(0, 10 * 28)")
    looked_at = table.locator("[data-trial='15']")
    expect(looked_at).to_be_in_viewport()
    before = looked_at.bounding_box()
    hpo.study.add_trials([hpo.trials[1], hpo.trials[2]])
    expect(table).to_contain_text(f"{count + 2}, newest first")
    soon(page, lambda: grid.evaluate("grid => grid.scrollTop") == 12 * 28)
    soon(page, lambda: looked_at.bounding_box() == before)
    expect(running).to_have_attribute("aria-selected", "true")
    assert dialogs == []
