"""Inviting somebody who joins, logging in with a code, and ending a login that is open elsewhere."""

import pyotp
from playwright.async_api import Locator, expect

from tests.browser.axe import grave_findings
from tests.browser.site import Site
from tests.browser.test_login import NOT_LOGGED_IN, choose, fill
from tests.browser.window import OpenWindow, Window

PASSWORD = "a quiet harbour"


def button(window: Window, name: str) -> Locator:
    return window.page.get_by_role("button", name=name, exact=True)


async def invite(window: Window, email: str) -> str:
    """Invite somebody; returns the link, which is shown as no mail can be sent."""
    await button(window, "Invite somebody").click()
    dialog = window.page.get_by_role("dialog", name="Invite somebody")
    await dialog.get_by_label("Email").fill(email)
    await dialog.get_by_role("button", name="Invite", exact=True).click()
    shown = window.page.get_by_role("dialog", name="Pass this link on")
    link = await shown.locator("code").inner_text()
    await shown.get_by_role("button", name="Done").click()
    return link


async def prove(window: Window, site: Site) -> None:
    """Give the password that a dialog asks for."""
    dialog = window.page.get_by_role("dialog", name="Your password first")
    await dialog.get_by_label("Current password").fill(site.tenant.ready["password"])
    await dialog.get_by_role("button", name="Continue").click()


async def test_who_is_invited_joins_and_is_seen_at_once(open_window: OpenWindow, site: Site) -> None:
    boss = await open_window("/settings/people")
    link = await invite(boss, "kim@example.org")
    assert link.startswith(f"{site.url}/join#")
    await expect(boss.page.get_by_text("Invitations that wait")).to_be_visible()
    guest = await open_window(link.removeprefix(site.url), logged_in=False)
    await expect(guest.page.get_by_role("heading", name="Join Acme")).to_be_visible()
    assert await grave_findings(guest.page) == []
    await guest.page.get_by_label("Your name").fill("Kim Doe")
    await guest.page.get_by_label("New password").fill(PASSWORD)
    await button(guest, "Join").click()
    await guest.live()
    await expect(guest.page).to_have_url(f"{site.url}/")
    await expect(boss.page.get_by_role("listitem").filter(has_text="Kim Doe")).to_be_visible()
    await expect(boss.page.get_by_text("Invitations that wait")).to_be_hidden()
    again = await open_window(link.removeprefix(site.url), logged_in=False)
    again.complaints.expected.append("status of 404")
    await expect(again.page.get_by_role("alert")).to_contain_text("was used already")


async def test_who_is_disabled_is_out_at_once(open_window: OpenWindow, site: Site) -> None:
    boss = await open_window("/settings/people")
    link = await invite(boss, "kim@example.org")
    guest = await open_window(link.removeprefix(site.url), logged_in=False)
    guest.complaints.expected.append(NOT_LOGGED_IN)
    await guest.page.get_by_label("Your name").fill("Kim Doe")
    await guest.page.get_by_label("New password").fill(PASSWORD)
    await button(guest, "Join").click()
    await guest.live()
    await boss.page.get_by_label("Role of Kim Doe").select_option("viewer")
    await boss.page.get_by_role("button", name="Actions for Kim Doe").click()
    await boss.page.get_by_role("menuitem", name="Further permissions").click()
    extra = boss.page.get_by_role("dialog", name="Further permissions of Kim Doe")
    await extra.get_by_label("Export customers").check()
    await extra.get_by_role("button", name="Save").click()
    await expect(boss.page.get_by_text("1 more permission")).to_be_visible()
    await boss.page.get_by_role("button", name="Actions for Kim Doe").click()
    await boss.page.get_by_role("menuitem", name="Disable").click()
    dialog = boss.page.get_by_role("dialog", name="Disable Kim Doe?")
    await dialog.get_by_role("button", name="Disable").click()
    row = boss.page.get_by_role("listitem").filter(has_text="Kim Doe")
    await expect(row.get_by_text("Disabled")).to_be_visible()
    await expect(row.get_by_text("Viewer")).to_be_visible()
    await expect(guest.page.get_by_text("Your session ended.")).to_be_visible()


async def test_a_login_asks_for_the_code_of_the_app(open_window: OpenWindow, site: Site) -> None:
    window = await open_window("/settings/profile")
    window.complaints.expected.append(NOT_LOGGED_IN)
    await button(window, "Set up").click()
    await prove(window, site)
    scan = window.page.get_by_role("dialog", name="Set up the app")
    await expect(scan.get_by_role("img", name="QR code for the app")).to_be_visible()
    code = pyotp.TOTP(await scan.locator("code").inner_text()).now()
    await scan.get_by_label("Code", exact=True).fill(code)
    await scan.get_by_role("button", name="Turn on").click()
    kept = window.page.get_by_role("dialog", name="Keep your recovery codes")
    await expect(kept.locator("li")).to_have_count(10)
    codes = await kept.locator("li").all_inner_texts()
    await kept.get_by_role("button", name="I have kept them").click()
    await expect(window.page.get_by_text("10 recovery codes are left.")).to_be_visible()
    await choose(window, "Log out")
    await fill(window, site.tenant.ready["email"], site.tenant.ready["password"])
    await expect(window.page.get_by_role("heading", name="Enter the code")).to_be_visible()
    await window.page.get_by_label("Code", exact=True).fill(code)  # used when it was set up
    await button(window, "Log in").click()
    await expect(window.page.get_by_role("alert")).to_contain_text("wrong, or it was used already")
    await button(window, "Use a recovery code").click()
    await window.page.get_by_label("Recovery code").fill(codes[0])
    await button(window, "Log in").click()
    await window.live()


async def test_a_login_is_ended_from_another_window(open_window: OpenWindow, site: Site) -> None:
    first, second = await open_window("/settings/profile"), await open_window()
    second.complaints.expected.append(NOT_LOGGED_IN)
    await second.live()
    await first.page.reload()
    ends = first.page.get_by_role("button", name="End the login: Chrome on Linux")
    await ends.click()
    await expect(second.page.get_by_text("Your session ended.")).to_be_visible()
    await expect(ends).to_be_hidden()
    await first.live()


async def test_a_key_is_shown_once(open_window: OpenWindow, site: Site) -> None:
    window = await open_window("/settings/keys")
    await button(window, "Create a key").click()
    dialog = window.page.get_by_role("dialog", name="A new API key")
    await dialog.get_by_label("What it is for").fill("Reports")
    await dialog.get_by_role("button", name="Create a key").click()
    shown = window.page.get_by_role("dialog", name="Copy the key now")
    key = await shown.locator("code").inner_text()
    await shown.get_by_role("button", name="Done").click()
    request = window.page.context.request
    answer = await request.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"})
    assert (await answer.json())["permissions"] == ["inbox.read"]
    await button(window, "Revoke Reports").click()
    await window.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(window.page.get_by_text("Reports", exact=True)).to_be_hidden()
    answer = await request.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"})
    assert answer.status == 401
