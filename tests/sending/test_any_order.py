"""Whatever order the provider's answer and its statuses come in, and whether the answer is lost: it ends the same."""

import asyncio
from itertools import permutations

from tests.ingest.posts import text, unique, whatsapp
from tests.sending.conftest import Desk, external_id

END_LEASES = "UPDATE sends SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL"
WAKE = "SELECT pg_notify('postgate_sends', '')"
#: What is told of a message, and when by the provider's clock.
TOLD = {"delivered": 1767225700, "failed": 1767225710, "read": 1767225720}


async def test_any_order_ends_the_same(desk: Desk) -> None:
    ends = set()
    orders = [(order, place, lost) for order in permutations(TOLD) for place in range(4) for lost in (False, True)]
    for order, place, lost in orders:
        desk.provider.released = asyncio.Event()
        desk.provider.plan = [desk.provider.hangs]
        key = await desk.write(f"{order} {place} {lost}")
        await desk.until_sent(1)
        [sent] = desk.provider.sent
        desk.provider.sent.clear()
        name, reference = external_id(sent), sent["biz_opaque_callback_data"]
        for word in order[:place]:
            await desk.told(name, word, TOLD[word], ref=reference)
        if lost:
            await desk.database.fetch(END_LEASES)
            await desk.database.fetch(WAKE)
        else:
            desk.provider.released.set()
        await desk.until(key, "sent", "unknown", *TOLD)
        for word in (*order[place:], order[0]):
            await desk.told(name, word, TOLD[word], ref=reference)
        desk.provider.released.set()
        message = await desk.message(key)
        times = {word: at for word, at in message["status_at"].items() if word in TOLD}
        ends.add((message["status"], message["external_id"] == name, str(message["error"]), str(sorted(times.items()))))
        assert set(message["status_at"]) == {"queued", "sent", *TOLD}, (order, place, lost)
    assert len(ends) == 1, ends
    assert next(iter(ends))[:2] == ("read", True)


async def test_nothing_that_was_told_of_others_is_taken_for_it(desk: Desk) -> None:
    connection = desk.tenant.integration("whatsapp_cloud")
    desk.provider.plan = [desk.provider.breaks]
    key = await desk.write("One")
    await desk.until(key, "unknown")
    for reference in ("msg_" + "0" * 32, f"{key}-2", "", "msg_"):
        await desk.told(unique(), "delivered", ref=reference)
    assert await whatsapp(connection, [text(unique(), "Hello?")]).send(desk.client) == 200
    message = await desk.message(key)
    assert (message["status"], message["external_id"]) == ("unknown", None)
