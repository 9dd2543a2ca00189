"""Customers: their record beside the thread, merging and undoing it, the list, and files in and out."""

from pathlib import Path

from playwright.async_api import FilePayload, Route, expect

from tests.browser.axe import grave_findings
from tests.browser.site import Site
from tests.browser.window import OpenWindow
from tests.ingest.posts import text, twilio, unique, whatsapp

JANE, JOHN = "+12025550101", "+12025550102"
CONFLICT, CHANGED = r"status of 409", r"status of 412"
FILE = "Name,Phone,Level\n" + "\n".join(f"Person {n},+120255502{n:02},{n}" for n in range(80)) + "\nNobody,12,x\n"


async def two_customers(site: Site) -> None:
    """Let two people write: one by WhatsApp, the other by SMS."""
    await site.post(
        whatsapp(site.tenant.integration("whatsapp_cloud"), [text(unique(), "Is it blue?", sender=JANE[1:])]),
        twilio(site.tenant.integration("twilio"), From=JOHN, Body="Or is it green?"),
    )


async def test_a_card_is_changed_where_it_stands_and_others_see_it(open_window: OpenWindow, site: Site) -> None:
    await two_customers(site)
    window, other = await open_window(), await open_window()
    window.complaints.expected.append(CONFLICT)
    page = window.page
    for one in (window, other):
        await one.open("Or is it green?")
    await page.get_by_role("button", name="Change Name: Not set").click()
    await page.get_by_label("Name", exact=True).fill("John Roe")
    await page.keyboard.press("Enter")
    for one in (window, other):
        await expect(one.row("Or is it green?")).to_contain_text("John Roe")
        await expect(one.page.get_by_role("button", name="Change Name: John Roe")).to_be_visible()

    changes: list[str] = []

    async def let_the_other_be_faster(route: Route) -> None:
        if route.request.method == "PATCH" and not changes:
            changes.append(route.request.url)
            await other.page.get_by_role("button", name="Change Name: John Roe").click()
            await other.page.get_by_label("Name", exact=True).fill("John Q. Roe")
            await other.page.keyboard.press("Enter")
            await expect(other.row("Or is it green?")).to_contain_text("John Q. Roe")
        await route.continue_()

    await page.route("**/customers/cus_*", let_the_other_be_faster)
    window.complaints.expected.append(CHANGED)
    await page.get_by_role("button", name="Change Name: John Roe").click()
    await page.get_by_label("Name", exact=True).fill("Johnny Roe")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("It is now: Name: John Q. Roe.")
    await page.get_by_role("button", name="Set it to “Johnny Roe” all the same").click()
    await expect(other.row("Or is it green?")).to_contain_text("Johnny Roe")
    await page.get_by_role("button", name="Add an address").click()
    await page.get_by_label("Number or mailbox").fill(JANE)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text(f"{JANE} belongs to")
    await page.get_by_label("Kind").select_option("email")
    await page.get_by_label("Number or mailbox").fill("John@Example.org")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(other.page.locator(".identity").filter(has_text="john@example.org")).to_be_visible()
    await page.get_by_role("button", name="Note something").click()
    await page.get_by_placeholder("What everybody should know of them").fill("Likes hats.")
    await page.get_by_role("button", name="Save").click()
    await expect(other.page.locator(".note-item")).to_contain_text("Likes hats.")


async def test_two_customers_are_merged_and_two_again(open_window: OpenWindow, site: Site) -> None:
    await two_customers(site)
    window, other = await open_window(), await open_window()
    page = window.page
    await other.open("Or is it green?")
    await window.open("Is it blue?")
    await page.get_by_role("button", name="Merge…").click()
    await page.get_by_label("Find the other one").fill(JOHN)
    await page.get_by_role("button").filter(has_text="+1 202 555 0102").click()
    await expect(page.get_by_text("Together: 2 addresses, 0 labels.")).to_be_visible()
    assert await grave_findings(page) == []
    await page.get_by_role("dialog").get_by_role("button", name="Merge", exact=True).click()
    await expect(page.locator(".toast")).to_contain_text("Merged with")
    await expect(page.locator(".identity")).to_have_count(2)
    await expect(page.locator(".other-thread")).to_contain_text("Or is it green?")
    await expect(other.row("Or is it green?")).to_contain_text("Dana Reyes")
    await page.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast")).to_contain_text("They are two customers again.")
    await expect(page.locator(".identity")).to_have_count(1)
    await expect(other.row("Or is it green?")).to_contain_text("+1 202 555 0102")
    before = await other.sees()
    await other.page.reload()
    await other.messages.first.wait_for()
    assert await other.sees() == before


async def test_a_file_is_imported_with_progress_and_comes_out_again(open_window: OpenWindow, site: Site) -> None:
    window = await open_window("/customers")
    page = window.page
    await page.get_by_role("button", name="Import", exact=True).click()
    upload: FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    await page.locator("input[type=file]").set_input_files(files=[upload])
    await expect(page.get_by_label("Holds: Phone")).to_have_value("phone")
    await page.get_by_role("button", name="Check without changing anything").click()
    await expect(page.get_by_text("Checked. Nothing is changed yet.")).to_be_visible()
    await expect(page.get_by_text("Row 81 · Phone")).to_be_visible()
    assert await grave_findings(page) == []
    await page.get_by_role("button", name="Import", exact=True).click()
    await expect(page.get_by_text("Done.")).to_be_visible()
    await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    await expect(page.locator(".import-counts")).to_contain_text("80")
    await page.get_by_role("button", name="All customers").click()
    await expect(page.locator("a.customer-row").filter(has_text="Person 79")).to_be_visible()
    await page.get_by_label("Sort by").select_option("name")
    await expect(page.locator("a.customer-row").first).to_contain_text("Person 0")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export").click()
    path = await (await download.value).path()
    assert Path(path).read_text("utf-8-sig").count("Person") == 80


async def test_a_field_is_made_filled_in_and_deleted(open_window: OpenWindow, site: Site) -> None:
    await two_customers(site)
    window = await open_window("/settings/fields")
    page = window.page
    await page.get_by_role("button", name="Add a field").click()
    await page.get_by_label("Name").fill("Level")
    await page.get_by_label("Key").fill("level")
    await page.get_by_label("Type").select_option("choice")
    await page.get_by_label("Choices").fill("gold\nsilver")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".field-card")).to_contain_text("gold, silver")
    assert await grave_findings(page) == []
    await page.goto("/customers")
    await page.locator("a.customer-row").filter(has_text="Dana Reyes").click()
    await page.get_by_role("button", name="Change Level: Not set").click()
    await page.get_by_label("Level").select_option("gold")
    await page.get_by_label("Level").press("Enter")
    await expect(page.get_by_role("button", name="Change Level: gold")).to_be_visible()
    await page.goto("/settings/fields")
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("There are no fields yet.")).to_be_visible()
