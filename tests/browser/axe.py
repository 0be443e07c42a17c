"""axe-core looks for what keeps people from using a page."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator

from tests.browser.waiting import soon

__all__ = ["violations"]

AXE = Path(__file__).parents[2] / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")


def violations(element: Locator, *, least: int = 20) -> list[str]:
    """Return what axe finds in an element: the rule, and the first elements that break it.

    Args:
        element: Where it looks.
        least: More texts than this are there once all is drawn, and are looked at.
    """
    # As the page's own policy would have it, no script tag is added.
    element.evaluate(AXE.read_text())
    result: dict[str, Any] = {}

    def sees_enough() -> bool:
        result.update(element.evaluate("element => axe.run(element)"))
        passed = {rule["id"]: len(rule["nodes"]) for rule in result["passes"]}
        return passed.get("color-contrast", 0) > least

    soon(element.page, sees_enough)
    return [
        f"{rule['id']} ({len(rule['nodes'])}): {node['html'][:200]} {node['failureSummary']}"
        for rule in result["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:4]
    ]
