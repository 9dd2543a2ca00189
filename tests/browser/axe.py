"""Asking axe-core what keeps people out."""

from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page

SCRIPT = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
#: What the Web Content Accessibility Guidelines 2.2 ask for, A and AA.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Beneath a dialog nobody can do anything. The frame of a mail runs no script, axe's neither; what is in it is a
#: stranger's. No rule that is asked for needs the style sheets to be fetched once more.
RUN = """more => axe.run(document.querySelector("dialog[open]") ?? document, {
    iframes: false, preload: false, resultTypes: ["violations"], ...more,
})"""
COLOURS = ["color-contrast", "link-in-text-block"]


async def grave_findings(page: Page, *, colours: bool = True) -> list[str]:
    """Return the serious and critical findings, each with its rule and where it is.

    Args:
        page: showing what is to be looked at.
        colours: whether to look at those, too, both in the light and in the dark: nothing else differs there.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SCRIPT.read_text("utf-8"))
    off = {} if colours else {"rules": {name: {"enabled": False} for name in COLOURS}}
    found = await _findings(page, "light", {"runOnly": {"type": "tag", "values": WCAG}, **off})
    if colours:
        found += await _findings(page, "dark", {"runOnly": {"type": "rule", "values": COLOURS}})
        await page.emulate_media(color_scheme="light")
    return found


async def _findings(page: Page, scheme: Literal["light", "dark"], more: dict[str, Any]) -> list[str]:
    await page.emulate_media(color_scheme=scheme)
    found: dict[str, Any] = await page.evaluate(RUN, more)
    return [
        f"{scheme}, {violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
