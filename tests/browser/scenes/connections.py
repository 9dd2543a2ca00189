"""The settings of connections."""

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.troubles import NAME
from tests.browser.window import Window


async def connections(window: Window, _site: Site) -> None:
    """Show the connections."""
    await window.go("/settings/connections")
    await window.page.get_by_role("link", name="Twilio").first.wait_for()


async def providers(window: Window, _site: Site) -> None:
    """Show the providers to choose from."""
    await window.go("/settings/connections/new")
    await window.page.get_by_role("link", name="Twilio").first.wait_for()


async def connect(window: Window, _site: Site) -> None:
    """Show the form of a new connection, refused once."""
    await window.go("/settings/connections/new/whatsapp_cloud")
    await window.page.get_by_role("button", name="Connect", exact=True).click()
    await window.page.get_by_role("alert").first.wait_for()


async def connection(window: Window, site: Site) -> None:
    """Show a connection after its self-test."""
    await window.go(f"/settings/connections/{site.tenant.integration('twilio')['id']}")
    await window.page.get_by_role("button", name="Test this connection").click()
    await window.page.locator(".check").first.wait_for()


async def alarms(window: Window, _site: Site) -> None:
    """Show a connection that is silent, and whose login ends soon."""
    await window.go("/settings/connections")
    await window.page.get_by_role("link", name=NAME).click()
    await window.page.locator(".alarm").nth(1).wait_for()


SCENES: tuple[Scene, ...] = (connections, providers, connect, connection, alarms)
