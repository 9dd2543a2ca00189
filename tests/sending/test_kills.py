"""Workers that are killed or stopped: what may have been sent is never sent again, what was not is."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from gateway.model.ids import parse
from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.api.writing import conversation, post
from tests.conftest import Database, Start, Tenant
from tests.sending.conftest import Provider, move

SECONDS = 30.0
END_LEASES = """
UPDATE sends SET lease_until = now() - interval '1 second', next_attempt_at = now() - interval '1 second'
WHERE lease_token IS NOT NULL
"""
CLAIM = "SELECT message_id, token, lost FROM claim_sends(10, $1, 8, 16)"


@pytest.fixture
async def message(
    served: Served, tenant: Tenant, rows: Rows, database: Database, provider: Provider
) -> Callable[[str], Awaitable[str]]:
    """Accepts messages to a customer on WhatsApp, with nobody there who sends them."""
    await move(database, tenant, "whatsapp_cloud", provider)
    key = await conversation(database, tenant, rows, "whatsapp_cloud", "whatsapp")

    async def accept(words: str) -> str:
        answer = await post(served, tenant, f"/api/v1/conversations/{key}/messages", {"text": words}, 201)
        return str(answer["id"])

    return accept


async def until(database: Database, message: str, status: str) -> None:
    """Wait for a message to have a status."""
    async with asyncio.timeout(SECONDS):
        while await database.value("SELECT status FROM messages WHERE id = $1", parse("msg", message)) != status:
            await asyncio.sleep(0.05)  # between two looks


async def until_sent(provider: Provider, number: int) -> None:
    """Wait for the provider to have been sent that many."""
    async with asyncio.timeout(SECONDS):
        while len(provider.sent) < number:
            await asyncio.sleep(0.02)  # between two looks


async def test_a_worker_killed_in_its_call_leaves_an_unknown_message(
    start_worker: Start, message: Callable[[str], Awaitable[str]], provider: Provider, database: Database
) -> None:
    provider.plan = [provider.hangs]
    first, second = await message("One"), await message("Two")
    worker = await start_worker()
    await until_sent(provider, 1)
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    assert await database.value("SELECT count(*) FROM sends WHERE state = 'calling'") == 1
    await database.script(END_LEASES)
    await start_worker()
    await until(database, first, "unknown")
    await until(database, second, "sent")
    assert provider.texts == ["One", "Two"]
    told = await database.value(
        "SELECT data -> 'error' ->> 'code' FROM events WHERE type = 'message.status_changed' ORDER BY seq LIMIT 1"
    )
    assert told == "no_answer"


async def test_what_a_worker_had_not_sent_when_it_died_is_sent_once(
    start_worker: Start, message: Callable[[str], Awaitable[str]], provider: Provider, database: Database
) -> None:
    key = await message("One")
    hook = await asyncpg.connect(database.hook_url)
    [claimed] = await hook.fetch(CLAIM, timedelta(minutes=2))  # as a worker does that dies before its call
    assert await hook.fetch(CLAIM, timedelta(minutes=2)) == []
    await hook.close()
    assert (claimed["message_id"], claimed["lost"]) == (parse("msg", key), False)
    await database.script(f"{END_LEASES}; UPDATE send_lanes SET due_at = now()")
    await start_worker()
    await until(database, key, "sent")
    assert provider.texts == ["One"]


async def test_a_worker_that_is_stopped_finishes_its_calls_and_begins_no_more(
    start_worker: Start, message: Callable[[str], Awaitable[str]], provider: Provider, database: Database
) -> None:
    provider.plan = [provider.hangs]
    first, second = await message("One"), await message("Two")
    worker = await start_worker()
    await until_sent(provider, 1)
    worker.send_signal(signal.SIGTERM)
    provider.released.set()
    async with asyncio.timeout(SECONDS):
        assert await worker.wait() == 0
    statuses = "SELECT id, status FROM messages WHERE direction = 'outbound'"
    found = {row["id"]: row["status"] for row in await database.fetch(statuses)}
    assert found[parse("msg", first)] == "sent"
    assert await database.value("SELECT count(*) FROM sends WHERE lease_token IS NOT NULL") == 0
    await start_worker()
    await until(database, second, "sent")
    assert provider.texts == ["One", "Two"]


async def test_workers_never_claim_the_same_and_keep_within_their_bounds(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    for _ in range(20):
        key = await conversation(database, tenant, rows, "twilio", "sms")
        await post(served, tenant, f"/api/v1/conversations/{key}/messages", {"text": "One"}, 201)
    hooks = [await asyncpg.connect(database.hook_url) for _ in range(4)]
    found = await asyncio.gather(*(hook.fetch(CLAIM, timedelta(minutes=2)) for hook in hooks))
    claimed: list[UUID] = [row["message_id"] for rows_of_one in found for row in rows_of_one]
    assert len(claimed) == len(set(claimed)) == 8  # of one channel, at once
    assert await hooks[0].fetch(CLAIM, timedelta(minutes=2)) == []
    for hook in hooks:
        await hook.close()
