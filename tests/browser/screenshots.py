"""Pictures of the dashboard in JupyterLab, in each state, theme and width: `make screenshots`.

They are written to `screenshots/`, as `STATE-TAB-WIDTH-THEME.png`. Arguments choose states.
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.jupyter import Lab, launch, running_lab

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "screenshots"
TABS = ("Overview", "Parameters", "Trials", "Workers", "Enqueue", "Export")
WIDTHS = (1440, 900, 800)
BETWEEN = {"thirty": 1100, "troubles": 1100}
"""A width at which charts stand beside each other and details below the table, for some states."""
HEIGHT = 2800
LOADED = 60_000
"""Milliseconds that a study may take to be drawn, on a machine that is busy."""

MADE = """
import sys
sys.path.insert(0, {root!r})
from tests.browser.studies import add_study, mixed
hpo = add_study(None, {name!r}, {statuses})
"""
RUNNING = """
import time
import highnoon as hn

hpo = hn.HPOTrialManager("background", n_trials=400, seed=0)

def objective(params):
    for step in range(1, 9):
        time.sleep(0.1)
        hpo.report(params["rate"] + 1 / (step + params["depth"]), step)
        if hpo.should_prune():
            raise hpo.TrialPruned()
    return params["rate"] + 1 / (9 + params["depth"])

handle = hpo.start(objective, {"rate": ("log_uniform", 1e-4, 1.0), "depth": ("int", 1, 8)})
"""
DRAW = "hpo.dashboard()"
STATES = {
    "empty": "[]",
    "one": '["completed"]',
    "few": '["completed"] * 7',
    "thirty": "mixed(30)",
    "troubles": '["completed", "failed", "diverged", "infeasible", "lost", "running"]',
    "many": "mixed(10_000)",
}


def take(states: list[str]) -> None:
    """Write the pictures of these states."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for theme in ("light", "dark"):
            with _lab(dark=theme == "dark") as lab:
                for state in states:
                    _take_state(browser, lab, state, theme)
        browser.close()


@contextlib.contextmanager
def _lab(*, dark: bool) -> Iterator[Lab]:
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as home,
        running_lab(Path(folder), Path(home), dark=dark) as lab,
    ):
        yield lab


def _take_state(browser: Browser, lab: Lab, state: str, theme: str) -> None:
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": HEIGHT})
    made = (
        RUNNING
        if state == "background"
        else MADE.format(root=str(ROOT), name=state, statuses=STATES[state])
    )
    notebook = lab.open(page, state, [made, DRAW])
    _hide_side_bar(page)
    notebook.run_all()
    dashboard = page.locator(".hn-dashboard")
    expect(dashboard.get_by_test_id("trial-count")).to_be_visible(timeout=LOADED)
    if state not in ("empty", "background"):
        expect(dashboard.locator(".main-svg").first).to_be_visible(timeout=LOADED)
    if state == "background":
        expect(dashboard.get_by_test_id("trial-count")).to_contain_text("pruned", timeout=LOADED)
    for width in (*WIDTHS, *([BETWEEN[state]] if state in BETWEEN else [])):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for tab in TABS:
            _take_tab(page, dashboard, tab, FOLDER / f"{state}-{tab.lower()}-{width}-{theme}.png")
    problems = notebook.errors()
    page.close()
    if problems:
        raise RuntimeError(f"{state}: {problems}")


def _take_tab(page: Page, dashboard: Locator, tab: str, path: Path) -> None:
    button = dashboard.get_by_role("tab", name=tab)
    button.click()
    if tab == "Trials":
        rows = dashboard.get_by_test_id("trial-table").locator("[role=row][data-trial]:visible")
        if rows.count():
            rows.nth(rows.count() // 2).click()
    # Plots and the table follow a change of width a frame or two later.
    page.wait_for_timeout(400)
    dashboard.screenshot(path=path)


def _hide_side_bar(page: Page) -> None:
    """Fold the file browser, so that the notebook has the page's whole width."""
    if page.locator("#jp-left-stack").is_visible():
        page.keyboard.press("Control+b")
        expect(page.locator("#jp-left-stack")).to_be_hidden()


if __name__ == "__main__":
    take(sys.argv[1:] or [*STATES, "background"])
