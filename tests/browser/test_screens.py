"""Every screen, as wide as a desk's and as a phone's: axe looks at it, and nothing of it is out of sight."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.browser import scenes
from tests.browser.axe import grave_findings
from tests.browser.scenes.scene import Scene
from tests.browser.scenes.start import login
from tests.browser.site import Site
from tests.browser.stage import Stage
from tests.browser.window import DESKTOP, PHONE, Window, new_window
from tests.conftest import Database

#: As a page of 1280 px is that somebody enlarges four times (WCAG 1.4.10).
NARROW: ViewportSize = {"width": 320, "height": 640}
#: What stands out of the page on the right, but for text that ends in an ellipsis, and what one scrolls sideways.
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter(one => {
    const box = one.getBoundingClientRect();
    if (box.height < 2 || box.width < 2 || box.right <= innerWidth + 1) return false;
    for (let up = one.parentElement; up !== null; up = up.parentElement) {
        if (up.matches("pre, .unseen, .search-filters")) return false;
        if (getComputedStyle(up).textOverflow === "ellipsis") return false;
    }
    return getComputedStyle(one).visibility === "visible" && !one.closest("[hidden], iframe, .unseen");
}).map(one => `wider than the page: ${one.outerHTML.slice(0, 160)}`)"""
#: Pages with the longest words there are, and what shows that they are there; looked at in German, too.
GERMAN = {
    "privacy": {
        "/settings/audit": ".audit-row",
        "/settings/retention": "#retention-webhooks",
        "/settings/privacy": ".request-card",
        "/settings/pii": ".pii-rule",
    }
}
CLOSE = "() => document.querySelectorAll('dialog[open]').forEach(one => one.close())"


async def narrow_findings(page: Page) -> list[str]:
    """Return what is out of sight in a narrow page."""
    size = page.viewport_size
    assert size is not None
    await page.set_viewport_size(NARROW)
    found: list[str] = await page.evaluate(OUTSIDE)
    await page.set_viewport_size(size)
    return found


async def leave(window: Window) -> None:
    """Go back to the inbox from any screen."""
    await window.page.evaluate(CLOSE)
    for _ in range(2):  # a menu or a selection, then the conversation
        await window.page.keyboard.press("Escape")
    await window.go("/")


async def look(window: Window, *, colours: bool, narrow: bool) -> Sequence[str]:
    """Return what is wrong with what a window shows."""
    found = await grave_findings(window.page, colours=colours)
    return [*found, *(await narrow_findings(window.page) if narrow else [])]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("room", scenes.rooms())
async def test_everybody_can_use_every_screen(
    browser: Browser, site: Site, database: Database, room: str, size: ViewportSize
) -> None:
    found: list[str] = []

    async def look_at(name: str, window: Window, *, colours: bool = size != PHONE) -> None:  # a phone has the same ones
        found.extend(f"{name}: {finding}" for finding in await look(window, colours=colours, narrow=size == PHONE))

    async def look_alone(wanted: Mapping[str, Scene]) -> None:
        for name, scene in wanted.items():
            window = await new_window(browser, site, size=size, logged_in=scene is not login)
            await scene(window, site)
            await look_at(name, window)
            await window.page.context.close()

    await look_alone(scenes.before(room))
    await Stage(site, database.admin_url, datetime.now(UTC)).fill()
    window = await new_window(browser, site, size=size)
    for name, scene in scenes.after(room).items():
        await scene(window, site)
        await look_at(name, window)
        await leave(window)
    await window.page.context.close()
    if pages := GERMAN.get(room):
        window = await new_window(browser, site, size=size, locale="de-DE")
        await window.live()  # before that nobody hears where to go
        for path, shown in pages.items():
            await window.go(path)
            await window.page.locator(shown).first.wait_for()
            await look_at(f"{path} in German", window, colours=False)
        assert await window.page.evaluate("document.documentElement.lang") == "de"
        await window.page.context.close()
    await look_alone(scenes.alone(room))
    assert not found, "\n".join(found)
