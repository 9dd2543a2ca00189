"""What holds the page together: views, selections, the palette, first steps, German, webhooks."""

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window


async def all_view(window: Window, _site: Site) -> None:
    """Show all conversations."""
    await window.go("/?view=all")
    await window.rows.first.wait_for()


async def filters(window: Window, site: Site) -> None:
    """Show a narrowed list and what narrows it."""
    channel = site.tenant.integration("twilio")["channels"][0]["id"]
    await window.go(f"/?channel={channel}&sort=oldest")
    await window.rows.first.wait_for()
    await window.page.get_by_role("button", name="Filter", exact=True).click()
    await window.page.get_by_role("dialog").wait_for()


async def narrowed(window: Window, _site: Site) -> None:
    """Show a list that is narrowed to nothing."""
    await window.go("/?priority=low")
    await window.page.get_by_text("Nothing here matches").wait_for()


async def selected(window: Window, _site: Site) -> None:
    """Show some rows selected."""
    await window.rows.first.wait_for()
    for key in ("j", "x", "j", "x", "j", "j", "x"):
        await window.page.keyboard.press(key)
    await window.page.get_by_role("toolbar").wait_for()


async def mentions(window: Window, _site: Site) -> None:
    """Show that nobody was mentioned."""
    await window.go("/?view=mentions")
    await window.page.get_by_text("Nobody has mentioned you").wait_for()


async def palette(window: Window, _site: Site) -> None:
    """Show the palette with something typed."""
    await window.open("Dana Reyes")
    await window.page.keyboard.press("ControlOrMeta+k")
    await window.page.get_by_role("combobox").fill("go")
    await window.page.get_by_role("option").first.wait_for()


async def first_steps(window: Window, _site: Site) -> None:
    """Show the first steps; a phone has no rail, and shows the list."""
    await window.rows.first.wait_for()
    button = window.page.get_by_role("button", name="Getting started")
    if await button.is_visible():
        await button.click()
        await window.page.get_by_role("dialog").wait_for()


async def german(window: Window, _site: Site) -> None:
    """Show a thread in German."""
    await window.page.evaluate("localStorage.setItem('postgate.language', 'de')")
    await window.page.reload()
    await window.row("Dana Reyes").click()
    await window.page.get_by_role("region", name="Nachrichten").wait_for()


async def settings_menu(window: Window, _site: Site) -> None:
    """Show the menu of the settings."""
    await window.go("/settings")
    await window.page.get_by_role("link", name="Connections").wait_for()


async def webhooks(window: Window, _site: Site) -> None:
    """Show the received webhooks."""
    await window.go("/settings/webhooks")
    await window.page.locator(".ledger-line").first.wait_for()


async def webhook(window: Window, _site: Site) -> None:
    """Show one of them."""
    await window.go("/settings/webhooks?provider=whatsapp_cloud")
    await window.page.locator(".ledger-line").first.click()
    await window.page.get_by_label("Body, JSON").wait_for()


SCENES: tuple[Scene, ...] = (
    all_view, filters, narrowed, selected, mentions, palette, first_steps, settings_menu, webhooks, webhook,
)  # fmt: skip
ALONE: tuple[Scene, ...] = (german,)
