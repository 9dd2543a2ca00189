"""A browser window on the page, and what its reader sees."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, ViewportSize

from tests.browser.site import Site

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
#: However busy the machine is; what is there is seen at once.
PATIENCE_MS = 30_000
PHONE: ViewportSize = {"width": 390, "height": 844}
GO = "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }"
READ = """all => all.map(one => {
    const copy = one.cloneNode(true);
    for (const age of copy.querySelectorAll("time.row-time")) age.remove();
    const marks = [...copy.querySelectorAll("[aria-label]")].map(mark => mark.getAttribute("aria-label"));
    return [copy.dataset.id ?? copy.dataset.message, copy.textContent, ...marks].join(" | ");
})"""


@dataclass
class Complaints:
    """What went wrong in a window without anybody seeing it, but for what the test expects."""

    home: str
    expected: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Hear the errors of all pages of a context, and of every request to somebody else."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.heard.append(f"uncaught: {error.error}"))
        context.on("requestfinished", self._request)
        context.on("requestfailed", self._request)

    def unexpected(self) -> list[str]:
        """Return what no expectation covers."""
        return [said for said in self.heard if not any(re.search(pattern, said) for pattern in self.expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.heard.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if request.failure == "csp":  # stopped inside the browser
            return
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.heard.append(f"asked elsewhere: {request.url}")


class Window:
    """One window.

    Args:
        page: its only tab.
        complaints: of its context.
    """

    def __init__(self, page: Page, complaints: Complaints) -> None:
        self.page = page
        self.complaints = complaints

    @property
    def rows(self) -> Locator:
        """The conversations in the list."""
        return self.page.locator("a.row")

    @property
    def thread(self) -> Locator:
        """The messages of the open conversation."""
        return self.page.get_by_role("region", name="Messages")

    @property
    def messages(self) -> Locator:
        """The single messages in it."""
        return self.thread.locator("[data-message]")

    @property
    def banner(self) -> Locator:
        """What says that the page may be out of date."""
        return self.page.locator(".banner")

    def row(self, text: str) -> Locator:
        """Return the row that says this."""
        return self.rows.filter(has_text=text)

    def message(self, text: str) -> Locator:
        """Return the message that says this."""
        return self.messages.filter(has_text=text)

    async def open(self, text: str) -> None:
        """Open the conversation whose row says this, and wait for its messages."""
        await self.row(text).click()
        await self.messages.first.wait_for()
        await self.thread.hover()  # rows keep their order while the pointer is over them

    async def go(self, path: str) -> None:
        """Go somewhere as a link on the page does: nothing is loaded anew."""
        await self.page.evaluate(GO, path)

    async def live(self) -> None:
        """Wait until the inbox is there and follows the log."""
        await self.page.locator(".shell[data-connection=live]").wait_for()

    async def sees(self) -> "Sight":
        """Return all that the list and the open thread say and mark, but for the age of a row."""
        return Sight(await self.rows.evaluate_all(READ), await self.messages.evaluate_all(READ))


OpenWindow = Callable[..., Awaitable[Window]]


@dataclass(frozen=True)
class Sight:
    """What the rows and the messages of the open thread say, in order."""

    rows: Sequence[str]
    thread: Sequence[str]


async def new_window(
    browser: Browser,
    site: Site,
    path: str = "/",
    *,
    size: ViewportSize = DESKTOP,
    dark: bool = False,
    logged_in: bool = True,
    token: str | None = None,
    locale: str = "en-GB",
) -> Window:
    """Open a window with cookies of its own, and send it to a path.

    Args:
        browser: which.
        site: running.
        path: to go to.
        size: of the window; a phone's is touched.
        dark: what the system is set to.
        logged_in: whether the tenant's owner is, unless there is a token.
        token: of somebody else's login.
        locale: of the browser.
    """
    context = await browser.new_context(
        base_url=site.url,
        viewport=size,
        color_scheme="dark" if dark else "light",
        has_touch=size == PHONE,
        locale=locale,
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    complaints = Complaints(site.url)
    complaints.listen(context)
    if token is not None:
        await context.add_cookies([{"name": "postgate_session", "value": token, "url": site.url}])
    elif logged_in:
        login = {key: site.tenant.ready[key] for key in ("email", "password")}
        answer = await context.request.post("/api/v1/login", data=login, headers={"Origin": site.url})
        assert answer.ok, await answer.text()
    window = Window(await context.new_page(), complaints)
    await window.page.goto(path)
    return window
