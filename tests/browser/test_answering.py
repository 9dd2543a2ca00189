"""Answering a customer in the page, with a simulator for the providers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import expect

from gateway.demo import tenant as demo_tenant
from gateway.demo.templates import fetch_templates
from gateway.settings import Settings
from gateway.simulator.accounts import accounts_of
from gateway.simulator.providers import IMITATIONS
from gateway.simulator.server import Serving, serve_simulator
from tests.browser.axe import grave_findings
from tests.browser.site import Site
from tests.browser.test_live import sms, wa
from tests.browser.window import Window
from tests.conftest import Database, Tenant
from tests.files.samples import png
from tests.ingest.posts import postmark

FIELD = "#composer-field"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A gateway that may call this machine, where the simulator is."""
    return settings.model_copy(update={"allow_private": (ip_network("127.0.0.0/8"),), "files_dir": tmp_path / "files"})


@pytest_asyncio.fixture(loop_scope="session")
async def simulator(settings: Settings, tenant: Tenant) -> AsyncIterator[Serving]:
    """The providers: whoever is written to answers at once."""
    async with serve_simulator(lambda: datetime.now(UTC), scale=0) as serving:
        app_url = settings.database_url.get_secret_value()
        await demo_tenant.lead_to(app_url, tenant.facts, IMITATIONS, serving.url)
        serving.simulator.know(accounts_of(tenant.ready))
        yield serving


async def told(serving: Serving, recipient: str, **behaviour: object) -> None:
    """Tell the simulator how to treat a recipient."""
    order = {"recipient": recipient, "behaviour": behaviour}
    async with ClientSession(serving.url) as client, client.post("/simulator/behaviour", json=order) as answer:
        assert answer.status == 200, await answer.text()


def now() -> int:
    """Return the time of a message that keeps WhatsApp's window open, in seconds."""
    return int(datetime.now(UTC).timestamp()) - 60


async def write(window: Window, text: str) -> None:
    """Write into the field and send it by key."""
    await window.page.locator(FIELD).fill(text)
    await window.page.locator(FIELD).press("Enter")


async def test_the_first_answer_gets_its_ticks_and_the_customers_answer(
    simulator: Serving, window: Window, site: Site, tenant: Tenant
) -> None:
    await told(simulator, "+12025550142", delay=1)
    await site.post(wa(tenant, "wamid.1", "Is the oak table in stock?", now()))
    await window.open("oak table")
    await window.page.keyboard.press("r")
    await window.page.keyboard.type("Yes. Would Friday do?")
    await window.page.keyboard.press("Shift+Enter")
    await window.page.keyboard.type("We deliver.")
    await window.page.keyboard.press("Enter")
    ours = window.message("We deliver.")
    await expect(ours).to_have_count(1)  # at once: the provider takes a second
    await expect(window.page.locator(FIELD)).to_have_value("")
    await expect(window.page.get_by_role("img", name="Read")).to_be_visible()
    await expect(ours).to_have_count(1)
    await expect(window.message("Great, I'll be at home.")).to_be_visible()
    assert await window.page.locator(".message.waiting").count() == 0
    assert await grave_findings(window.page) == []


async def test_what_failed_is_said_and_sent_again(
    simulator: Serving, window: Window, site: Site, tenant: Tenant
) -> None:
    await site.post(sms(tenant, "Is it there yet?", sender="+12025550191"))
    await window.open("there yet")
    await write(window, "It left today.")
    failure = window.page.get_by_text("Not delivered:")
    await expect(failure).to_be_visible()
    await told(simulator, "+12025550191", replies=False)
    await window.page.get_by_role("button", name="Retry").click()
    await expect(window.page.get_by_role("img", name="Delivered")).to_be_visible()
    await expect(failure).to_be_hidden()
    await expect(window.message("It left today.")).to_have_count(1)
    await told(simulator, "+12025550191", refuse="busy", retry_after=600)
    await write(window, "And one thing more.")
    await window.page.get_by_role("button", name="Take it back").click()
    await expect(window.page.get_by_text("taken back before it went out")).to_be_visible()
    await expect(window.page.locator(FIELD)).to_have_value("And one thing more.")
    assert await grave_findings(window.page) == []


