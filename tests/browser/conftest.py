"""A real JupyterLab in a real Chromium."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.jupyter import CHROMIUM, Lab, Notebook, launch, running_lab
from tests.browser.waiting import TIMEOUT

expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium; set HIGHNOON_TEST_CHROMIUM to its path")
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(TIMEOUT)
    yield context
    context.close()


@pytest.fixture(scope="session")
def _lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def lab(_lab: Lab, context: BrowserContext) -> Iterator[Lab]:
    """A JupyterLab in which no kernel of an earlier test is at work."""
    yield _lab
    for page in context.pages:
        page.close()
    _lab.end_kernels()


@pytest.fixture
def open_notebook(
    lab: Lab, context: BrowserContext, request: pytest.FixtureRequest
) -> Callable[..., Notebook]:
    """Return a function that opens a notebook of some cells in JupyterLab."""

    def open_one(*cells: str, page: Page | None = None, name: str | None = None) -> Notebook:
        return lab.open(page or context.new_page(), name or request.node.name, cells)

    return open_one
