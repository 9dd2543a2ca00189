"""Settings → Endpoints and Deliveries, with a receiver who really gets what is sent."""

import re
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Page, expect

from gateway.settings import Settings
from tests.browser.site import Site
from tests.browser.window import OpenWindow
from tests.delivery.receiving import Receiver, receiving, verify

ENDPOINTS = "/settings/endpoints"
OWN_SECRET = f"whsec_{'A' * 42}8="
ANSWERED = re.compile(r"Answered 204 after .+s\.")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A gateway that may call this machine, where the receiver is."""
    return settings.model_copy(update={"allow_private": (ip_network("127.0.0.0/8"),)})


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    """A program of an integrator's."""
    async with receiving() as made:
        yield made


async def happen(site: Site, name: str) -> None:
    """Let something happen that the log tells of."""
    async with ClientSession(site.url, headers=site.tenant.auth) as client:
        body = {"name": name, "color": "green"}
        async with client.post("/api/v1/labels", json=body) as answer:
            assert answer.status == 201, await answer.text()


async def told_secret(page: Page) -> str:
    """Return the secret that is shown this once, and close what shows it."""
    dialog = page.get_by_role("dialog", name="Copy the signing secret now")
    secret = await dialog.locator(".code-line code").text_content()
    assert secret is not None
    await dialog.get_by_role("button", name="I have copied it").click()
    await expect(dialog).to_have_count(0)
    assert secret not in await page.content()
    return secret


async def make(page: Page, url: str) -> str:
    """Make an endpoint for what happens to labels, looking at what it would have got; returns its secret."""
    await page.get_by_role("button", name="Add an endpoint").click()
    await page.get_by_label("URL", exact=True).fill(url)
    await page.get_by_label("Description").fill("Shop")
    await page.get_by_label("Only these").check()
    await page.get_by_label("Everything on label").check()
    await page.get_by_role("button", name="Compare").click()
    await expect(page.locator(".dry-run-sum")).to_have_text(re.compile(r"events 1 would have been sent\.$"))
    await page.get_by_role("button", name="Create the endpoint").click()
    secret = await told_secret(page)
    await expect(page.get_by_role("heading", name="Shop")).to_be_visible()
    return secret


async def test_an_endpoint_from_its_making_to_its_end(open_window: OpenWindow, site: Site, receiver: Receiver) -> None:
    window = await open_window(ENDPOINTS)
    page = window.page
    await happen(site, "Before")
    secret = await make(page, receiver.url)

    await page.get_by_role("button", name="Send a test event").click()
    await expect(page.get_by_text(ANSWERED)).to_be_visible()
    [ping] = receiver.receipts
    verify(ping, secret)
    await page.keyboard.press("Escape")

    await happen(site, "Sent")
    await receiver.wait_for_count(2)
    await page.get_by_role("button", name="Deliveries", exact=True).click()
    row = page.get_by_role("link", name=re.compile("label.updated"))
    await expect(row).to_contain_text("Delivered")
    await row.click()
    await expect(page.get_by_text("Attempt 1")).to_be_visible()
    await expect(page.locator(".exchange")).to_contain_text(receiver.receipts[-1].headers["webhook-id"])
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("Attempt 2")).to_be_visible()
    await page.get_by_role("link", name="Shop").click()

    await disable_and_enable(page, site, receiver)

    await page.get_by_role("button", name="Rotate the secret").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("checkbox")).to_have_count(0)  # nobody has what is made here
    await dialog.get_by_label("Own signing secret").fill(OWN_SECRET)
    await dialog.get_by_role("button", name="Rotate", exact=True).click()
    await expect(page.get_by_text(ANSWERED)).to_be_visible()
    assert await told_secret(page) == OWN_SECRET != secret
    verify(receiver.receipts[-1], OWN_SECRET)
    await expect(page.get_by_text("Also used until")).to_be_visible()

    await page.get_by_role("button", name="Replay events").click()
    await page.get_by_label("Which").select_option("By number")
    await page.get_by_label("From event").fill("1")
    await page.get_by_role("button", name="Begin").click()
    await expect(page.locator(".recovery[data-status=done]")).to_contain_text("3 to be sent")
    await receiver.wait_for_count(8)

    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("Description").fill("Shop in town")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Shop in town")).to_be_visible()

    await page.get_by_role("button", name="Delete this endpoint").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    await expect(page.get_by_text("No program is told of anything yet")).to_be_visible()


async def disable_and_enable(page: Page, site: Site, receiver: Receiver) -> None:
    """See what is held while an endpoint is disabled, and that it comes once it is enabled."""
    before = len(receiver.receipts)
    await page.get_by_role("button", name="Disable").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(page.get_by_text("This endpoint is disabled")).to_be_visible()
    await happen(site, "Held")
    await page.get_by_role("button", name="Deliveries", exact=True).click()
    await page.get_by_role("link", name=re.compile("Held: its endpoint is disabled")).click()
    await page.get_by_role("button", name="Why?").click()
    await expect(page.locator(".why-answer")).to_contain_text("It is held back")
    assert len(receiver.receipts) == before
    await page.get_by_role("link", name="Shop").click()
    await page.get_by_role("button", name="Enable").click()
    await expect(page.get_by_text("This endpoint is disabled")).to_have_count(0)
    await receiver.wait_for_count(before + 1)
