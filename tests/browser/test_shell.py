"""What holds the page together: views, many at once, the palette, keys alone, another language, raw webhooks."""

import re

from playwright.async_api import expect

from tests.api.agents import member
from tests.browser.site import Site
from tests.browser.test_live import mail, sms, wa
from tests.browser.window import OpenWindow, Window
from tests.conftest import Database


async def three(window: Window, site: Site) -> None:
    """Have three customers write."""
    await site.post(wa(site.tenant, "wamid.1", "First"), sms(site.tenant, "Second"), mail(site.tenant, "Third"))
    await expect(window.rows).to_have_count(3)


async def select(window: Window, *texts: str) -> None:
    """Select the rows that say these."""
    for text in texts:
        line = window.page.locator(".rows > li").filter(has_text=text)
        await line.get_by_role("checkbox").click()


async def test_many_conversations_are_changed_at_once_and_every_window_sees_it(
    open_window: OpenWindow, site: Site
) -> None:
    window, other = await open_window(), await open_window()
    await three(window, site)
    await expect(other.rows).to_have_count(3)
    await select(window, "First", "Second")
    bar = window.page.get_by_role("toolbar", name="Selected conversations")
    await expect(bar).to_contain_text("2 selected")
    await bar.get_by_role("button", name="Resolve").click()
    for page in (window, other):
        await expect(page.rows).to_have_count(1)
        await expect(page.row("Third")).to_be_visible()
    await expect(bar).to_be_hidden()
    await window.page.get_by_role("link", name="Resolved").click()
    await expect(window.rows).to_have_count(2)


async def test_conversations_are_assigned_and_found_under_mine(window: Window, site: Site) -> None:
    await three(window, site)
    await select(window, "Second")
    await window.page.get_by_role("button", name="Assign", exact=True).click()
    await window.page.get_by_role("menuitem", name="(you)").click()
    await expect(window.row("Second")).to_contain_text("Assigned to")
    mine = window.page.get_by_role("link", name="Mine")
    await expect(mine).to_contain_text("1")
    await mine.click()
    await expect(window.rows).to_have_count(1)
    await expect(window.page).to_have_url(f"{site.url}/?view=mine")
    await window.page.get_by_role("link", name="Unassigned").click()
    await expect(window.rows).to_have_count(2)


async def test_filters_are_in_the_address_and_kept_as_a_view(open_window: OpenWindow, site: Site) -> None:
    window = await open_window()
    await three(window, site)
    await window.page.get_by_role("button", name="Filter").click()
    form = window.page.get_by_role("dialog", name="Filter this view")
    await form.get_by_label("Channel").select_option(site.tenant.integration("twilio")["channels"][0]["id"])
    await form.get_by_label("Order").select_option("oldest")
    await window.page.keyboard.press("Escape")
    await expect(window.rows).to_have_count(1)
    await expect(window.page).to_have_url(re.compile(r"\?channel=ch_\w+&sort=oldest$"))
    await window.page.reload()
    await expect(window.rows).to_have_count(1)
    await window.page.get_by_role("button", name="Save as a view").click()
    sheet = window.page.get_by_role("dialog", name="Save these filters")
    await sheet.get_by_label("Name").fill("One channel")
    await sheet.get_by_label("For everybody").check()
    await sheet.get_by_role("button", name="Save").click()
    await expect(sheet).to_be_hidden()
    await expect(window.page).to_have_url(re.compile(r"/\?view=view_\w+$"))
    other = await open_window()
    await other.page.get_by_role("link", name="One channel").click()
    await expect(other.rows).to_have_count(1)
    await window.page.get_by_role("button", name="Change this view").click()
    sheet = window.page.get_by_role("dialog", name="Change this view")
    await sheet.get_by_label("Name").fill("Renamed")
    await sheet.get_by_role("button", name="Save").click()
    await expect(other.page.get_by_role("link", name="Renamed")).to_be_visible()
    await window.page.get_by_role("button", name="Change this view").click()
    await sheet.get_by_role("button", name="Delete this view").click()
    await sheet.get_by_role("button", name="Delete it for good").click()
    await expect(window.page).to_have_url(f"{site.url}/")
    await expect(other.page.get_by_role("link", name="Renamed")).to_be_hidden()


