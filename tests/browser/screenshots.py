"""Pictures of all screens: ``python -m tests.browser.screenshots [FOLDER]``.

Each screen is taken as wide as a desk's and as a phone's, light and dark.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
from playwright.async_api import Browser

from gateway.demo import tenant as demo_tenant
from gateway.embedded import EmbeddedPostgres, Superuser
from gateway.keys import Keyring, new_master_key
from gateway.logs import configure_logs
from gateway.migrate import migrate
from gateway.running import listen
from gateway.settings import Settings
from tests.browser import scenes
from tests.browser.chromium import MISSING, chromium, find
from tests.browser.scenes.scene import Scene
from tests.browser.scenes.start import login
from tests.browser.site import Site
from tests.browser.stage import Stage
from tests.browser.window import DESKTOP, PHONE, new_window
from tests.conftest import Tenant, new_id
from tests.databases import PASSWORDS

DATABASE = "postgate"
FOLDER = Path(__file__).parents[2] / "screenshots"


async def main(folder: Path, only: Sequence[str]) -> int:
    """Take all pictures, or only those of some screens; returns the exit status."""
    path = find()
    if path is None:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    configure_logs("error")
    folder.mkdir(exist_ok=True)
    async with _site() as (site, admin_url), chromium(path) as browser:
        await _take_all(browser, site, folder, _wanted(scenes.before(), only))
        await Stage(site, admin_url, datetime.now(UTC)).fill()
        await _take_all(browser, site, folder, _wanted({**scenes.after(), **scenes.alone()}, only))
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
            "files_dir": folder / "files",
        }
    )
    facts = dict(demo_tenant.make(new_id, "demo")) | {"name": "Fern & Oak"}
    await demo_tenant.ensure(superuser.url(DATABASE), Keyring(master_key), facts, new_id)
    ready = demo_tenant.ready(facts, str(settings.public_url), app)
    (folder / "ready.json").write_bytes(orjson.dumps(ready))
    return Site(settings, Tenant(UUID(facts["tenant_id"]), facts, ready))


def _wanted(found: Mapping[str, Scene], only: Sequence[str]) -> Mapping[str, Scene]:
    return {name: scene for name, scene in found.items() if not only or name in only}


async def _take_all(browser: Browser, site: Site, folder: Path, wanted: Mapping[str, Scene]) -> None:
    for name, scene in wanted.items():
        for size, wide in ((DESKTOP, "desktop"), (PHONE, "phone")):
            for dark in (False, True):
                window = await new_window(browser, site, size=size, dark=dark, logged_in=scene is not login)
                await scene(window, site)
                await window.page.evaluate("document.fonts.ready")
                picture = folder / f"{name}-{wide}-{'dark' if dark else 'light'}.png"
                await window.page.screenshot(path=picture, animations="disabled", caret="hide")
                await window.page.context.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take pictures of all screens.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where they go")
    parser.add_argument("--only", nargs="+", default=(), metavar="SCREEN", help="of these only")
    options = parser.parse_args()
    raise SystemExit(asyncio.run(main(options.folder, options.only)))
