"""Importance and the plots of parameters, in a real JupyterLab."""

import importlib.util
from typing import Any

from playwright.sync_api import expect

STUDY = """
import highnoon as hn
from highnoon_widgets import ImportanceChart

hpo = hn.HPOTrialManager("parameters", storage="sqlite:///{name}.db", sampler="random", seed=3)
space = {{
    "rate": ("log_uniform", 1e-5, 1e-1),
    "depth": ("int", 1, 8),
    "kind": ("categorical", ["a", None, 3]),
}}

def objective(params):
    return (params["depth"] - 3) ** 2 + params["rate"]

ImportanceChart(hpo)
"""
RUN = "hpo.optimize(objective, space, n_trials={n}, show_progress=False)"


def test_importance_is_shown_from_ten_completed_trials_on(open_notebook: Any) -> None:
    notebook = open_notebook(
        STUDY.format(name="importance"), RUN.format(n="60 if hpo.trials else 9")
    )
    notebook.run_all()
    chart = notebook.output(0).get_by_test_id("importance")
    expect(chart).to_contain_text("9 of 10 completed trials")
    expect(chart.get_by_role("listitem")).to_have_count(0)

    notebook.page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+Enter")
    expect(chart).to_contain_text("PED-ANOVA over 69 completed trials. Line: 80 % of 200 resamples")
    rows = chart.get_by_role("listitem")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("depth")

    chart.get_by_role("button", name="Compute fANOVA").click()
    if importlib.util.find_spec("sklearn") is None:
        expect(chart.get_by_role("alert")).to_contain_text("pip install scikit-learn")
        return
    expect(chart).to_contain_text(
        "fANOVA over 69 completed trials. Line: 80 % of 20 resamples", timeout=120_000
    )
    chart.get_by_role("button", name="Show PED-ANOVA").click()
    expect(chart).to_contain_text("PED-ANOVA over 69 completed trials")
    chart.get_by_role("button", name="Show fANOVA").click()
    expect(chart).to_contain_text("fANOVA over 69 completed trials. Line")
    assert notebook.errors() == []


def test_importance_arrives_while_optimize_keeps_the_kernel_busy(open_notebook: Any) -> None:
    notebook = open_notebook(
        STUDY.format(name="busy"),
        "import time\n" + RUN.format(n=20) + "\nwhile True:\n    time.sleep(0.1)",
    )
    notebook.run_all()
    chart = notebook.output(0).get_by_test_id("importance")
    expect(chart).to_contain_text("PED-ANOVA over 20 completed trials")
    expect(notebook.page.locator(".jp-InputPrompt").nth(1)).to_have_text("[*]:")
