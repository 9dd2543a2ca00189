"""What agents do with a conversation shows in every window; what sleeps wakes by itself."""

import pytest_asyncio
from playwright.async_api import Route, expect

from tests.api.agents import member
from tests.browser.site import Site
from tests.browser.test_login import NOT_LOGGED_IN
from tests.browser.window import OpenWindow, Window
from tests.conftest import Database, Tenant
from tests.ingest.posts import Post, text, whatsapp

TEAM = "INSERT INTO teams (tenant_id, id, name) VALUES ($1, gen_random_uuid(), 'Sales')"
LABEL = "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, gen_random_uuid(), 'Urgent', 'red')"
SOON = "UPDATE conversations SET snoozed_until = now() + interval '1 second' WHERE status = 'snoozed'"


def wa(tenant: Tenant, external_id: str, body: str) -> Post:
    """Return a WhatsApp message."""
    return whatsapp(tenant.integration("whatsapp_cloud"), [text(external_id, body, "12025550142", 1767225600)])


@pytest_asyncio.fixture(loop_scope="session")
async def kim(open_window: OpenWindow, site: Site, database: Database) -> Window:
    """The window of another agent."""
    _, token = await member(database, site.tenant, "Kim Lee")
    window = await open_window(logged_in=False)
    window.complaints.expected.append(NOT_LOGGED_IN)
    cookie = {"name": "postgate_session", "value": token, "url": site.url}
    await window.page.context.add_cookies([cookie])  # type: ignore[list-item] # as documented
    await window.page.goto("/")
    await window.live()
    return window


async def test_what_one_agent_takes_shows_in_the_others_window_and_is_not_taken_unawares(
    kim: Window, window: Window, site: Site
) -> None:
    await site.post(wa(site.tenant, "wamid.1", "Two hats, please"))
    for one in (window, kim):
        await one.open("Two hats")
    await kim.page.keyboard.press("t")
    await expect(window.page.get_by_role("button", name="Assigned to Kim Lee")).to_be_visible()
    await expect(window.thread.get_by_text("Kim Lee took this")).to_be_visible()
    await expect(kim.thread.get_by_text("Kim Lee (you) took this")).to_be_visible()
    await window.page.keyboard.press("a")
    await window.page.get_by_role("menuitemradio", name="Nobody").first.click()
    await expect(kim.page.get_by_role("button", name="Assign", exact=True)).to_be_visible()
    await expect(kim.thread.get_by_text("gave this back")).to_be_visible()

    changes: list[str] = []

    async def let_kim_be_faster(route: Route) -> None:
        if route.request.method == "PATCH" and not changes:
            changes.append(route.request.url)
            await kim.page.keyboard.press("t")
            await expect(kim.page.get_by_role("button", name="Assigned to Kim Lee")).to_be_visible()
            await expect(window.thread.get_by_text("Kim Lee took this")).to_have_count(2)
        await route.continue_()

    window.complaints.expected.append("status of 412")
    await window.page.route("**/conversations/cnv_*", let_kim_be_faster)
    await window.page.keyboard.press("t")
    await expect(window.page.get_by_role("alert")).to_contain_text("It is now: Assigned to Kim Lee.")
    await window.page.get_by_role("button", name="Change it all the same").click()
    await expect(window.thread.get_by_text("(you) took this")).to_be_visible()
    await expect(window.page.get_by_role("alert")).to_have_count(0)
    await expect(kim.page.get_by_role("button", name="Assigned to Kim Lee")).to_have_count(0)


async def test_what_is_snoozed_wakes_by_itself(kim: Window, window: Window, site: Site, database: Database) -> None:
    await site.post(wa(site.tenant, "wamid.1", "Two hats, please"))
    for one in (window, kim):
        await one.open("Two hats")
    await window.page.keyboard.press("s")
    await window.page.get_by_role("menuitem", name="Tomorrow morning").click()
    await expect(kim.page.locator(".status-chip")).to_contain_text("Until")
    await expect(kim.thread.get_by_text("snoozed this until")).to_be_visible()
    await database.fetch(SOON)
    await expect(kim.thread.get_by_text("Opened again: its time has come")).to_be_visible()
    for one in (window, kim):
        await expect(one.page.locator(".status-chip")).to_have_count(0)


