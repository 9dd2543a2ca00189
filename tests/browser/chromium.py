"""Finding Chromium, and starting it."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium: install it (Debian: apt-get install chromium-headless-shell) or name it in CHROMIUM"


def find() -> str | None:
    """Return the path of a Chromium, the same one that scripts/chromium.sh looks for."""
    wanted = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [wanted] if wanted else NAMES)), None)


@asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    """Run a Chromium that asks nobody for anything but the pages it is sent to."""
    arguments = ["--disable-background-networking", "--disable-component-update", "--font-render-hinting=none"]
    if os.getuid() == 0:
        arguments.append("--no-sandbox")  # its own sandbox refuses to start as root
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()
