"""The gateway goes away, or the network does; afterwards the page is right again by itself."""

from playwright.async_api import expect

from tests.browser.site import Site
from tests.browser.test_live import mail, sms, wa
from tests.browser.window import OpenWindow, Window

CUT = r"ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INTERNET_DISCONNECTED|EMPTY_RESPONSE)|WebSocket connection"


async def test_a_restarted_gateway_is_caught_up_with(open_window: OpenWindow, window: Window, site: Site) -> None:
    window.complaints.expected.append(CUT)
    await site.post(wa(site.tenant, "wamid.1", "Before"))
    await window.open("Before")
    await site.stop()
    await expect(window.banner).to_contain_text("Reconnecting")
    await expect(window.message("Before")).to_be_visible()
    missed = [wa(site.tenant, f"wamid.{number}", f"Meanwhile {number}", 1767225600 + number) for number in range(2, 6)]
    async with site.another() as other:
        await other.post(*missed, sms(site.tenant, "Meanwhile by SMS"), mail(site.tenant, "Meanwhile by mail"))
        await other.stored(7)
    await expect(window.messages).to_have_count(1)
    await site.start()
    await site.post(missed[0])
    await expect(window.banner).to_be_hidden()
    await expect(window.messages).to_have_count(5)
    await expect(window.rows).to_have_count(3)
    fresh = await open_window(window.page.url.removeprefix(site.url))
    await expect(fresh.messages).to_have_count(5)
    await expect(fresh.rows).to_have_count(3)
    await expect(window.row("Meanwhile 5")).not_to_contain_text("unread")
    assert await window.sees() == await fresh.sees()


async def test_a_page_that_was_offline_catches_up(open_window: OpenWindow, window: Window, site: Site) -> None:
    window.complaints.expected.append(CUT)
    await site.post(wa(site.tenant, "wamid.1", "Before"))
    await window.open("Before")
    await window.page.context.set_offline(True)
    await expect(window.banner).to_contain_text("Reconnecting")
    await site.post(wa(site.tenant, "wamid.2", "Meanwhile", 1767225601), sms(site.tenant, "By SMS"))
    await expect(window.messages).to_have_count(1)
    await window.page.context.set_offline(False)
    await expect(window.message("Meanwhile")).to_be_visible()
    await expect(window.row("By SMS")).to_be_visible()
    await expect(window.banner).to_be_hidden()
    fresh = await open_window(window.page.url.removeprefix(site.url))
    await expect(fresh.messages).to_have_count(2)
    await expect(window.row("Meanwhile")).not_to_contain_text("unread")
    assert await window.sees() == await fresh.sees()


async def test_a_page_that_opens_without_a_gateway_says_so(window: Window) -> None:
    window.complaints.expected.append("ERR_FAILED")
    await window.page.context.route("**/api/v1/me", lambda route: route.abort())
    await window.page.reload()
    await expect(window.page.get_by_role("alert")).to_contain_text("did not answer")
    await window.page.context.unroute_all()
    await window.page.get_by_role("button", name="Try again").click()
    await window.live()
