"""Nobody is kept out: axe on all screens, keys alone, and a phone."""

import pytest
from playwright.async_api import ViewportSize, expect

from tests.browser.answers import answer
from tests.browser.axe import grave_findings
from tests.browser.site import Site
from tests.browser.test_live import mail, sms, wa
from tests.browser.test_login import NOT_LOGGED_IN
from tests.browser.window import DESKTOP, PHONE, OpenWindow, Window
from tests.conftest import Database
from tests.ingest.posts import postmark


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_axe_finds_nothing_grave(
    open_window: OpenWindow, site: Site, database: Database, size: ViewportSize
) -> None:
    outside = await open_window(size=size, logged_in=False)
    outside.complaints.expected.append(NOT_LOGGED_IN)
    await outside.page.get_by_role("button", name="Log in").wait_for()
    assert await grave_findings(outside.page) == []
    window = await open_window(size=size)
    await window.page.get_by_text("No messages have arrived yet").wait_for()
    assert await grave_findings(window.page) == []
    await site.post(
        wa(site.tenant, "wamid.1", "Hello"),
        sms(site.tenant, "Hello"),
        postmark(site.tenant.integration("postmark"), html_body="<p>Hello</p><blockquote>Earlier</blockquote>"),
    )
    await answer(database.admin_url, site.tenant, "wamid.1", "wamid.9", "Good morning")
    await expect(window.rows).to_have_count(3)
    await window.page.reload()
    await window.rows.first.wait_for()
    for row in ("Order 1043", "+1 202 555 0143", "Good morning"):
        assert await grave_findings(window.page) == []
        await window.open(row)
        assert await grave_findings(window.page) == []
        await window.page.go_back()


async def test_axe_finds_nothing_grave_in_menus_and_sheets(window: Window, site: Site) -> None:
    await site.post(wa(site.tenant, "wamid.1", "Hello"))
    await window.open("Hello")
    await window.page.get_by_role("button", name="Account and settings").click()
    await window.page.get_by_role("menu").wait_for()
    assert await grave_findings(window.page) == []
    await window.page.keyboard.press("Escape")
    await window.page.keyboard.press("?")
    await window.page.get_by_role("dialog").wait_for()
    assert await grave_findings(window.page) == []


async def test_everything_is_done_by_keys(window: Window, site: Site) -> None:
    await site.post(wa(site.tenant, "wamid.1", "First"), sms(site.tenant, "Second"), mail(site.tenant, "Third"))
    await expect(window.rows).to_have_count(3)
    keys = window.page.keyboard
    order = [await row.get_attribute("data-id") for row in await window.rows.all()]
    await keys.press("j")
    await expect(window.page.locator(f"a.row[data-id={order[0]}]")).to_be_focused()
    for key, place in (("j", 1), ("j", 2), ("j", 2), ("k", 1)):
        await keys.press(key)
        await expect(window.page.locator(f"a.row[data-id={order[place]}]")).to_be_focused()
    await keys.press("Enter")
    await window.messages.first.wait_for()
    await expect(window.page).to_have_url(f"{site.url}/c/{order[1]}")
    details = window.page.get_by_role("complementary", name="Customer")
    await expect(details).to_be_visible()
    await keys.press(".")
    await expect(details).to_be_hidden()
    await keys.press("Escape")
    await expect(window.page).to_have_url(f"{site.url}/")
    await keys.press("g")
    await keys.press("a")
    await expect(window.page).to_have_url(f"{site.url}/?view=all")
    await keys.press("?")
    await expect(window.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await keys.press("j")
    await keys.press("Escape")
    await expect(window.page.get_by_role("dialog")).to_be_hidden()


async def test_the_focus_can_be_seen_wherever_tab_leads(window: Window, site: Site) -> None:
    await site.post(wa(site.tenant, "wamid.1", "Hello"))
    await window.open("Hello")
    await window.page.reload()
    await window.messages.first.wait_for()
    names = []
    for _ in range(30):
        await window.page.keyboard.press("Tab")
        if await window.page.evaluate("document.activeElement === document.body"):
            break
        seen = await window.page.evaluate(
            """() => {
                const focused = document.activeElement, style = getComputedStyle(focused);
                const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
                return [focused.getAttribute("aria-label") ?? focused.innerText, ring || style.boxShadow !== "none"];
            }"""
        )
        names.append(seen[0])
        assert seen[1], f"the focus on {seen[0]!r} can't be seen"
    assert any("Hello" in name for name in names), names
    assert "Messages" in names, names


async def test_a_phone_shows_one_pane_at_a_time(open_window: OpenWindow, site: Site) -> None:
    window = await open_window(size=PHONE)
    await site.post(wa(site.tenant, "wamid.1", "Hello"), sms(site.tenant, "An SMS"))
    await expect(window.rows).to_have_count(2)
    await window.row("An SMS").tap()
    await expect(window.message("An SMS")).to_be_visible()
    await expect(window.rows.first).to_be_hidden()
    await site.post(sms(site.tenant, "Another one"))
    await expect(window.message("Another one")).to_be_visible()
    await window.page.get_by_role("button", name="Back to the list").tap()
    await expect(window.row("Another one")).to_be_visible()
    await expect(window.thread).to_be_hidden()
    await window.row("Hello").tap()
    await expect(window.message("Hello")).to_be_visible()
    await window.page.go_back()
    await expect(window.row("Hello")).to_be_visible()


async def test_nothing_on_a_phone_is_wider_than_it_or_too_small_to_touch(open_window: OpenWindow, site: Site) -> None:
    window = await open_window(size=PHONE)
    address = f"https://example.org/{'a' * 200}"
    await site.post(wa(site.tenant, "wamid.1", address), mail(site.tenant, "w" * 300), sms(site.tenant, "Hello"))
    await expect(window.rows).to_have_count(3)
    for row in (None, "https://example.org", "Order 1043"):
        if row is not None:
            await window.open(row)
        assert await window.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        small = await window.page.evaluate(TOO_SMALL)
        assert small == []
        if row is not None:
            await window.page.get_by_role("button", name="Back to the list").tap()


#: Small things within text are exempt (WCAG 2.5.8). A hit is tried 20 px above and below the middle of each other one.
TOO_SMALL = """() => [...document.querySelectorAll("button, a.row, a.view-link")].filter(one => {
    const box = one.getBoundingClientRect();
    const middle = [box.left + box.width / 2, box.top + box.height / 2];
    const shown = one.contains(document.elementFromPoint(...middle)) && !one.matches(".tip-anchor, .copy");
    return shown && [-20, 20].some(by => !one.contains(document.elementFromPoint(middle[0], middle[1] + by)));
}).map(one => one.outerHTML.slice(0, 120))"""
