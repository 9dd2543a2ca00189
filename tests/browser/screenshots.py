"""Pictures of all screens: ``python -m tests.browser.screenshots [FOLDER]``.

Each screen is taken as wide as a desk's and as a phone's, light and dark.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
from playwright.async_api import Browser, Error, Route

from gateway.demo import tenant as demo_tenant
from gateway.embedded import EmbeddedPostgres, Superuser
from gateway.keys import Keyring, new_master_key
from gateway.logs import configure_logs
from gateway.migrate import migrate
from gateway.running import listen
from gateway.settings import Settings
from tests.browser.chromium import MISSING, chromium, find
from tests.browser.site import Site
from tests.browser.stage import Stage
from tests.browser.window import DESKTOP, PHONE, Window, new_window
from tests.conftest import PASSWORDS, Tenant, new_id

Scene = Callable[[Window, Site], Awaitable[None]]
DATABASE = "postgate"
FOLDER = Path(__file__).parents[2] / "screenshots"


async def main(folder: Path) -> int:
    """Take all pictures; returns the exit status."""
    path = find()
    if path is None:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    configure_logs("error")
    folder.mkdir(exist_ok=True)
    async with _site() as (site, admin_url), chromium(path) as browser:
        await _take_all(browser, site, folder, BEFORE)
        await Stage(site, admin_url, datetime.now(UTC)).fill()
        await _take_all(browser, site, folder, AFTER)
    sys.stdout.write(f"Pictures are in {folder}\n")
    return 0


@asynccontextmanager
async def _site() -> AsyncIterator[tuple[Site, str]]:
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "data", fast=True)
        superuser = await server.start()
        try:
            site = await _prepare(superuser, Path(folder))
            await site.start()
            yield site, superuser.url(DATABASE)
            await site.stop()
        finally:
            await server.stop()


async def _prepare(superuser: Superuser, folder: Path) -> Site:
    connection = await asyncpg.connect(superuser.url())
    await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    await connection.close()
    await migrate(superuser.url(DATABASE), PASSWORDS)
    app, hook, relay = (superuser.url(DATABASE, role, password) for role, password in PASSWORDS.items())
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    master_key = new_master_key()
    settings = Settings.model_validate(
        {
            "database_url": app,
            "hook_database_url": hook,
            "relay_database_url": relay,
            "master_key": master_key,
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "demo_file": folder / "ready.json",
        }
    )
    facts = dict(demo_tenant.make(new_id, "demo")) | {"name": "Fern & Oak"}
    await demo_tenant.ensure(superuser.url(DATABASE), Keyring(master_key), facts, new_id)
    ready = demo_tenant.ready(facts, str(settings.public_url), app)
    (folder / "ready.json").write_bytes(orjson.dumps(ready))
    return Site(settings, Tenant(UUID(facts["tenant_id"]), facts, ready))


async def _take_all(browser: Browser, site: Site, folder: Path, scenes: Mapping[str, Scene]) -> None:
    for name, scene in scenes.items():
        for size, wide in ((DESKTOP, "desktop"), (PHONE, "phone")):
            for dark in (False, True):
                window = await new_window(browser, site, size=size, dark=dark, logged_in=scene is not login)
                await scene(window, site)
                await window.page.evaluate("document.fonts.ready")
                picture = folder / f"{name}-{wide}-{'dark' if dark else 'light'}.png"
                await window.page.screenshot(path=picture, animations="disabled", caret="hide")
                await window.page.context.close()


async def login(window: Window, _site: Site) -> None:
    """Show the login, refused once."""
    await window.page.get_by_label("Email").fill("dana@example.org")
    await window.page.get_by_label("Password").fill("wrong")
    await window.page.get_by_role("button", name="Log in").click()
    await window.page.get_by_role("alert").wait_for()


async def empty(window: Window, _site: Site) -> None:
    """Show an inbox that nobody wrote to."""
    await window.page.get_by_text("No messages have arrived yet").wait_for()


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


async def connections(window: Window, _site: Site) -> None:
    """Show the connections."""
    await window.page.goto("/settings/connections")
    await window.page.get_by_role("link", name="Twilio").first.wait_for()


async def connect(window: Window, _site: Site) -> None:
    """Show the form of a new connection, refused once."""
    await window.page.goto("/settings/connections/new/whatsapp_cloud")
    await window.page.get_by_role("button", name="Connect", exact=True).click()
    await window.page.get_by_role("alert").first.wait_for()


async def providers(window: Window, _site: Site) -> None:
    """Show the providers to choose from."""
    await window.page.goto("/settings/connections/new")
    await window.page.get_by_role("link", name="Twilio").first.wait_for()


async def connection(window: Window, site: Site) -> None:
    """Show a connection after its self-test."""
    await window.page.goto(f"/settings/connections/{site.tenant.integration('twilio')['id']}")
    await window.page.get_by_role("button", name="Test this connection").click()
    await window.page.locator(".check").first.wait_for()


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


BEFORE: Mapping[str, Scene] = {"login": login, "empty": empty}
AFTER: Mapping[str, Scene] = {
    scene.__name__: scene
    for scene in (
        inbox, whatsapp, sms, mail, menu, keys, loading, error, connections, providers, connect, connection,
        reconnecting,
    )
}  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take pictures of all screens.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where they go")
    raise SystemExit(asyncio.run(main(parser.parse_args().folder)))
