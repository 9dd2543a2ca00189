"""Asking axe-core what keeps people out."""

from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page

SCRIPT = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
#: The frame of a mail runs no script, axe's neither; what is in it is a stranger's.
RUN = "() => axe.run(document, {iframes: false, resultTypes: ['violations']})"


async def grave_findings(page: Page) -> list[str]:
    """Return the serious and critical findings in the light and in the dark, each with its rule and where it is."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SCRIPT.read_text("utf-8"))
    return [*await _findings(page, "light"), *await _findings(page, "dark")]


async def _findings(page: Page, scheme: Literal["light", "dark"]) -> list[str]:
    await page.emulate_media(color_scheme=scheme)
    found: dict[str, Any] = await page.evaluate(RUN)
    return [
        f"{scheme}, {violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
