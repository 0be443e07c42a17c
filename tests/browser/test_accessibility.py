"""axe-core finds no serious violation in the dashboard, in either theme."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.jupyter import running_lab
from tests.browser.studies import add_study, mixed
from tests.browser.waiting import TIMEOUT

CELL = """
import highnoon as hn
hn.HPOTrialManager("accessible", storage="sqlite:///accessible.db").dashboard()
"""
TABS = ("Overview", "Parameters", "Trials", "Workers", "Enqueue", "Export")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_tab_has_a_serious_violation(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, theme: str
) -> None:
    folder, home = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home")
    add_study(f"sqlite:///{folder}/accessible.db", "accessible", mixed(30))
    with running_lab(folder, home, dark=theme == "dark") as lab:
        page = browser.new_page(viewport={"width": 1440, "height": 2000})
        page.set_default_timeout(TIMEOUT)
        notebook = lab.open(page, "accessible", [CELL])
        expect(page.locator("body")).to_have_attribute(
            "data-jp-theme-light", str(theme == "light").lower()
        )
        notebook.run_all()
        dashboard = page.locator(".hn-dashboard")
        expect(
            dashboard.get_by_test_id("optimization-history").locator(".main-svg").first
        ).to_be_visible()
        # axe looks at no text whose page hides its overflow and, as JupyterLab's, has no height.
        page.add_style_tag(content="body { height: 100vh }")
        found: list[str] = []
        for name in TABS:
            tab = dashboard.get_by_role("tab", name=name)
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            if name == "Trials":
                dashboard.locator("[role=row][data-trial='6']").click()
                expect(dashboard.get_by_test_id("trial-details")).to_contain_text("MemoryError")
            found += [f"{name}: {violation}" for violation in violations(dashboard)]
        assert found == []
        assert notebook.errors() == []
        page.close()