async def test_a_day_by_keys_alone(window: Window, site: Site) -> None:
    await three(window, site)
    keys = window.page.keyboard
    await keys.press("j")
    await keys.press("x")
    await keys.press("j")
    await keys.press("Shift+X")
    bar = window.page.get_by_role("toolbar", name="Selected conversations")
    await expect(bar).to_contain_text("2 selected")
    await keys.press("Escape")
    await expect(bar).to_be_hidden()
    await keys.press("Enter")
    await window.messages.first.wait_for()
    await keys.press("Escape")
    await expect(window.page).to_have_url(f"{site.url}/")
    await keys.press("g")
    await keys.press("m")
    await expect(window.page).to_have_url(f"{site.url}/?view=mine")
    await keys.press("ControlOrMeta+k")
    palette = window.page.get_by_role("dialog", name="Command palette")
    await expect(palette.get_by_role("combobox")).to_be_focused()
    await keys.type("inb")
    await expect(palette.get_by_role("option").first).to_contain_text("Go to the inbox")
    await keys.press("Enter")
    await expect(palette).to_be_hidden()
    await expect(window.page).to_have_url(f"{site.url}/")
    await keys.press("?")
    sheet = window.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(sheet).to_contain_text("Select the conversation")
    await expect(sheet).to_contain_text("Command palette")
    await keys.press("Escape")
    await expect(sheet).to_be_hidden()


async def test_the_palette_gives_the_focus_back_and_remembers(window: Window, site: Site) -> None:
    await three(window, site)
    await window.page.keyboard.press("j")
    row = window.page.locator("a.row:focus")
    focused = await row.get_attribute("data-id")
    await window.page.keyboard.press("ControlOrMeta+k")
    await window.page.get_by_role("combobox").fill("dark")
    await window.page.keyboard.press("Enter")
    await expect(window.page.locator("html[data-theme=dark]")).to_have_count(1)
    await expect(window.page.locator(f"a.row[data-id={focused}]")).to_be_focused()
    await window.page.keyboard.press("ControlOrMeta+k")
    await window.page.keyboard.press("ControlOrMeta+k")
    await expect(window.page.get_by_role("dialog")).to_have_count(1)
    await window.page.keyboard.press("Escape")
    await expect(window.page.get_by_role("dialog")).to_have_count(0)


async def test_the_page_speaks_german_when_asked_to_and_again_after_a_reload(window: Window, site: Site) -> None:
    await three(window, site)
    await window.page.get_by_role("button", name="Account and settings").click()
    await window.page.get_by_role("menuitemradio", name="Deutsch").click()
    await expect(window.page.get_by_role("link", name="Posteingang")).to_be_visible()
    await expect(window.page.locator("html")).to_have_attribute("lang", "de")
    await window.row("Second").click()
    await expect(window.page.get_by_role("region", name="Nachrichten")).to_be_visible()
    await window.page.reload()
    await expect(window.page.get_by_role("link", name="Posteingang")).to_be_visible()
    await window.page.get_by_role("button", name="Konto und Einstellungen").click()
    await window.page.get_by_role("menuitemradio", name="English").click()
    await expect(window.page.get_by_role("link", name="Inbox")).to_be_visible()


async def test_a_browser_that_wants_german_gets_it(open_window: OpenWindow) -> None:
    window = await open_window(locale="de-AT")
    await expect(window.page.get_by_text("Es ist noch keine Nachricht angekommen")).to_be_visible()


