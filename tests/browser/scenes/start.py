"""Before anything is there: the login and an empty inbox."""

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window


async def login(window: Window, _site: Site) -> None:
    """Show the login, refused once."""
    await window.page.get_by_label("Email").fill("dana@example.org")
    await window.page.get_by_label("Password").fill("wrong")
    await window.page.get_by_role("button", name="Log in").click()
    await window.page.get_by_role("alert").wait_for()


async def empty(window: Window, _site: Site) -> None:
    """Show an inbox that nobody wrote to."""
    await window.page.get_by_text("No messages have arrived yet").wait_for()


BEFORE: tuple[Scene, ...] = (login, empty)
