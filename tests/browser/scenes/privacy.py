"""What customers ask for of their data, and how long things are kept."""

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window


async def privacy(window: Window, _site: Site) -> None:
    """Show what was asked for: an export that is made."""
    await window.go("/customers")
    await window.page.locator("a.customer-row").filter(has_text="Dana Reyes").click()
    await window.page.get_by_role("button", name="Export data").click()
    await window.page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()
    await window.page.get_by_text("The archive is ready").first.wait_for()


async def erasing(window: Window, _site: Site) -> None:
    """Show the dialog that erases somebody, with their name typed."""
    await window.go("/customers")
    await window.page.locator("a.customer-row").filter(has_text="Dana Reyes").click()
    await window.page.get_by_role("button", name="Erase…").click()
    await window.page.get_by_label("to confirm").fill("Dana Reyes")
    await window.page.locator("button:enabled").filter(has_text="Erase for good").wait_for()


async def retention(window: Window, _site: Site) -> None:
    """Show how long things are kept, and what would go if that were shorter."""
    await window.go("/settings/retention")
    await window.page.get_by_label("Raw webhooks").fill("7")
    await window.page.get_by_role("button", name="Show what would go").click()
    await window.page.get_by_text("Nothing has changed yet.").wait_for()


SCENES: tuple[Scene, ...] = (privacy, erasing, retention)