async def test_a_time_of_ones_own_must_be_ahead(window: Window, site: Site) -> None:
    await site.post(wa(site.tenant, "wamid.1", "Two hats, please"))
    await window.open("Two hats")
    await window.page.keyboard.press("s")
    await window.page.get_by_role("menuitem", name="Another time…").click()
    dialog = window.page.get_by_role("dialog", name="Snooze until")
    await dialog.get_by_label("Date and time").fill("2020-01-01T09:00")
    await dialog.get_by_role("button", name="Snooze", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("still to come")
    await dialog.get_by_label("Date and time").fill("2027-01-04T09:00")
    await dialog.get_by_role("button", name="Snooze", exact=True).click()
    await expect(dialog).to_be_hidden()
    await expect(window.page.locator(".status-chip")).to_contain_text("4 Jan 2027")


async def test_a_conversation_is_worked_on_by_key_alone(window: Window, site: Site, database: Database) -> None:
    await database.fetch(TEAM, site.tenant.id)
    await database.fetch(LABEL, site.tenant.id)
    await window.page.reload()
    await site.post(wa(site.tenant, "wamid.1", "Two hats, please"))
    await window.open("Two hats")
    press = window.page.keyboard.press
    await press("l")
    await press("Enter")
    await expect(window.page.locator(".thread-head .label-chip")).to_have_text("Urgent")
    await expect(window.thread.get_by_text("added Urgent")).to_be_visible()
    await press("e")
    await expect(window.thread.get_by_text("resolved this")).to_be_visible()
    await press("e")
    await expect(window.thread.get_by_text("opened this again")).to_be_visible()
    await press("u")
    await expect(window.page.get_by_text("No conversation selected")).to_be_visible()
    await expect(window.row("Two hats")).to_contain_text("1 unread")


async def test_who_else_is_here_and_who_writes_is_seen(kim: Window, window: Window, site: Site) -> None:
    await site.post(wa(site.tenant, "wamid.1", "Two hats, please"))
    await window.open("Two hats")
    await kim.open("Two hats")
    await expect(window.page.get_by_text("Also here: Kim Lee")).to_be_visible()
    await kim.page.keyboard.press("Escape")
    await expect(window.page.get_by_text("Also here")).to_be_hidden()


async def test_what_all_share_is_kept_in_the_settings(kim: Window, window: Window, site: Site) -> None:
    assert site
    page = window.page
    await page.goto("/settings/labels")
    await page.get_by_role("button", name="New label").click()
    await page.get_by_label("Name").fill("Refund")
    await page.get_by_text("Violet").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".item").filter(has_text="Refund")).to_be_visible()
    await page.goto("/settings/teams")
    await page.get_by_role("button", name="New team").click()
    await page.get_by_label("Name").fill("Support")
    await page.get_by_label("Kim Lee").check()
    await page.get_by_label("Hand out in turn").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".item").filter(has_text="Support")).to_contain_text("Kim Lee")
    await page.goto("/settings/canned")
    await page.get_by_role("button", name="New canned reply").click()
    await page.get_by_label("Shortcut").fill("hi")
    await page.get_by_label("Name", exact=True).fill("Greeting")
    await page.get_by_label("Text").fill("Hello ")
    await page.get_by_role("button", name="Customer’s first name").click()
    await page.get_by_role("button", name="Save").click()
    row = page.locator(".item").filter(has_text="Greeting")
    await expect(row).to_contain_text("Hello {{customer.first_name}}")
    await row.get_by_role("button", name="Remove Greeting").click()
    await page.get_by_role("button", name="Remove it").click()
    await expect(row).to_be_hidden()
    await kim.page.goto("/settings/labels")  # an operator reads them, and changes none
    await expect(kim.page.locator(".item").filter(has_text="Refund")).to_be_visible()
    await expect(kim.page.get_by_role("button", name="New label")).to_have_count(0)
