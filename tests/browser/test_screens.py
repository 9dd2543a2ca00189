"""axe looks at every screen, as wide as a desk's and as a phone's, light and dark."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.browser import scenes
from tests.browser.axe import grave_findings
from tests.browser.scenes.start import login
from tests.browser.site import Site
from tests.browser.stage import Stage
from tests.browser.window import DESKTOP, PHONE, new_window
from tests.conftest import Database


@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_axe_finds_nothing_grave_on_any_screen(
    browser: Browser, site: Site, database: Database, size: ViewportSize
) -> None:
    found: dict[str, list[str]] = {}
    for before, wanted in ((True, scenes.before()), (False, scenes.after())):
        if not before:
            await Stage(site, database.admin_url, datetime.now(UTC)).fill()
        for name, scene in wanted.items():
            window = await new_window(browser, site, size=size, logged_in=scene is not login)
            await scene(window, site)
            found[name] = await grave_findings(window.page)
            await window.page.context.close()
    assert {name: findings for name, findings in found.items() if findings} == {}
