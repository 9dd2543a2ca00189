"""Searching by key: results while one types, and the message that was found among its neighbours."""

import asyncpg
import pytest
from playwright.async_api import Locator, Page, expect

from gateway.parts import now
from gateway.seed import sow
from tests.browser.site import Site
from tests.browser.window import Window
from tests.conftest import Database, Tenant
from tests.ingest.posts import text, whatsapp

THREAD = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, text, preview, status,
    occurred_at, received_at)
SELECT c.tenant_id, gen_random_uuid(), c.id, c.channel_id, 'inbound', h.kind, 'text', t.text, t.text, 'received', t.at,
    t.at
FROM conversations c
JOIN channels h ON h.tenant_id = c.tenant_id AND h.id = c.channel_id
CROSS JOIN generate_series(1, 400) n
CROSS JOIN LATERAL (
    SELECT CASE WHEN n = 250 THEN 'Where is the unmistakable accordion?' ELSE 'Line number ' || n END AS text,
        c.last_message_at - n * interval '1 hour' AS at) t
WHERE c.tenant_id = $1 AND c.id = (
    SELECT id FROM conversations WHERE tenant_id = $1 ORDER BY last_message_at DESC LIMIT 1)
"""


def results(page: Page) -> Locator:
    """What was found."""
    return page.get_by_role("listbox", name="Results").get_by_role("option")


@pytest.fixture
async def busy(database: Database, tenant: Tenant) -> None:
    """A tenant with months of conversations, one of them long."""
    connection = await asyncpg.connect(database.app_url)
    await sow(connection, tenant.id, 120, 1500, now=now())
    await connection.close()
    await database.fetch(THREAD, tenant.id)
    connection = await asyncpg.connect(database.app_url)
    await connection.execute("SELECT set_config('app.tenant_id', $1, false)", str(tenant.id))
    await connection.execute("SELECT search_from_rows()")
    await connection.close()


@pytest.mark.usefixtures("busy")
async def test_a_message_far_back_is_found_by_key_and_the_latest_is_one_step_away(window: Window) -> None:
    page = window.page
    await expect(window.rows).not_to_have_count(0)
    await page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search messages, customers and subjects")
    await expect(field).to_be_focused()
    await page.keyboard.type("unmistakable accord")
    option = results(page)
    await expect(option).to_have_count(1)
    await expect(option.locator("mark")).to_have_text(["unmistakable", "accordion"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    found = window.message("Where is the unmistakable accordion?")
    await expect(found).to_be_in_viewport()
    await expect(window.message("Line number 251")).to_be_visible()
    latest = page.get_by_role("button", name="Jump to latest")
    await expect(latest).to_be_visible()
    # Scrolling down reads on towards the newest message, without a jump.
    for _ in range(60):
        await page.get_by_role("region", name="Messages").evaluate("pane => pane.scrollBy(0, 3000)")
        if await window.message("Line number 1").count():
            break
        await page.wait_for_timeout(50)
    await expect(window.message("Line number 2").first).to_be_attached()
    await page.keyboard.press("/")
    await expect(field).to_have_value("unmistakable accord")
    await page.keyboard.press("Enter")
    await expect(found).to_be_in_viewport()
    await latest.click()
    await expect(window.message("Line number 1")).to_have_count(11)  # 1, and 10 to 19
    await expect(latest).to_be_hidden()


@pytest.mark.usefixtures("busy")
async def test_results_are_narrowed_walked_through_and_remembered(window: Window) -> None:
    page = window.page
    await expect(window.rows).not_to_have_count(0)
    await page.get_by_role("button", name="Search everything").first.click()
    await page.keyboard.type("order")
    options = results(page)
    await expect(options.first).to_be_visible()
    await expect(page.get_by_role("group", name="Messages")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.get_by_text("Messages", exact=True).first.click()
    await expect(options).to_have_count(21)
    await options.last.click()  # more messages
    await expect(options).to_have_count(41)
    await page.get_by_role("combobox", name="From anybody").select_option("outbound")
    await expect(options.first).to_contain_text("You:")
    await options.nth(2).click()
    await expect(window.messages).not_to_have_count(0)
    await page.keyboard.press("/")
    await page.get_by_role("button", name="Clear the search").click()
    await page.get_by_role("button", name="order", exact=True).click()
    await expect(options.first).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_what_was_just_written_is_found_and_nothing_is_called_nothing(window: Window, site: Site) -> None:
    page = window.page
    await site.post(whatsapp(site.tenant.integration("whatsapp_cloud"), [text("wamid.1", "An old xylophone")]))
    await expect(window.rows).to_have_count(1)
    await page.keyboard.press("/")
    await page.keyboard.type("xylo")
    await expect(results(page)).to_have_count(1)
    await page.keyboard.type("rimba")
    await expect(page.get_by_text("Nothing found for “xylorimba”")).to_be_visible()
