"""What providers post appears on the page by itself, and the same in every window."""

from playwright.async_api import expect

from tests.browser.answers import answer
from tests.browser.site import Site
from tests.browser.window import OpenWindow, Window
from tests.conftest import Database, Tenant
from tests.ingest.posts import Post, postmark, status, text, twilio, whatsapp


def wa(tenant: Tenant, external_id: str, body: str, at: int = 1767225600, sender: str = "12025550142") -> Post:
    """Return a WhatsApp message."""
    return whatsapp(tenant.integration("whatsapp_cloud"), [text(external_id, body, sender, at)])


def sms(tenant: Tenant, body: str, sender: str = "+12025550143") -> Post:
    """Return an SMS."""
    return twilio(tenant.integration("twilio"), From=sender, Body=body)


def mail(tenant: Tenant, body: str, message_id: str = "one@mail.example.org", answers: str | None = None) -> Post:
    """Return a mail, which may answer an earlier one."""
    headers = [("In-Reply-To", f"<{answers}>")] if answers else []
    return postmark(tenant.integration("postmark"), text_body=body, message_id=message_id, headers=headers)


async def test_an_empty_inbox_says_why_and_offers_samples(window: Window) -> None:
    await expect(window.page.get_by_text("No messages have arrived yet")).to_be_visible()
    await window.page.get_by_role("button", name="Send sample messages").click()
    await expect(window.rows).not_to_have_count(0)
    await expect(window.page.get_by_text("No messages have arrived yet")).to_be_hidden()
    await expect(window.rows).to_have_count(8, timeout=15_000)  # of twelve messages: ten people wrote, some twice


async def test_a_first_message_appears_in_the_list_and_the_next_in_the_open_thread(window: Window, site: Site) -> None:
    loads = 0

    def count(*_frame: object) -> None:
        nonlocal loads
        loads += 1

    tenant = site.tenant
    window.page.on("domcontentloaded", count)
    for number, (name, first, second) in enumerate(
        (
            ("WhatsApp", wa(tenant, "wamid.1", "First WhatsApp"), wa(tenant, "wamid.2", "Second WhatsApp")),
            ("SMS", sms(tenant, "First SMS"), sms(tenant, "Second SMS")),
            ("mail", mail(tenant, "First mail"), mail(tenant, "Second mail", "two@mail.test", "one@mail.example.org")),
        ),
        start=1,
    ):
        await site.post(first)
        await expect(window.row(f"First {name}")).to_be_visible()
        await window.open(f"First {name}")
        await expect(window.message(f"First {name}")).to_be_visible()
        await site.post(second)
        await expect(window.message(f"Second {name}")).to_be_visible()
        await expect(window.row(f"Second {name}")).to_be_visible()
        await expect(window.messages).to_have_count(2)
        await expect(window.rows).to_have_count(number)
    assert loads == 0


async def test_unread_messages_are_counted_until_somebody_looks(open_window: OpenWindow, site: Site) -> None:
    window, other = await open_window(), await open_window()
    await window.live()
    await other.live()
    await site.post(wa(site.tenant, "wamid.1", "One"), wa(site.tenant, "wamid.2", "Two"), sms(site.tenant, "Three"))
    for one in (window, other):
        await expect(one.row("Two")).to_contain_text("2 unread")
        await expect(one.page).to_have_title("(2) Postgate")
    await window.open("Two")
    for one in (window, other):
        await expect(one.row("Two")).not_to_contain_text("unread")
        await expect(one.row("Three")).to_contain_text("1 unread")
        await expect(one.page).to_have_title("(1) Postgate")
    await other.page.reload()
    await expect(other.row("Two")).not_to_contain_text("unread")


async def test_a_line_stands_above_what_is_new_and_stays_while_it_is_read(window: Window, site: Site) -> None:
    await site.post(wa(site.tenant, "wamid.1", "Old", 1767225600))
    await window.open("Old")
    await window.page.keyboard.press("Escape")
    await site.post(wa(site.tenant, "wamid.2", "New one", 1767225660), wa(site.tenant, "wamid.3", "Two", 1767225661))
    await expect(window.row("Two")).to_contain_text("2 unread")
    await window.open("Two")
    lines = window.thread.locator("[data-message], [data-unread-line]")
    await expect(lines).to_contain_text(["Old", "New", "New one", "Two"])
    await expect(window.row("Two")).not_to_contain_text("unread")
    await expect(window.thread.locator("[data-unread-line]")).to_have_text("New")


