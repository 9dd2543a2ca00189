"""The list and the thread."""

from contextlib import suppress

from playwright.async_api import Error, Route

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window


async def inbox(window: Window, _site: Site) -> None:
    """Show the list alone."""
    await window.rows.first.wait_for()


async def whatsapp(window: Window, _site: Site) -> None:
    """Show a thread with a picture, a place, a reply, a reaction and statuses."""
    await window.open("Dana Reyes")


async def sms(window: Window, _site: Site) -> None:
    """Show a thread of texts."""
    await window.open("kitchen advice")


async def mail(window: Window, _site: Site) -> None:
    """Show a thread of mails."""
    await window.open("Amara Okafor")
    await window.thread.frame_locator("iframe").last.get_by_text("library").wait_for()


async def menu(window: Window, _site: Site) -> None:
    """Show the menu."""
    await window.rows.first.wait_for()
    await window.page.get_by_role("button", name="Account and settings").locator("visible=true").click()


async def snoozing(window: Window, _site: Site) -> None:
    """Show until when a conversation may sleep."""
    await window.open("Dana Reyes")
    await window.page.get_by_role("button", name="Snooze").locator("visible=true").click()
    await window.page.get_by_role("menu").wait_for()


async def keys(window: Window, _site: Site) -> None:
    """Show the sheet of keys."""
    await window.open("Dana Reyes")
    await window.page.keyboard.press("?")
    await window.page.get_by_role("dialog").wait_for()


async def loading(window: Window, _site: Site) -> None:
    """Show what stands in for messages that take their time."""
    await window.rows.first.wait_for()
    await window.page.route("**/messages?*", _never)
    await window.row("Dana Reyes").click()
    await window.page.get_by_role("status", name="Loading messages").wait_for()


async def error(window: Window, _site: Site) -> None:
    """Show a thread that could not be loaded."""
    await window.rows.first.wait_for()
    await window.page.route("**/messages?*", lambda route: route.fulfill(status=503))
    await window.row("Dana Reyes").click()
    await window.page.get_by_role("alert").wait_for()


async def reconnecting(window: Window, _site: Site) -> None:
    """Show a page that lost its gateway."""
    await window.open("Dana Reyes")
    await window.page.context.set_offline(True)
    await window.banner.wait_for()


async def _never(route: Route) -> None:
    """Let a request wait until its page is closed."""
    await route.request.frame.page.wait_for_event("close")
    with suppress(Error):  # there is nobody left to answer
        await route.abort()


SCENES: tuple[Scene, ...] = (inbox, whatsapp, sms, mail, menu, snoozing, keys)
ALONE: tuple[Scene, ...] = (loading, error, reconnecting)
