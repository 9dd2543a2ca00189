"""Names and texts that are meant to pass for something else, or to do something: they are shown, and that is all."""

from playwright.async_api import expect

from tests.browser.site import Site
from tests.browser.window import OpenWindow, Window
from tests.ingest.posts import change, text, unique, whatsapp

TURNS = "\u202e"
#: The number's end, what somebody is called, what they write.
WRITERS = [
    ("81", f"Anna{TURNS}gpj.exe", f"https://bank.example/{TURNS}moc.live and javascript:alert(1)"),
    ("82", "x" * 10_000, "<script>alert(1)</script>"),
    ("83", "<img src=x onerror=alert(1)>", "<b>bold</b>"),
    ("84", "\u200b\u3164\u2060", "Who am I?"),
    ("85", "דנה (VIP)", "הגיעה!"),
]
FIELD = """
async turns => {
  const headers = {"Content-Type": "application/json"};
  const ask = async (method, path, body) => (await fetch(`/api/v1/${path}`, {method, headers, body})).json();
  await ask("POST", "custom-fields", JSON.stringify({key: "page", name: "Page", type: "text"}));
  const [one] = (await ask("GET", "customers?limit=100")).data.filter(one => one.name.startsWith("Anna"));
  const wanted = {business_name: "javascript:alert(1)", custom_fields: {page: `${turns}javascript:alert(1)`}};
  await ask("PATCH", `customers/${one.id}`, JSON.stringify(wanted));
}
"""
ACROSS = "() => document.documentElement.scrollWidth <= innerWidth"


async def rows_say(window: Window) -> list[str]:
    """Return the names in the list, the last writer's first."""
    return await window.page.locator(".row-name").all_text_contents()


async def test_what_strangers_call_themselves_misleads_nobody(open_window: OpenWindow, site: Site) -> None:
    integration = site.tenant.integration("whatsapp_cloud")
    address = integration["channels"][0]["address"]
    for number, name, said in WRITERS:
        message = text(unique(), said, sender=f"120255501{number}")
        await site.post(whatsapp(integration, changes=[change(address, [message], name=name)]))
    window = await open_window()
    await window.live()
    await expect(window.rows).to_have_count(len(WRITERS))
    assert {*await rows_say(window)} == {
        "Annagpj.exe", "x" * 200, "<img src=x onerror=alert(1)>", "+1 202 555 0184", "דנה (VIP)",
    }  # fmt: skip
    await window.page.evaluate(FIELD, TURNS)
    await window.open("Annagpj.exe")
    link = window.message("bank.example").get_by_role("link")
    assert await link.all_text_contents() == ["https://bank.example/\ufffdmoc.live"]
    assert await link.get_attribute("href") == f"https://bank.example/{TURNS}moc.live"
    card = window.page.get_by_role("complementary", name="Customer")
    await expect(card.get_by_role("button", name="Change Page: \ufffdjavascript:alert(1)")).to_be_visible()
    await expect(card.get_by_role("link", name="javascript")).to_have_count(0)
    for name, said in (("xxx", WRITERS[1][2]), ("<img", WRITERS[2][2])):
        await window.open(name)
        await expect(window.message(said)).to_be_visible()
        assert await window.page.evaluate(ACROSS)
    await window.open("דנה")
    await expect(window.message("הגיעה!").locator(".text")).to_have_css("direction", "rtl")
    await expect(window.page.get_by_role("checkbox", name="Select \u2068דנה (VIP)\u2069")).to_be_attached()
