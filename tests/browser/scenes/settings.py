"""The settings of a person and of the workspace."""

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window


async def profile(window: Window, _site: Site) -> None:
    """Show somebody's own settings, and their logins."""
    await window.go("/settings/profile")
    await window.page.get_by_text("Chrome on Linux").first.wait_for()


async def people(window: Window, _site: Site) -> None:
    """Show the members, and who is invited."""
    await window.go("/settings/people")
    await window.page.get_by_text("Invitations that wait").wait_for()


async def invite(window: Window, _site: Site) -> None:
    """Show the dialog that invites somebody."""
    await window.go("/settings/people")
    await window.page.get_by_role("button", name="Invite somebody").click()
    await window.page.get_by_role("dialog").wait_for()


async def teams(window: Window, _site: Site) -> None:
    """Show the teams."""
    await window.go("/settings/teams")
    await window.page.locator(".item").first.wait_for()


async def labels(window: Window, _site: Site) -> None:
    """Show the labels, and one being changed."""
    await window.go("/settings/labels")
    await window.page.get_by_role("button", name="Edit Delivery").click()
    await window.page.get_by_label("Name").wait_for()


async def canned(window: Window, _site: Site) -> None:
    """Show the canned replies."""
    await window.go("/settings/canned")
    await window.page.locator(".item").first.wait_for()


async def fields(window: Window, _site: Site) -> None:
    """Show the fields of customers."""
    await window.go("/settings/fields")
    await window.page.locator(".field-card").first.wait_for()


async def keys_of_programs(window: Window, _site: Site) -> None:
    """Show the API keys."""
    await window.go("/settings/keys")
    await window.page.get_by_text("First key").wait_for()


async def audit(window: Window, _site: Site) -> None:
    """Show who read and changed personal data, and one row in full."""
    await window.go("/settings/audit")
    await window.page.locator(".audit-row").first.click()


SCENES: tuple[Scene, ...] = (profile, people, invite, teams, labels, canned, fields, keys_of_programs, audit)
