"""Importance and the plots of parameters, in a real JupyterLab."""

import importlib.util
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

import highnoon as hn
from highnoon.hpo.reader import StudyReader

STUDY = """
import highnoon as hn
from highnoon_widgets import {widget}

hpo = hn.HPOTrialManager("parameters", storage="sqlite:///{name}.db", sampler="random", seed=3)
space = {{
    "rate": ("log_uniform", 1e-5, 1e-1),
    "depth": ("int", 1, 8),
    "kind": ("categorical", ["a", None, 3]),
}}

def objective(params):
    return (params["depth"] - 3) ** 2 + params["rate"]

widget = {widget}(hpo)
widget
"""
RUN = "hpo.optimize(objective, space, n_trials={n}, show_progress=False)"


def test_importance_is_shown_from_ten_completed_trials_on(open_notebook: Any) -> None:
    notebook = open_notebook(
        STUDY.format(widget="ImportanceChart", name="importance"),
        RUN.format(n="60 if hpo.trials else 9"),
    )
    notebook.run_all()
    chart = notebook.output(0).get_by_test_id("importance")
    expect(chart).to_contain_text("9 of 10 completed trials")
    expect(chart.get_by_role("listitem")).to_have_count(0)

    notebook.run(1)
    expect(chart).to_contain_text("PED-ANOVA over 69 completed trials. Line: 80 % of 200 resamples")
    rows = chart.get_by_role("listitem")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("depth")

    chart.get_by_role("button", name="Compute fANOVA").click()
    if importlib.util.find_spec("sklearn") is None:
        expect(chart.get_by_role("alert")).to_contain_text("pip install scikit-learn")
        return
    expect(chart).to_contain_text("fANOVA over 69 completed trials. Line: 80 % of 20 resamples")
    chart.get_by_role("button", name="Show PED-ANOVA").click()
    expect(chart).to_contain_text("PED-ANOVA over 69 completed trials")
    chart.get_by_role("button", name="Show fANOVA").click()
    expect(chart).to_contain_text("fANOVA over 69 completed trials. Line")
    assert notebook.errors() == []


def test_importance_arrives_while_optimize_keeps_the_kernel_busy(open_notebook: Any) -> None:
    notebook = open_notebook(
        STUDY.format(widget="ImportanceChart", name="busy"),
        "import time\n" + RUN.format(n=20) + "\nwhile True:\n    time.sleep(0.1)",
    )
    notebook.run_all()
    chart = notebook.output(0).get_by_test_id("importance")
    expect(chart).to_contain_text("PED-ANOVA over 20 completed trials")
    expect(notebook.page.locator(".jp-InputPrompt").nth(1)).to_have_text("[*]:")


def test_parameters_are_seen_in_four_ways_and_a_region_is_forked(open_notebook: Any) -> None:
    notebook = open_notebook(
        STUDY.format(widget="ParameterPlots", name="plots"),
        RUN.format(n=40),
        "print(widget.kind, widget.x, widget.y, len(widget.selected), sorted(widget.selected))",
    )
    page = notebook.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook.run_all()
    plots = notebook.output(0).get_by_test_id("parameter-plots")
    figure = plots.locator(".hn-plot-figure")
    expect(figure).to_have_attribute("aria-label", "value of 40 trials against depth, rate, kind.")
    expect(plots).to_contain_text("by importance; one shared value axis")
    expect(plots).to_contain_text("range of the 10 best")
    expect(plots).to_contain_text("The 10 best span a third or less of depth")

    for kind, label in (
        ("Contour", "Best value of 40 completed trials over depth and rate."),
        ("Rank", "Ranks by value of 40 completed trials over depth and rate."),
        ("Parallel", "40 completed trials as lines over depth, rate, kind, value."),
    ):
        plots.get_by_role("button", name=kind).click()
        expect(figure).to_have_attribute("aria-label", re.compile(re.escape(label)))
    plots.get_by_role("button", name="Contour").click()
    plots.get_by_label("Parameter along y").select_option("kind")
    expect(figure).to_have_attribute("aria-label", re.compile("over depth and kind"))
    plots.get_by_role("button", name="Swap").click()
    expect(figure).to_have_attribute("aria-label", re.compile("over kind and depth"))
    notebook.run_until(2, "^contour kind depth 0 ")

    plots.get_by_role("button", name="Slice").click()
    expect(figure).to_have_attribute("aria-label", re.compile("against"))
    drag_over(figure, page)
    expect(plots).to_contain_text(re.compile(r"The \d+ selected span"))
    marked = re.search(r"The (\d+) selected span", plots.inner_text())
    assert marked is not None
    assert int(marked[1]) >= 2
    chosen = notebook.run_until(2, rf"^slice .* {marked[1]} \[(.*)\]")

    plots.get_by_role("button", name="Fork with the narrowed space…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("pre")).to_contain_text("hpo.fork(")
    name = dialog.get_by_label("Name of the new study")
    expect(name).to_have_value("parameters_narrowed")
    name.fill("smaller")
    name.press("Tab")
    expect(dialog.locator("pre")).to_contain_text('"smaller"')
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog).to_contain_text("The code is on the clipboard.")
    code = page.evaluate("navigator.clipboard.readText()")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert notebook.errors() == []

    storage = f"sqlite:///{notebook.path.parent / 'plots.db'}"
    hpo = hn.HPOTrialManager("parameters", storage=storage)
    exec(code, {"hpo": hpo})
    forked = StudyReader.open("smaller", storage)
    numbers = [int(text) for text in chosen[1].split(",")]
    values = {hpo.trials[number].value for number in numbers}
    assert values <= {trial.value for trial in forked.trials}
    assert len(forked.trials) < 40


def drag_over(figure: Locator, page: Page) -> None:
    """Drag a region over the left half of the first slice."""
    box = figure.bounding_box()
    assert box is not None
    x, y = box["x"] + 44, box["y"] + 22
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 50, steps=4)
    page.mouse.move(x + 120, y + 108, steps=4)
    page.mouse.up()
