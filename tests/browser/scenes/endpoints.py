"""Endpoints, and what was delivered to them."""

import re

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window

PLACE = "/settings/endpoints"


async def _one(window: Window, name: str) -> None:
    await window.go(PLACE)
    await window.page.get_by_role("link", name=name).click()
    await window.page.locator(".facts").first.wait_for()


async def endpoints(window: Window, _site: Site) -> None:
    """Show all endpoints: one that does well, one that fails, one that was disabled."""
    await window.go(PLACE)
    await window.page.locator(".card-last:not(:empty)").nth(2).wait_for()


async def new_endpoint(window: Window, _site: Site) -> None:
    """Show the form, with a choice of events and what it would have let through."""
    await window.go(f"{PLACE}/new")
    await window.page.get_by_label("URL", exact=True).fill("https://orders.example.org/hooks")
    await window.page.get_by_label("Only these").check()
    await window.page.get_by_label("Everything on message").check()
    await window.page.get_by_role("button", name="Compare").click()
    await window.page.locator(".dry-run-sum").wait_for()


async def endpoint(window: Window, _site: Site) -> None:
    """Show one that does well."""
    await _one(window, "Order system")
    await window.page.locator("svg.plot").first.wait_for()


async def failing_endpoint(window: Window, _site: Site) -> None:
    """Show one that fails, and what to do."""
    await _one(window, "CRM")
    await window.page.get_by_text("No delivery has succeeded since").wait_for()


async def rotate(window: Window, _site: Site) -> None:
    """Show the dialog for a new secret."""
    await _one(window, "Order system")
    await window.page.get_by_role("button", name="Rotate the secret").click()
    await window.page.get_by_role("dialog").wait_for()


async def replay(window: Window, _site: Site) -> None:
    """Show the dialog for sending events once more."""
    await _one(window, "Order system")
    await window.page.get_by_role("button", name="Replay events").click()
    await window.page.get_by_role("dialog").wait_for()


async def deliveries(window: Window, _site: Site) -> None:
    """Show the newest deliveries."""
    await window.go("/settings/deliveries")
    await window.page.locator(".delivery-row").first.wait_for()


async def delivery(window: Window, _site: Site) -> None:
    """Show one delivery with its attempts."""
    await window.go("/settings/deliveries")
    await window.page.get_by_role("link", name=re.compile("CRM")).first.click()
    await window.page.locator(".exchange").first.wait_for()


SCENES: tuple[Scene, ...] = (
    endpoints,
    new_endpoint,
    endpoint,
    failing_endpoint,
    rotate,
    replay,
    deliveries,
    delivery,
)
