"""Rows 103 and 104: what the page weighs, and how smoothly 10,000 conversations pass by, in a real browser."""

import statistics
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from benchmarks.bench import Bench
from benchmarks.errors import NotMeasured
from benchmarks.load import Population
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.server import Server
from gateway.model.ids import new_id
from gateway.passwords import hash_password
from gateway.store import provision
from tests.browser.chromium import MISSING, chromium, find
from tests.browser.window import DESKTOP

CONVERSATIONS = 10_000
BUDGET_KB = 120.0
DROPPED_MS = 50.0  # three frames of a screen that shows sixty in a second
PATIENCE_MS = 120_000
EMAIL, PASSWORD = "reader@example.org", "only for this run"
LIST = ".list-scroll"
KINDS = ("Document", "Script", "Stylesheet", "Fetch")

#: Goes down to the end until nothing more comes: every page of the list has been read then.
READ_ALL = """async ([list, wanted]) => {
    const scroller = document.querySelector(list), rows = document.querySelector(".rows");
    while (rows.offsetHeight < wanted * 68) {
        scroller.scrollTop = scroller.scrollHeight;
        await new Promise(requestAnimationFrame);
    }
}"""
#: Passes by at 200 pixels a frame, 12,000 in a second, from the middle on; returns the milliseconds between frames.
PASS_BY = """async list => {
    const scroller = document.querySelector(list), frames = [];
    const middle = scroller.scrollHeight / 2;
    let before = await new Promise(requestAnimationFrame);
    for (let step = 0; step <= 300; step += 1) {
        scroller.scrollTop = middle + step * 200;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - before);
        before = now;
    }
    return frames;
}"""
BARE = """<!doctype html><div class="list-scroll" style="height:800px;overflow-y:auto;width:344px">
<div style="height:{height}px;background:linear-gradient(#fff,#ccc)"></div></div>"""


async def load_and_pass_by(bench: Bench) -> list[Line]:
    """Rows 103 and 104. The crowd is a single tenant's, whose first 10,000 customers each have a conversation."""
    path = find()
    if path is None:
        raise NotMeasured(MISSING)
    crowd = Population(range(bench.plan.tenants, bench.plan.tenants + 1), CONVERSATIONS)
    server = await bench.gateway()
    await bench.warm(server, crowd)
    await _add_reader(bench, UUID(bench.tenants[bench.plan.tenants].tenant_id))
    async with chromium(path) as browser:
        weights, passes = [], []
        for _ in range(bench.plan.memory_rounds):
            weights.append(await _weigh(browser, server))
            passes.append(await _pass_by(browser, server))
    return [_weight_line(weights), _pass_line(passes)]


def _weight_line(weights: list[Mapping[str, float]]) -> Line:
    rounds = [Round(weight["Script"], BUDGET_KB) for weight in weights]
    last = weights[-1]
    note = (
        f"{last['requests']:.0f} requests and {last['total']:.0f} kB until the inbox is live:"
        f" {last['Script']:.0f} kB script, {last['Stylesheet']:.0f} kB style, {last['Fetch']:.0f} kB data;"
        f" {last['seconds']:.2f} s"
    )
    return compared(103, "page load: JavaScript ÷ budget", "kB", rounds, Goal(1, at_least=False), note=note)


def _pass_line(passes: list[Mapping[str, Any]]) -> Line:
    rounds = [Round(one["ours"], one["bare"]) for one in passes]
    last = passes[-1]
    note = (
        f"longest frame {last['longest']:.0f} ms, {last['dropped']} of 301 over {DROPPED_MS:.0f} ms;"
        f" read to the end in {last['seconds']:.1f} s"
    )
    name = "render 10,000 conversations: frame while scrolling ÷ empty box"
    return compared(104, name, "ms", rounds, None, note=note)


async def _weigh(browser: Browser, server: Server) -> Mapping[str, float]:
    """Open the page with nothing in the cache, and add up what comes over the wire until it is live."""
    async with await _logged_in(browser, server) as context:
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        kinds, weight = await _counted(session)
        started = time.monotonic()
        await _open(page)
        taken = time.monotonic() - started
        parts = {kind: sum(weight.get(key, 0) for key, k in kinds.items() if k == kind) / 1000 for kind in KINDS}
        return {**parts, "total": sum(weight.values()) / 1000, "requests": len(kinds), "seconds": taken}


async def _counted(session: CDPSession) -> tuple[dict[str, str], dict[str, float]]:
    """Return the kind and the bytes of each request, which fill up as they come."""
    kinds: dict[str, str] = {}
    weight: dict[str, float] = {}
    session.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    session.on("Network.loadingFinished", lambda event: weight.update({event["requestId"]: event["encodedDataLength"]}))
    await session.send("Network.enable")
    return kinds, weight


async def _pass_by(browser: Browser, server: Server) -> Mapping[str, Any]:
    """Read the list to its end, then pass by all of it; and the same with a box that has nothing in it."""
    async with await _logged_in(browser, server) as context:
        page = await context.new_page()
        await _open(page)
        started = time.monotonic()
        await page.evaluate(READ_ALL, [LIST, CONVERSATIONS])
        seconds = time.monotonic() - started
        frames: list[float] = await page.evaluate(PASS_BY, LIST)
        await page.goto("about:blank")
        await page.set_content(BARE.format(height=CONVERSATIONS * 68))
        bare: list[float] = await page.evaluate(PASS_BY, LIST)
    ours, limit = statistics.mean(frames), statistics.mean(bare)
    say(f"  {ours:.1f} ms a frame, {limit:.1f} ms with nothing in it")
    dropped = sum(frame > DROPPED_MS for frame in frames)
    return {"ours": ours, "bare": limit, "longest": max(frames), "dropped": dropped, "seconds": seconds}


async def _logged_in(browser: Browser, server: Server) -> BrowserContext:
    context = await browser.new_context(base_url=server.url, viewport=DESKTOP, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    login = {"email": EMAIL, "password": PASSWORD}
    answer = await context.request.post("/api/v1/login", data=login, headers={"Origin": server.url})
    if not answer.ok:
        raise NotMeasured(f"the login was refused: {await answer.text()}")
    return context


async def _open(page: Page) -> None:
    await page.goto("/")
    await page.locator(".shell[data-connection=live]").wait_for()
    await page.locator("a.row").first.wait_for()


async def _add_reader(bench: Bench, tenant_id: UUID) -> None:
    """Make somebody who can log in."""
    async with provision.provisioning(bench.database.admin_url) as connection:
        user = new_id(time.time_ns() // 1_000_000)
        await provision.add_member(connection, tenant_id, user, EMAIL, "Reader", hash_password(PASSWORD), "viewer")
