"""axe-core finds no serious violation in the dashboard, in either theme."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.jupyter import running_lab
from tests.browser.studies import add_study, mixed

AXE = Path(__file__).parents[2] / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
CELL = """
import highnoon as hn
hn.HPOTrialManager("accessible", storage="sqlite:///accessible.db").dashboard()
"""
TABS = ("Overview", "Parameters", "Trials", "Workers", "Enqueue", "Export")
GRAVE = ("serious", "critical")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_tab_has_a_serious_violation(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, theme: str
) -> None:
    folder, home = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home")
    add_study(f"sqlite:///{folder}/accessible.db", "accessible", mixed(30))
    with running_lab(folder, home, dark=theme == "dark") as lab:
        page = browser.new_page(viewport={"width": 1440, "height": 2000})
        notebook = lab.open(page, "accessible", [CELL])
        expect(page.locator("body")).to_have_attribute(
            "data-jp-theme-light", str(theme == "light").lower()
        )
        notebook.run_all()
        dashboard = page.locator(".hn-dashboard")
        expect(
            dashboard.get_by_test_id("optimization-history").locator(".main-svg").first
        ).to_be_visible()
        page.add_script_tag(path=AXE)
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
            found += [f"{name}: {violation}" for violation in _violations(dashboard)]
        assert found == []
        assert notebook.errors() == []
        page.close()


def _violations(element: Locator) -> list[str]:
    """Return what axe finds in an element: the rule, and the first elements that break it."""
    result: dict[str, Any] = element.evaluate("element => axe.run(element)")
    passed = {rule["id"]: len(rule["nodes"]) for rule in result["passes"]}
    assert passed.get("color-contrast", 0) > 20
    return [
        f"{rule['id']} ({len(rule['nodes'])}): {node['html'][:200]} {node['failureSummary']}"
        for rule in result["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:4]
    ]