async def test_two_windows_show_the_same_and_so_does_a_reload(open_window: OpenWindow, site: Site) -> None:
    one, other = await open_window(), await open_window()
    await site.post(wa(site.tenant, "wamid.1", "Hello"))
    await one.open("Hello")
    await other.open("Hello")
    await site.post(
        sms(site.tenant, "By SMS", "+12025550142"),
        wa(site.tenant, "wamid.3", "Later", 1767225700),
        wa(site.tenant, "wamid.2", "Between", 1767225650),
        wa(site.tenant, "wamid.2", "Between", 1767225650),
        wa(site.tenant, "wamid.4", "From somebody else", sender="12025550155"),
    )
    for window in (one, other):
        await expect(window.rows).to_have_count(3)
        await expect(window.messages).to_have_count(3)
    seen = await one.sees()
    assert [line.count("Between") + 2 * line.count("Later") for line in seen.thread] == [0, 1, 2]
    assert await other.sees() == seen
    await other.page.reload()
    await expect(other.messages).to_have_count(3)
    assert await other.sees() == seen


async def test_a_name_that_is_told_later_shows_everywhere(window: Window, site: Site) -> None:
    await site.post(sms(site.tenant, "Nameless", "+12025550142"))
    await window.open("Nameless")
    await expect(window.page.get_by_role("heading", name="+1 202 555 0142").first).to_be_visible()
    await site.post(wa(site.tenant, "wamid.1", "Hello"))
    await expect(window.row("Nameless")).to_contain_text("Dana Reyes")
    await expect(window.page.get_by_role("heading", name="Dana Reyes").first).to_be_visible()
    await expect(window.rows).to_have_count(2)
    seen = await window.sees()
    await window.page.reload()
    await expect(window.messages).to_have_count(1)
    assert await window.sees() == seen


async def test_the_statuses_of_an_answer_arrive(open_window: OpenWindow, site: Site, database: Database) -> None:
    await site.post(wa(site.tenant, "wamid.1", "Are you open?"))
    await answer(database.admin_url, site.tenant, "wamid.1", "wamid.9", "We are, until six")
    window = await open_window()
    await window.open("We are, until six")
    ours = window.page.locator(".group.outbound")
    await expect(ours.get_by_role("img", name="Sent")).to_be_visible()
    for word, name in (("delivered", "Delivered"), ("read", "Read")):
        await site.post(whatsapp(site.tenant.integration("whatsapp_cloud"), statuses=[status("wamid.9", word)]))
        await expect(ours.get_by_role("img", name=name)).to_be_visible()
    seen = await window.sees()
    await window.page.reload()
    await expect(window.messages).to_have_count(2)
    assert await window.sees() == seen


async def test_a_hundred_messages_at_once_appear_once_and_in_order(window: Window, site: Site) -> None:
    await site.post(wa(site.tenant, "wamid.0", "number 0"))
    await window.open("number 0")
    batch = [text(f"wamid.{number}", f"number {number}", at=1767225600 + number) for number in range(1, 101)]
    await site.post(whatsapp(site.tenant.integration("whatsapp_cloud"), batch[50:] + batch[:60]))
    await expect(window.messages).to_have_count(101)
    said = await window.messages.locator(".text").all_inner_texts()
    assert said == [f"number {number}" for number in range(101)]


async def test_reading_further_up_is_not_disturbed(window: Window, site: Site) -> None:
    many = [text(f"wamid.{number}", f"number {number}", at=1767225600 + 400 * number) for number in range(40)]
    await site.post(whatsapp(site.tenant.integration("whatsapp_cloud"), many))
    await window.open("number 39")
    reading = window.messages.first  # a thread opens where the unread part of it begins
    await expect(reading).to_be_in_viewport()
    await window.page.get_by_role("button", name="Jump to latest").wait_for()
    before = await reading.bounding_box()
    await site.post(wa(site.tenant, "wamid.40", "Something new", 1767225600 + 16400))
    latest = window.page.get_by_role("button", name="1 new")
    await latest.wait_for()
    assert await reading.bounding_box() == before
    await latest.click()
    await expect(window.message("Something new")).to_be_in_viewport()
