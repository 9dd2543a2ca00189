"""The customers."""

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window


async def customers(window: Window, _site: Site) -> None:
    """Show the list."""
    await window.go("/customers")
    await window.page.locator("a.customer-row").filter(has_text="Kofi Mensah").wait_for()


async def customer(window: Window, _site: Site) -> None:
    """Show one of them beside it, with what happened."""
    await window.go("/customers")
    await window.page.locator("a.customer-row").filter(has_text="Dana Reyes").click()
    await window.page.get_by_role("button", name="Timeline").click()
    await window.page.locator(".timeline li").first.wait_for()


async def importing(window: Window, _site: Site) -> None:
    """Show where a file is taken in."""
    await window.go("/customers/import")
    await window.page.locator("input[type=file]").wait_for(state="attached")


async def merging(window: Window, _site: Site) -> None:
    """Show two customers about to become one."""
    await window.go("/customers")
    await window.page.locator("a.customer-row").filter(has_text="Kofi Mensah").click()
    await window.page.get_by_role("button", name="Merge…").click()
    await window.page.get_by_label("Find the other one").fill("Mei")
    await window.page.get_by_role("dialog").get_by_role("button").filter(has_text="Mei Tanaka").click()
    await window.page.get_by_text("Together:").wait_for()


SCENES: tuple[Scene, ...] = (customers, customer, importing, merging)
