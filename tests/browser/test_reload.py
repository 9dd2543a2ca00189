"""Live is the same as loaded afresh: two agents, one of them offline for a while, and a server that is killed."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from gateway.demo import tenant as demo_tenant
from gateway.settings import Settings
from gateway.simulator.accounts import accounts_of
from gateway.simulator.behaviour import Behaviour, Order
from gateway.simulator.providers import IMITATIONS
from gateway.simulator.server import serve_simulator
from tests.api.agents import member
from tests.browser.site import KillableSite
from tests.browser.test_connection import CUT
from tests.browser.test_live import mail, sms, wa
from tests.browser.window import OpenWindow, Window
from tests.conftest import Database, Tenant
from tests.ingest.reading import until

#: A change to a conversation that has gone on meanwhile is made once more, by the page itself.
OVERTAKEN = r"status of 412"
LABELS = "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, gen_random_uuid(), 'Urgent', 'red')"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A gateway that may call this machine, where the simulator is."""
    return settings.model_copy(update={"allow_private": (ip_network("127.0.0.0/8"),), "files_dir": tmp_path / "files"})


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings: Settings, tenant: Tenant) -> AsyncIterator[KillableSite]:
    """A gateway that can be killed, with providers whose customers never answer."""
    async with serve_simulator(lambda: datetime.now(UTC), scale=0) as serving:
        url = settings.database_url.get_secret_value()
        await demo_tenant.lead_to(url, tenant.facts, IMITATIONS, serving.url)
        serving.simulator.know(accounts_of(tenant.ready))
        quiet = Behaviour(replies=False)
        serving.simulator.behaviours.tell(Order(recipient="+12025550143", behaviour=quiet))
        site = KillableSite(settings, tenant)
        await site.start()
        yield site
        await site.stop()


async def write(window: Window, text: str, how: str = "r") -> None:
    """Answer, or note something."""
    await window.page.keyboard.press(how)
    await window.page.keyboard.type(text)
    await window.page.keyboard.press("Enter")
    await window.page.keyboard.press("Escape")


async def shown(window: Window) -> object:
    """Return all that a window says of the conversations: their counts, the list, and the one that is open."""
    texts = [await window.page.locator(part).all_inner_texts() for part in (".rail-views", ".thread-title", ".desk")]
    return await window.sees(), texts, await window.page.title()


async def same_as_fresh(window: Window, home: str, open_window: OpenWindow, token: str | None) -> None:
    """Check that a window says, in the end, what one says that opens there now."""
    fresh = await open_window(window.page.url.removeprefix(home), token=token)
    await fresh.live()
    await fresh.messages.first.wait_for()
    with suppress(TimeoutError):  # then it is compared once more, which shows in what they differ
        await until(lambda: _both(window, fresh), lambda seen: seen[0] == seen[1])
    seen, wanted = await _both(window, fresh)
    assert seen == wanted


async def _both(window: Window, fresh: Window) -> tuple[object, object]:
    return await shown(window), await shown(fresh)


async def test_two_agents_an_outage_and_a_kill_end_where_a_reload_begins(
    open_window: OpenWindow, site: KillableSite, database: Database, tenant: Tenant
) -> None:
    await database.fetch(LABELS, tenant.id)
    _, token = await member(database, tenant, "Kim Lee")
    ana, kim = await open_window(), await open_window(token=token)
    for one in (ana, kim):
        one.complaints.expected += [CUT, OVERTAKEN]
    await site.post(wa(tenant, "wamid.1", "Two hats"), sms(tenant, "Is it there yet?"), mail(tenant, "The invoice"))
    for one in (ana, kim):
        await expect(one.rows).to_have_count(3)
        await one.open("there yet")

    await ana.page.context.set_offline(True)
    await expect(ana.banner).to_contain_text("Reconnecting")
    await kim.page.keyboard.press("t")
    await write(kim, "Ask the driver", "n")
    await write(kim, "It left today.")
    await expect(kim.page.get_by_role("img", name="Delivered")).to_be_visible()
    await write(ana, "It is on its way.")
    await expect(ana.page.get_by_text("Not sent:")).to_be_visible()
    await site.post(wa(tenant, "wamid.2", "Or three", 1767225660))

    await site.kill()
    await expect(kim.banner).to_contain_text("Reconnecting")
    await kim.page.keyboard.press("e")
    await expect(kim.page.get_by_role("alert")).to_contain_text("Not changed")
    await site.start()
    await kim.live()
    await kim.page.keyboard.press("l")
    await kim.page.get_by_role("menuitemcheckbox", name="Urgent").click()
    await expect(kim.page.locator(".thread-head .label-chip")).to_have_text("Urgent")
    await site.post(sms(tenant, "The door was open"), sms(tenant, "From somebody else", "+12025550177"))
    await expect(kim.row("somebody else")).to_be_visible()

    await ana.page.context.set_offline(False)
    await expect(ana.message("The door was open")).to_be_visible()
    await ana.page.get_by_role("button", name="Retry").click()
    for one in (ana, kim):
        await expect(one.message("It is on its way.")).to_have_count(1)
        await expect(one.page.get_by_role("img", name="Delivered")).to_have_count(2)
    await ana.page.keyboard.press("a")
    await ana.page.get_by_role("menuitemradio", name="(you)").click()
    await expect(kim.thread.get_by_text("Acme owner took this")).to_be_visible()
    assert (await ana.sees()).rows[0].count("Assigned") == 1
    await same_as_fresh(ana, site.url, open_window, None)
    await same_as_fresh(kim, site.url, open_window, token)
