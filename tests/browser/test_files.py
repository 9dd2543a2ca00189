"""Files in the thread: pictures open large, what is missing is asked for again, a mail shows its own pictures."""

import base64

import orjson
from playwright.async_api import expect

from tests.browser.site import Site
from tests.browser.window import Window
from tests.conftest import Database
from tests.files.samples import PDF, png
from tests.ingest.posts import postmark, postmark_raw


async def test_a_mails_files_are_shown_opened_and_fetched_again(window: Window, site: Site, database: Database) -> None:
    hook = site.tenant.integration("postmark")
    letter = orjson.loads(postmark(hook, html_body='<p>Look:</p><img src="cid:plan@x" alt="Plan">').body)
    letter["Attachments"] = [
        {"Name": name, "Content": base64.b64encode(content).decode(), "ContentType": kind, "ContentLength": 1, **more}
        for name, content, kind, more in (
            ("plan.png", png(60, 40), "image/png", {"ContentID": "plan@x"}),
            ("chair.png", png(400, 300), "image/png", {}),
            ("table.png", png(300, 400), "image/png", {}),
            ("offer.pdf", PDF, "application/pdf", {}),
        )
    ]
    await site.post(postmark_raw(hook, orjson.dumps(letter)))
    await window.open("Order 1043")
    plan = window.thread.frame_locator("iframe.mail-frame").get_by_alt_text("Plan")
    await expect(plan).to_have_js_property("naturalWidth", 60)

    chair = window.thread.get_by_role("button", name="Open chair.png")
    await expect(chair).to_have_css("width", "304px")
    await chair.focus()
    await window.page.keyboard.press("Enter")
    large = window.page.get_by_role("dialog")
    await expect(large.get_by_role("img", name="chair.png")).to_have_js_property("naturalWidth", 400)
    await window.page.keyboard.press("ArrowRight")
    await expect(large.get_by_role("img", name="table.png")).to_have_js_property("naturalWidth", 300)
    await window.page.keyboard.press("Escape")
    await expect(large).to_have_count(0)
    await expect(chair).to_be_focused()

    async with window.page.expect_download() as download:
        await window.thread.get_by_role("link", name="Download offer.pdf").click()
    saved = await (await download.value).path()
    assert saved.read_bytes() == PDF

    await database.script(
        "UPDATE attachments SET state = 'expired', file_id = NULL, error = 'It is gone.' WHERE filename = 'offer.pdf'"
    )
    await window.page.reload()
    await expect(window.thread.get_by_text("It is gone.")).to_be_visible()
    await window.thread.get_by_role("button", name="Try again").click()
    await expect(window.thread.get_by_role("link", name="Download offer.pdf")).to_be_visible()
