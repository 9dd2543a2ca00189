"""A browser for the run, and for each test a gateway, a tenant, and windows on the page."""

import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from gateway.demo import tenant as demo_tenant
from gateway.settings import Settings
from tests.browser.chromium import MISSING, chromium, find
from tests.browser.site import Site
from tests.browser.window import PATIENCE_MS, OpenWindow, Window, new_window
from tests.conftest import MakeTenant, Tenant

HERE = Path(__file__).parent
expect.set_options(timeout=PATIENCE_MS)

#: The browser of this run, once it is there.
STARTED: list[str] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests here in the loop of the run: the browser, which lives as long, talks to that one only."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium. Without one the tests are skipped, but under CI that is a failure."""
    path = find()
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING, pytrace=False)
    if path is None:
        pytest.skip(MISSING)
    assert not STARTED, "a second browser in one run: a second for each test"
    async with chromium(path) as running:
        STARTED.append(path)
        yield running


@pytest.fixture(scope="session")
def port() -> int:
    """A free port, for all gateways of this run: a restarted one comes back under its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def settings(settings: Settings, port: int, tmp_path: Path) -> Settings:
    """The settings of a gateway under an address that the browser reaches."""
    return settings.model_copy(
        update={"port": port, "public_url": f"http://127.0.0.1:{port}", "demo_file": tmp_path / "ready.json"}
    )


@pytest.fixture
async def tenant(make_tenant: MakeTenant, settings: Settings) -> Tenant:
    """A tenant whose connections know the gateway's address, and who may send samples."""
    made = await make_tenant("acme")
    url = settings.database_url.get_secret_value()
    ready = demo_tenant.ready(made.facts, str(settings.public_url), url)
    assert settings.demo_file is not None
    settings.demo_file.write_bytes(orjson.dumps(ready))
    return replace(made, ready=ready)


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings: Settings, tenant: Tenant) -> AsyncIterator[Site]:
    """A running gateway."""
    site = Site(settings, tenant)
    await site.start()
    yield site
    await site.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def open_window(browser: Browser, site: Site) -> AsyncIterator[OpenWindow]:
    """Opens windows, each with cookies of its own. At the end none may have complained."""
    windows: list[Window] = []

    async def open_window(path: str = "/", **how: Any) -> Window:
        windows.append(await new_window(browser, site, path, **how))
        return windows[-1]

    yield open_window
    for window in windows:
        await window.page.context.close()
    assert [said for window in windows for said in window.complaints.unexpected()] == []


@pytest_asyncio.fixture(loop_scope="session")
async def window(open_window: OpenWindow) -> Window:
    """A logged-in window on the inbox, as wide as a desk's."""
    window = await open_window()
    await window.live()
    return window