async def test_the_tab_counts_what_is_unread(open_window: OpenWindow, site: Site) -> None:
    window = await open_window()
    await three(window, site)
    await expect(window.page).to_have_title("(3) Postgate")
    await expect(window.page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:"))
    await window.open("Second")
    await expect(window.page).to_have_title("(2) Postgate")
    elsewhere = await open_window("/?view=snoozed")  # where none of them is listed
    await expect(elsewhere.page).to_have_title("(2) Postgate")
    await elsewhere.go("/settings/profile")
    await expect(elsewhere.page).to_have_title("(2) Settings · Postgate")


async def test_who_is_there_and_who_is_away_shows_to_all(
    open_window: OpenWindow, site: Site, database: Database
) -> None:
    _, token = await member(database, site.tenant, "Kim Lee")
    window, kim = await open_window("/settings/people"), await open_window(token=token)
    row = window.page.get_by_role("listitem").filter(has_text="Kim Lee")
    await expect(row).to_contain_text("Online")
    await expect(window.page.locator(".colleagues")).to_contain_text("Kim Lee")
    account = kim.page.get_by_role("button", name="Account and settings")
    await account.click()
    await kim.page.get_by_role("menuitemcheckbox", name="Available").click()
    await expect(account).to_contain_text("Away")
    await expect(row).to_contain_text("Away")
    await kim.page.keyboard.press("ControlOrMeta+k")
    await kim.page.get_by_role("combobox").fill("available again")
    await kim.page.keyboard.press("Enter")
    await expect(account).not_to_contain_text("Away")
    await expect(row).to_contain_text("Online")
    await kim.page.goto("about:blank")
    await expect(row).not_to_contain_text("Online")
    await expect(window.page.locator(".colleagues")).to_be_hidden()


async def test_somebody_is_notified_of_what_they_do_not_see_once_they_asked(
    open_window: OpenWindow, site: Site
) -> None:
    window = await open_window()
    await window.page.context.grant_permissions(["notifications"])
    await window.live()
    await window.page.evaluate(
        """() => {
            window.told = [];
            const Real = Notification;
            window.Notification = class extends EventTarget {
                static permission = "granted";
                static requestPermission = () => Promise.resolve("granted");
                constructor(title, options) { super(); window.told.push([title, options.body]); }
                close() {}
            };
        }"""
    )
    await site.post(wa(site.tenant, "wamid.1", "Before it was asked for"))
    await expect(window.rows).to_have_count(1)
    await window.page.get_by_role("button", name="Account and settings").click()
    await window.page.get_by_role("menuitemcheckbox", name="Desktop notifications").click()
    await window.open("Before it was asked for")
    await site.post(wa(site.tenant, "wamid.2", "Seen anyway"), sms(site.tenant, "News"))
    await expect(window.message("Seen anyway")).to_be_visible()
    await expect(window.row("News")).to_be_visible()
    assert await window.page.evaluate("window.told") == [["New message", "News"]]


async def test_the_first_steps_tick_themselves_off(window: Window, site: Site) -> None:
    await window.page.get_by_role("button", name="Getting started").click()
    sheet = window.page.get_by_role("dialog", name="Getting started")
    await expect(sheet.get_by_role("img", name="Done")).to_have_count(1)
    await site.post(sms(site.tenant, "Hello"))
    await expect(sheet.get_by_role("img", name="Done")).to_have_count(2)
    await sheet.get_by_role("button", name="Don’t show this again").click()
    await expect(window.page.get_by_role("button", name="Getting started")).to_be_hidden()


async def test_a_webhook_is_looked_into_and_read_again(open_window: OpenWindow, site: Site) -> None:
    window = await open_window("/settings/webhooks")
    await expect(window.page.get_by_text("No webhook has come yet")).to_be_visible()
    await window.page.get_by_role("button", name="Follow").click()
    await site.post(sms(site.tenant, "Look at me"), wa(site.tenant, "wamid.1", "Not at me"))
    lines = window.page.locator(".ledger-line")
    await expect(lines).to_have_count(2)
    await window.page.get_by_label("Provider").select_option("twilio")
    await expect(lines).to_have_count(1)
    await expect(window.page).to_have_url(f"{site.url}/settings/webhooks?provider=twilio")
    await lines.first.click()
    body = window.page.get_by_label("Body, form")
    await expect(body).to_contain_text("Body: Look at me")
    await window.page.get_by_role("button", name="Read again").click()
    await expect(window.page.get_by_role("status").filter(has_text="Stored: 1 stored")).to_be_visible()
    await window.page.get_by_role("button", name="Back to the webhooks").click()
    await expect(lines).not_to_have_count(0)


async def test_an_address_that_asks_for_nothing_known_shows_what_there_is(open_window: OpenWindow, site: Site) -> None:
    await site.post(sms(site.tenant, "Here"))
    window = await open_window("/?view=view_" + "0" * 32)
    await expect(window.row("Here")).to_be_visible()
    await window.page.goto("/?view=nonsense&priority=huge")
    await expect(window.row("Here")).to_be_visible()
