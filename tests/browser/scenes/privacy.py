"""What customers ask for of their data, and how long things are kept."""

from tests.browser.scenes.scene import Scene
from tests.browser.site import Site
from tests.browser.window import Window


async def privacy(window: Window, _site: Site) -> None:
    """Show what was asked for: an export that is made."""
    await window.go("/customers")
    await window.page.locator("a.customer-row").filter(has_text="Dana Reyes").click()
    await window.page.get_by_role("button", name="Export data").click()
    await window.page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()
    await window.page.get_by_text("The archive is ready").first.wait_for()


async def erasing(window: Window, _site: Site) -> None:
    """Show the dialog that erases somebody, with their name typed."""
    await window.go("/customers")
    await window.page.locator("a.customer-row").filter(has_text="Dana Reyes").click()
    await window.page.get_by_role("button", name="Erase…").click()
    await window.page.get_by_label("to confirm").fill("Dana Reyes")
    await window.page.locator("button:enabled").filter(has_text="Erase for good").wait_for()


async def retention(window: Window, _site: Site) -> None:
    """Show how long things are kept, and what would go if that were shorter."""
    await window.go("/settings/retention")
    await window.page.get_by_label("Raw webhooks").fill("7")
    await window.page.get_by_role("button", name="Show what would go").click()
    await window.page.get_by_text("Nothing has changed yet.").wait_for()


#: Whoever shows the scene once more finds the customer there.
ADD = """
async () => {
  const customer = {customer_code: "C-9301", name: "Account DE89 3704 0044 0532 0130 00"};
  const pattern = {name: "Membership", pattern: "MN-999999"};
  for (const [path, body] of [["customers", customer], ["pii/patterns", pattern]]) {
    const headers = {"Content-Type": "application/json"};
    await fetch(`/api/v1/${path}`, {method: "POST", headers, body: JSON.stringify(body)});
  }
}
"""
#: Ends once something was found; who takes the picture waits so long and no longer.
FOUND = """
async () => {
  const found = async () => (await (await fetch("/api/v1/pii/results?state=open")).json()).data.length > 0;
  while (!(await found())) await new Promise(next => setTimeout(next, 100));
}
"""


async def personal_data(window: Window, _site: Site) -> None:
    """Show what is looked for in texts, a text that is tried out, and what was found."""
    await window.go("/settings/retention")
    await window.page.evaluate(ADD)
    await window.page.evaluate(FOUND)
    await window.go("/settings/pii")
    await window.page.get_by_label("A text, which is not kept").fill(
        "Please charge 4111 1111 1111 1111, expires 12/28."
    )
    await window.page.get_by_role("button", name="Look through").click()
    await window.page.get_by_text("1 place found").wait_for()
    await window.page.locator("#pii-results ~ .items .item").first.scroll_into_view_if_needed()


SCENES: tuple[Scene, ...] = (privacy, erasing, retention, personal_data)
