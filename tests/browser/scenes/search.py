"""The search."""

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window


async def search(window: Window, _site: Site) -> None:
    """Show what is found everywhere."""
    await window.rows.first.wait_for()
    await window.page.keyboard.press("/")
    await window.page.keyboard.type("chair")
    await window.page.get_by_role("listbox", name="Results").get_by_role("option").first.wait_for()


async def found_nothing(window: Window, _site: Site) -> None:
    """Show that nothing is found."""
    await window.rows.first.wait_for()
    await window.page.keyboard.press("/")
    await window.page.get_by_role("combobox").first.fill("xylophone")
    await window.page.get_by_text("Nothing found for").wait_for()


SCENES: tuple[Scene, ...] = (search, found_nothing)
