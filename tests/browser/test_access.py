"""Nobody is kept out: keys alone, and a phone. (axe looks at every screen in ``test_screens``.)"""

from playwright.async_api import expect

from tests.browser.site import Site
from tests.browser.test_live import mail, sms, wa
from tests.browser.window import PHONE, OpenWindow, Window


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


async def walk(window: Window) -> list[str]:
    """Press Tab from the first thing on the page until it has been left; returns what had the focus, to be seen."""
    await window.page.locator(".skip").focus()
    names: list[str] = []
    while len(names) < 100:
        await window.page.keyboard.press("Tab")
        seen = await window.page.evaluate(FOCUS)
        if seen is None:
            return names
        names.append(seen[0])
        assert seen[1], f"the focus on {seen[0]!r} can't be seen"
    raise AssertionError(f"the focus never leaves the page: {names[-10:]}")


async def test_the_focus_can_be_seen_wherever_tab_leads(window: Window, site: Site) -> None:
    await site.post(sms(site.tenant, "Hello"))
    await window.open("Hello")
    names = await walk(window)
    assert any("Hello" in name for name in names), names
    assert {"Messages", "Write to +1 202 555 0143"} <= {*names}, names
    for path, last in (
        ("/settings/profile", "Set up"),
        ("/settings/people", "Invite somebody"),
        ("/settings/webhooks", "Follow"),
        ("/customers", "Add a customer"),
    ):
        await window.go(path)
        await window.page.get_by_role("button", name=last).first.wait_for()
        names = await walk(window)
        assert any(last in name for name in names), names


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


async def test_rows_are_chosen_by_touch(open_window: OpenWindow, site: Site) -> None:
    window = await open_window(size=PHONE)
    await site.post(wa(site.tenant, "wamid.1", "First"), sms(site.tenant, "Second"), mail(site.tenant, "Third"))
    await expect(window.rows).to_have_count(3)
    bar = window.page.get_by_role("toolbar", name="Selected conversations")
    box = await window.row("First").bounding_box()
    assert box is not None
    finger = await window.page.context.new_cdp_session(window.page)
    there = [{"x": box["x"] + 200, "y": box["y"] + 30}]
    await finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": there})
    await expect(bar).to_contain_text("1 selected")
    await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await window.row("Second").tap()
    await expect(bar).to_contain_text("2 selected")
    await expect(window.page).to_have_url(f"{site.url}/")
    await bar.get_by_role("button", name="Resolve").tap()
    await expect(window.rows).to_have_count(1)
    await expect(bar).to_be_hidden()
    await window.page.get_by_role("button", name="Choose a view").tap()
    await window.page.get_by_role("menuitem", name="Select conversations").tap()
    await expect(bar).to_contain_text("Tap what you want to select")
    await window.row("Third").tap()
    await expect(bar).to_contain_text("1 selected")
    await bar.get_by_role("button", name="Select nothing").tap()
    await window.row("Third").tap()
    await expect(window.message("Third")).to_be_visible()


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


#: What has the focus, and whether that is to be seen; null: nothing on the page has it.
FOCUS = """() => {
    const focused = document.activeElement;
    if (focused === document.body) return null;
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--accent)";
    const accent = getComputedStyle(probe).color;
    probe.remove();
    const shows = one => {
        const style = getComputedStyle(one);
        const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
        return ring || style.boxShadow !== "none" || style.borderTopColor === accent;
    };
    const seen = shows(focused) || (focused.matches("textarea, input") && shows(focused.parentElement));
    return [focused.getAttribute("aria-label") ?? focused.innerText, seen];
}"""

#: Small things within text are exempt (WCAG 2.5.8). A hit is tried 20 px above and below the middle of each other one.
TOO_SMALL = """() => [...document.querySelectorAll("button, a.row, a.view-link")].filter(one => {
    const box = one.getBoundingClientRect();
    const middle = [box.left + box.width / 2, box.top + box.height / 2];
    const shown = one.contains(document.elementFromPoint(...middle)) && !one.matches(".tip-anchor, .copy");
    return shown && [-20, 20].some(by => !one.contains(document.elementFromPoint(middle[0], middle[1] + by)));
}).map(one => one.outerHTML.slice(0, 120))"""
