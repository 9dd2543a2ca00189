"""Logging in and out."""

from playwright.async_api import expect

from tests.browser.site import Site
from tests.browser.window import OpenWindow, Window

NOT_LOGGED_IN = r"status of 401"


async def fill(window: Window, email: str, password: str) -> None:
    """Fill the form in and send it."""
    await window.page.get_by_label("Email").fill(email)
    await window.page.get_by_label("Password").fill(password)
    await window.page.get_by_role("button", name="Log in").click()


async def test_a_wrong_password_is_told_and_what_was_typed_stays(open_window: OpenWindow, site: Site) -> None:
    window = await open_window(logged_in=False)
    window.complaints.expected.append(NOT_LOGGED_IN)
    await expect(window.page).to_have_url(f"{site.url}/login")
    await fill(window, site.tenant.ready["email"], "wrong")
    await expect(window.page.get_by_role("alert")).to_contain_text("do not match")
    await expect(window.page.get_by_label("Email")).to_have_value(site.tenant.ready["email"])
    await expect(window.page.get_by_label("Password")).to_be_focused()


async def test_the_right_password_opens_the_inbox_and_logging_out_closes_it(
    open_window: OpenWindow, site: Site
) -> None:
    window = await open_window(logged_in=False)
    window.complaints.expected.append(NOT_LOGGED_IN)
    await fill(window, site.tenant.ready["email"], site.tenant.ready["password"])
    await window.live()
    await expect(window.page.get_by_text("No messages have arrived yet")).to_be_visible()
    await expect(window.page).to_have_url(f"{site.url}/")
    await window.page.get_by_role("button", name="Account and settings").click()
    await window.page.get_by_role("menuitem", name="Log out").click()
    await expect(window.page.get_by_role("button", name="Log in")).to_be_visible()
    await window.page.goto("/")
    await expect(window.page).to_have_url(f"{site.url}/login")


async def test_a_login_that_ends_elsewhere_ends_here_at_once(open_window: OpenWindow, window: Window) -> None:
    window.complaints.expected.append(NOT_LOGGED_IN)
    other = await window.page.context.new_page()
    await other.goto("/")
    await other.get_by_role("button", name="Account and settings").click()
    await other.get_by_role("menuitem", name="Log out").click()
    await expect(window.page.get_by_text("Your session ended.")).to_be_visible()
    await expect(window.rows).to_have_count(0)


async def choose(window: Window, choice: str) -> None:
    """Choose something in the menu."""
    await window.page.get_by_role("button", name="Account and settings").click()
    await window.page.get_by_role("menu").get_by_text(choice, exact=True).click()


async def test_a_logout_that_did_not_work_is_told(window: Window) -> None:
    window.complaints.expected.append("ERR_FAILED")
    await window.page.route("**/api/v1/logout", lambda route: route.abort())
    await choose(window, "Log out")
    await expect(window.page.get_by_role("dialog")).to_contain_text("You are still logged in")
    await window.page.get_by_role("button", name="Close").click()
    await expect(window.page.get_by_role("dialog")).to_be_hidden()
    await window.live()


async def test_a_chosen_theme_overrules_the_systems_and_is_kept(window: Window) -> None:
    ground = window.page.locator("body")
    await expect(ground).to_have_css("color", "rgb(21, 27, 31)")
    await choose(window, "Dark")
    await expect(ground).to_have_css("color", "rgb(230, 235, 238)")
    await window.page.reload()
    await window.live()
    await expect(ground).to_have_css("color", "rgb(230, 235, 238)")
