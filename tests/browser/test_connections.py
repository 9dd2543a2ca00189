"""Settings → Connections: connecting a provider, testing it, changing it, removing it."""

from aiohttp import ClientSession
from playwright.async_api import expect

from tests.browser.site import Site
from tests.browser.window import OpenWindow, Window
from tests.conftest import Database
from tests.ingest.posts import text, unique, whatsapp

LIST = "/settings/connections"
SECRET = "a-secret-of-this-test"
UNPROCESSABLE = r"status of 422"


async def test_a_provider_is_connected_and_its_first_webhook_is_seen(open_window: OpenWindow, site: Site) -> None:
    window = await open_window(LIST)
    window.complaints.expected.append(UNPROCESSABLE)
    page = window.page
    await page.get_by_role("button", name="Connect a provider").click()
    await page.get_by_role("link", name="WhatsApp Cloud API").click()
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Some values are not right: they are marked.")
    await expect(page.locator("[data-field=app_secret] .field-fault")).to_have_text("This is needed.")
    await expect(page.get_by_label("App secret")).to_be_focused()
    await page.locator("[name=name]").fill("Shop")
    await page.locator("[name=app_secret]").fill(SECRET)
    await page.get_by_label("Address", exact=True).fill("106000000000999")
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_role("heading", name="Shop")).to_be_visible()
    await expect(page.get_by_text("Waiting for the first webhook…")).to_be_visible()
    connection = page.url.rpartition("/")[2]
    hook_url = f"{site.url}/hooks/{connection}"
    await expect(page.locator(".hook-url code")).to_have_text(hook_url)
    assert SECRET not in await page.content()
    hook = {
        "hook_url": hook_url,
        "credentials": {"app_secret": SECRET},
        "channels": [{"address": "106000000000999"}],
    }
    await site.post(whatsapp(hook, [text(unique())]))
    await expect(page.get_by_text("Last webhook")).to_be_visible()


async def test_the_self_test_says_what_is_wrong(open_window: OpenWindow, site: Site) -> None:
    connection = site.tenant.integration("twilio")["id"]
    window = await open_window(f"{LIST}/{connection}")
    await window.page.get_by_role("button", name="Test this connection").click()
    await expect(window.page.get_by_text("One thing is wrong.")).to_be_visible()
    await expect(window.page.locator("[data-check=public_url]")).to_contain_text("can't be reached from outside")
    await expect(window.page.locator("[data-check=signature]")).to_contain_text("is accepted")


async def test_a_connection_is_changed_switched_off_and_removed(open_window: OpenWindow, site: Site) -> None:
    connection = site.tenant.integration("postmark")["id"]
    window = await open_window(f"{LIST}/{connection}")
    page = window.page
    window.complaints.expected.append(UNPROCESSABLE)
    await page.get_by_label("Address", exact=True).fill("nobody")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("write it like support@example.org")).to_be_visible()
    await page.get_by_label("Address", exact=True).fill("Sales@example.org")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("button", name="Remove sales@example.org")).to_be_visible()
    await page.get_by_role("button", name="Remove sales@example.org").click()
    await expect(page.get_by_role("button", name="Remove sales@example.org")).to_have_count(0)
    await page.locator("[name=password]").fill(SECRET)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved")).to_be_visible()
    await expect(page.locator("[name=password]")).to_have_value("")
    await page.get_by_role("button", name="Switch off").click()
    await expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    await page.get_by_role("button", name="Remove this connection").click()
    await page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("button", name="Remove this connection").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    await expect(page.get_by_role("heading", name="Connections")).to_be_visible()
    await expect(page.locator(f"a[href$='{connection}']")).to_have_count(0)
    path = f"/api/v1/connections/{connection}"
    async with ClientSession(site.url) as client, client.get(path, headers=site.tenant.auth) as answer:
        assert answer.status == 404


async def test_who_may_not_change_connections_sees_them(
    open_window: OpenWindow, site: Site, database: Database
) -> None:
    await database.fetch("UPDATE memberships SET role = 'operator'")
    window = await open_window(LIST)
    await expect(window.page.get_by_text("Only owners and admins change connections.")).to_be_visible()
    await expect(window.page.get_by_role("button", name="Connect a provider")).to_have_count(0)
    await window.page.get_by_role("link", name="Twilio").first.click()
    await expect(window.page.get_by_text("Set up at the provider")).to_be_visible()
    for name in ("Save", "Add", "Remove this connection", "Switch off", "Test this connection"):
        await expect(window.page.get_by_role("button", name=name)).to_have_count(0)


async def test_keys_and_links_lead_there_and_back(window: Window) -> None:
    await window.page.keyboard.press("g")
    await window.page.keyboard.press("s")
    await expect(window.page.get_by_role("heading", name="Connections")).to_be_visible()
    await expect(window.page.get_by_role("link", name="Settings", exact=True)).to_have_attribute("aria-current", "page")
    await window.page.get_by_role("link", name="Inbox", exact=True).click()
    await expect(window.page.get_by_text("No messages have arrived yet")).to_be_visible()
    await window.page.go_back()
    await expect(window.page.get_by_role("heading", name="Connections")).to_be_visible()
