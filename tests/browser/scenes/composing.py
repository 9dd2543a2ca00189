"""Writing: a whole mail, a template, a note anew."""

from typing import Any

from playwright.async_api import Route

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window

#: As the gateway lists one.
LEFT_AT_THE_DOOR: dict[str, Any] = {
    "id": "tpl_" + "0" * 32,
    "name": "left_at_the_door",
    "language": "en_US",
    "status": "approved",
    "category": "utility",
    "body": "Hello {{1}}, we left your order at the door.",
    "components": [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hello {{1}}, we left your order at the door."},
        {
            "type": "BUTTONS",
            "buttons": [{"type": "URL", "text": "Show the order", "url": "https://shop.example.org/orders/{{1}}"}],
        },
    ],
    "external_id": "600000000000005",
    "updated_at": "2026-01-01T00:00:00.000Z",
}


async def mail_answer(window: Window, _site: Site) -> None:
    """Show an answer to a mail with a place for copies and what it quotes."""
    await window.open("Amara Okafor")
    await window.page.get_by_role("button", name="Cc", exact=True).click()
    await window.page.locator(".composer-dots").click()
    await window.page.locator(".composer-past").wait_for()


async def template(window: Window, _site: Site) -> None:
    """Show a template with a picture and a link being filled in."""

    async def answer(route: Route) -> None:
        await route.fulfill(json={"data": [LEFT_AT_THE_DOOR], "next_cursor": None})

    await window.page.route("**/templates", answer)
    await window.open("Dana Reyes")
    await window.page.get_by_role("button", name="Choose a template").click()
    await window.page.get_by_role("button", name="left at the door").click()
    await window.page.get_by_label("Text for 1").fill("Dana")


async def note(window: Window, _site: Site) -> None:
    """Show a note of one's own that is written anew."""
    await window.open("Dana Reyes")
    await window.page.get_by_role("button", name="Edit this note").click()


SCENES: tuple[Scene, ...] = (mail_answer, template, note)