async def test_nobody_knows_whether_it_was_sent_and_sends_it_anyway(
    simulator: Serving, window: Window, site: Site, tenant: Tenant
) -> None:
    await site.post(sms(tenant, "Is it there yet?", sender="+12025550195"))
    await window.open("there yet")
    await write(window, "It left today.")
    again = window.page.get_by_role("button", name="Send again anyway")
    await expect(again).to_be_visible()
    await told(simulator, "+12025550195", replies=False)
    await again.click()
    await expect(window.page.get_by_role("img", name="Delivered")).to_be_visible()


@pytest.mark.usefixtures("simulator")
async def test_a_gateway_that_is_away_costs_no_words(window: Window, site: Site, tenant: Tenant) -> None:
    window.complaints.expected += [r"ERR_CONNECTION_REFUSED", r"WebSocket connection"]
    await site.post(sms(tenant, "Is it there yet?"))
    await window.open("there yet")
    await site.stop()
    await write(window, "It left today.")
    await expect(window.page.get_by_text("Not sent: The gateway can't be reached.")).to_be_visible()
    await window.page.get_by_role("button", name="Edit").click()
    await expect(window.page.locator(FIELD)).to_have_value("It left today.")
    await write(window, "It left this morning.")
    await expect(window.page.get_by_text("Not sent:")).to_be_visible()
    await site.start()
    await window.live()
    await window.page.get_by_role("button", name="Retry").click()
    await expect(window.page.get_by_role("img", name="Delivered")).to_be_visible()
    await expect(window.message("It left this morning.")).to_have_count(1)


async def test_a_closed_window_takes_a_template(
    simulator: Serving, window: Window, site: Site, tenant: Tenant, database: Database
) -> None:
    await fetch_templates({**tenant.ready, "base_url": site.url})
    yesterday = int((datetime.now(UTC) - timedelta(hours=25)).timestamp())
    await site.post(wa(tenant, "wamid.1", "Is the oak table in stock?", yesterday))
    await window.open("oak table")
    await expect(window.page.get_by_text("The 24-hour window is closed.")).to_be_visible()
    await expect(window.page.locator(FIELD)).to_have_count(0)
    await window.page.get_by_role("button", name="Choose a template").click()
    await window.page.get_by_role("button", name="order update en_US").click()
    await window.page.get_by_label("Text for 1").fill("Dana")
    await window.page.get_by_label("Text for 2").fill("20931")
    await window.page.get_by_role("button", name="Send template").click()
    sent = window.message("Hello Dana, your order 20931 is on its way.")
    await expect(sent).to_have_count(1)
    await expect(window.page.get_by_role("img", name="Read")).to_be_visible()
    await expect(window.page.locator(FIELD)).to_be_visible()  # the customer answered
    assert simulator.simulator.taken[-1].message.text == "Hello Dana, your order 20931 is on its way."
    assert await database.value("SELECT count(*) FROM messages WHERE direction = 'outbound'") == 1
    await window.page.get_by_role("button", name="Choose a template").click()
    dialog = window.page.get_by_role("dialog", name="Send a template")
    await dialog.get_by_role("button", name="left at the door en_US").click()
    await dialog.get_by_label("Picture above the text").set_input_files(
        {"name": "door.png", "mimeType": "image/png", "buffer": png()}
    )
    await dialog.get_by_label("Text for 1").fill("Dana")
    await dialog.get_by_label("Show the order").fill("20931")
    await expect(dialog.get_by_text("https://shop.example.org/orders/20931")).to_be_visible()
    assert await grave_findings(window.page) == []
    await dialog.get_by_role("button", name="Send template").click()
    sent = window.message("we left your order at the door")
    await expect(sent.get_by_role("button", name="Open door.png")).to_be_visible()
    # It has ticks of its own, or those of its group: the answer to the first, whose time is in whole seconds, may stand
    # above both.
    group = window.page.locator(".group.outbound", has_text="we left your order at the door")
    await expect(group.get_by_role("img", name="Read")).to_be_visible()


