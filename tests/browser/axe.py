"""Asking axe-core what keeps people out."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

SCRIPT = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
#: The frame of a mail runs no script, axe's neither; what is in it is a stranger's.
RUN = "() => axe.run(document, {iframes: false, resultTypes: ['violations']})"


async def grave_findings(page: Page) -> list[str]:
    """Return the serious and critical findings, each with its rule and where it is."""
    await page.evaluate(SCRIPT.read_text("utf-8"))
    found: dict[str, Any] = await page.evaluate(RUN)
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
