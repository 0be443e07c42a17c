"""Pictures of the pages at /hpo, in each state, theme and width: part of `make screenshots`.

They are written to `screenshots/`, as `page-STATE-WIDTH-THEME.png`. Arguments choose states.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.dashboards import running_dashboard
from tests.browser.jupyter import launch
from tests.browser.screenshots import FOLDER, LOADED
from tests.browser.studies import add_study, mixed

WIDTHS = (1440, 1100, 800)
HEIGHT = 1000
STUDIES = {
    "empty": [],
    "one": ["completed"],
    "thirty": mixed(30),
    "troubles": ["completed", "failed", "diverged", "infeasible", "lost", "running"],
    "many": mixed(10_000),
}
PATHS = {
    "browser": "",
    "compare": "/compare?study=thirty&study=many",
    **{name: f"/study/{name}" for name in STUDIES},
}


def take(states: list[str]) -> None:
    """Write the pictures of these states."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name, statuses in STUDIES.items():
            add_study(f"sqlite:///{folder}/hpo.db", name, statuses)
        browser = launch(playwright)
        with running_dashboard(Path(folder), max_viewers=64, preheated=2) as address:
            for state in states:
                for theme in ("light", "dark"):
                    _take_state(browser, address + PATHS[state], state, theme)
        browser.close()


def _take_state(browser: Browser, address: str, state: str, theme: str) -> None:
    for width in WIDTHS:
        page = browser.new_page(
            viewport={"width": width, "height": HEIGHT},
            color_scheme="dark" if theme == "dark" else "light",
        )
        page.goto(address)
        page.locator("#highnoon .hn-bar", has_text="Live").wait_for(timeout=LOADED)
        _scroll_through(page)
        page.screenshot(path=FOLDER / f"page-{state}-{width}-{theme}.png", full_page=True)
        page.close()


def _scroll_through(page: Page) -> None:
    """Bring every part into view once, so that it is drawn, and leave the kernel time to answer."""
    page.wait_for_timeout(1500)
    for y in range(0, page.evaluate("document.documentElement.scrollHeight"), HEIGHT // 2):
        page.evaluate("y => window.scrollTo(0, y)", y)
        page.wait_for_timeout(400)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    take(sys.argv[1:] or list(PATHS))