async def test_a_note_stays_inside_and_a_draft_is_there_in_the_next_window(
    simulator: Serving, window: Window, site: Site, tenant: Tenant
) -> None:
    await site.post(sms(tenant, "Is it there yet?"))
    await window.open("there yet")
    await window.page.keyboard.press("n")
    await window.page.keyboard.type("Ask the driver first")
    await window.page.keyboard.press("Enter")
    note = window.message("Ask the driver first")
    await expect(note).to_have_count(1)
    await note.get_by_role("button", name="Edit this note").click()
    await window.page.get_by_role("textbox", name="Edit this note").fill("Ask Jo first")
    await window.page.keyboard.press("Enter")
    note = window.message("Ask Jo first")
    await expect(note).to_contain_text("Edited")
    await window.page.get_by_role("button", name="Reply", exact=True).click()
    # What was written of the note is kept, too: only the draft that is waited for counts.
    async with window.page.expect_response(lambda answer: "We are looking" in (answer.request.post_data or "")):
        await window.page.locator(FIELD).fill("We are looking")
    await window.page.reload()
    await expect(window.page.locator(FIELD)).to_have_value("We are looking")
    await note.get_by_role("button", name="Delete this note").click()
    await note.get_by_role("button", name="Delete it for good").click()
    await expect(window.page.get_by_text("This note was deleted.")).to_be_visible()
    assert not simulator.simulator.taken


async def test_a_mail_is_answered_with_copies_and_what_it_answers(
    simulator: Serving, window: Window, site: Site, tenant: Tenant
) -> None:
    page = window.page
    await site.post(postmark(tenant.integration("postmark"), text_body="Where is my order?"))
    await window.open("Order 1043")
    await page.get_by_role("button", name="Cc", exact=True).click()
    await page.get_by_label("Cc", exact=True).fill("jo@example.org, kim")
    await page.get_by_label("Cc", exact=True).press("Enter")
    await expect(page.get_by_text("kim is no mail address.")).to_be_visible()
    await page.get_by_role("button", name="Remove kim").click()
    past = page.locator(".composer-past")
    await expect(past).to_have_count(0)
    await page.get_by_role("button", name="Show quoted text").click()
    await expect(past).to_contain_text("Where is my order?")
    await expect(past).to_contain_text("Jane Doe <jane@example.org> wrote:")
    assert await grave_findings(page) == []
    await write(window, "On its way.")
    sent = page.locator(".mail.outbound")
    await expect(sent).to_contain_text("cc jo@example.org")
    frame = sent.frame_locator("iframe")
    await expect(frame.get_by_text("On its way.")).to_be_visible()
    await expect(frame.get_by_text("Where is my order?")).to_be_hidden()
    await sent.get_by_role("button", name="Show quoted text").click()
    await expect(frame.get_by_text("Where is my order?")).to_be_visible()
    await expect(sent.get_by_role("img", name="Delivered")).to_be_visible()
    assert simulator.simulator.taken[-1].message.text.endswith("wrote:\n> Where is my order?")


async def test_files_go_with_a_message(simulator: Serving, window: Window, site: Site, tenant: Tenant) -> None:
    await site.post(wa(tenant, "wamid.1", "May I see it?", now()))
    await window.open("May I see it")
    await window.page.locator("input[type=file]").set_input_files(
        {"name": "desk.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
    )
    await expect(window.page.locator(".composer-upload")).to_contain_text("desk.pdf")
    await expect(window.page.locator(".composer-upload-state")).to_contain_text("B")
    await write(window, "Here it is")
    await expect(window.message("desk.pdf")).to_have_count(1)
    await expect(window.page.get_by_role("img", name="Read")).to_be_visible()
    assert simulator.simulator.taken[-1].message.text == "Here it is"
