"""What a customer may ask for of their data, from the card to the archive and the certificate."""

import zipfile
from pathlib import Path

import orjson
from playwright.async_api import expect

from tests.api.agents import member
from tests.browser.site import Site
from tests.browser.test_customers import two_customers
from tests.browser.window import OpenWindow, Window
from tests.conftest import Database

NAME = "Dana Reyes"


async def ask_for(window: Window, button: str) -> None:
    """Open a customer's card, and what asks for something of theirs."""
    await window.go("/customers")
    await window.page.locator("a.customer-row").filter(has_text=NAME).click()
    await window.page.get_by_role("button", name=button).click()


async def download_by(window: Window, role: str, name: str) -> Path:
    """Press what downloads something, and return where it was saved."""
    async with window.page.expect_download() as download:
        await window.page.locator(".request-do").get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
    return Path(await (await download.value).path())


async def test_a_customers_data_is_exported_and_erased(open_window: OpenWindow, site: Site, database: Database) -> None:
    await two_customers(site)
    _, token = await member(database, site.tenant, "Vic", "viewer")
    window, other = await open_window(), await open_window(token=token)
    window.complaints.expected.append("status of 404")  # who goes back before the erasure was told asks for the card
    page = window.page
    await window.live()
    await other.open("Is it blue?")

    await ask_for(window, "Export data")
    await page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()
    await expect(page.get_by_text("The archive is ready")).to_be_visible()
    with zipfile.ZipFile(await download_by(window, "button", "Download")) as archive:
        assert b"Is it blue?" in archive.read("data/messages.json")

    await ask_for(window, "Erase…")
    dialog = page.get_by_role("dialog")
    erase = dialog.get_by_role("button", name="Erase for good")
    await expect(erase).to_be_disabled()
    await dialog.get_by_label("to confirm").fill("Dana")
    await expect(erase).to_be_disabled()
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("to confirm").fill(f" {NAME} ")
    await erase.click()
    await expect(page.get_by_text("Erased:")).to_be_visible()
    certificate = orjson.loads((await download_by(window, "link", "Certificate")).read_bytes())
    assert certificate["sha256"]
    assert NAME not in str(certificate)
    await page.get_by_text("What went, and what stays").click()
    await expect(page.get_by_role("cell", name="Messages, internal notes and lines on what happened")).to_be_visible()
    await expect(page.get_by_role("cell", name="This request")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_text("This customer was erased.")).to_be_visible()
    await window.go("/settings/privacy")
    await page.reload()
    await expect(page.locator(".request-card[data-state=done]")).to_have_count(2)
    await expect(page.get_by_text(NAME)).to_have_count(0)
    await expect(page.get_by_role("button", name="Download")).to_have_count(0)

    await expect(other.row("Is it blue?")).to_have_count(0)
    await other.go("/settings/privacy")
    await expect(other.page.get_by_role("alert")).to_be_visible()
    await expect(other.page.get_by_role("link", name="Privacy")).to_have_count(0)
    await other.go("/customers")
    await other.page.locator("a.customer-row").first.click()
    await expect(other.page.get_by_role("button", name="Timeline")).to_be_visible()
    for what in ("Export data", "Erase…"):
        await expect(other.page.get_by_role("button", name=what)).to_have_count(0)
