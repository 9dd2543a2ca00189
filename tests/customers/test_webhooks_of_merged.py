"""Real webhooks of customers who were merged, and are two again."""

import asyncio
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession

from gateway.customers import merging
from gateway.model.ids import parse
from gateway.store.pool import open_pool, tenant_tx
from tests.conftest import Database, Tenant, new_id
from tests.ingest.posts import Post, postmark, text, twilio, unique, whatsapp

JANE, JOHN = "+12025550101", "+12025550102"
USER = "US.13491208655302741918"


class Line:
    """Posts webhooks, asks the API, and looks into the database."""

    def __init__(self, client: ClientSession, tenant: Tenant, database: Database) -> None:
        self.client, self.tenant, self.database = client, tenant, database

    async def sms(self, sender: str) -> str:
        """Post an SMS; returns the conversation that has it."""
        sid = f"SM{new_id().hex}"
        return await self._stored(twilio(self.tenant.integration("twilio"), From=sender, MessageSid=sid), sid)

    async def chat(self, sender: str | None, user_id: str | None = None) -> str:
        """Post a WhatsApp message of a number, of a user id, or of both; returns the conversation that has it."""
        key = unique()
        message = text(key, sender=(sender or "").lstrip("+"))
        if sender is None:
            del message["from"]
        if user_id:
            message["from_user_id"] = user_id
        return await self._stored(whatsapp(self.tenant.integration("whatsapp_cloud"), [message]), key)

    async def ask(self, method: str, path: str, **sent: Any) -> Any:
        """Ask the API."""
        async with self.client.request(method, f"/api/v1/{path}", headers=self.tenant.auth, **sent) as answer:
            assert answer.status in {200, 201}, await answer.text()
            return await answer.json()

    async def customer(self, conversation: str) -> str:
        """Return whose a conversation is."""
        found: str = (await self.ask("GET", f"conversations/{conversation}"))["customer"]["id"]
        return found

    async def texts(self, conversation: str) -> int:
        """Count the messages of a conversation."""
        return len((await self.ask("GET", f"conversations/{conversation}/messages"))["data"])

    async def _stored(self, post: Post, external_id: str) -> str:
        assert await post.send(self.client) == 200
        key = await self.database.value("SELECT conversation_id FROM messages WHERE external_id = $1", external_id)
        return f"cnv_{key.hex}"


@pytest.fixture
def line(client: ClientSession, tenant: Tenant, database: Database) -> Line:
    """The tenant's."""
    return Line(client, tenant, database)


async def test_both_numbers_write_to_the_kept_one_and_to_their_own_again(line: Line) -> None:
    hers, his = await line.sms(JANE), await line.sms(JOHN)
    jane, john = await line.customer(hers), await line.customer(his)
    merge = (await line.ask("POST", f"customers/{jane}/merge", json={"other": john}))["merge"]
    assert [await line.sms(JOHN), await line.sms(JANE)] == [hers, hers]
    assert await line.customer(his) == jane
    await line.ask("POST", f"merges/{merge['id']}/undo")
    assert [await line.texts(hers), await line.texts(his)] == [2, 2]
    assert [await line.sms(JOHN), await line.sms(JANE)] == [his, hers]
    assert await line.customer(his) == john


async def test_a_conversation_that_only_one_had_is_split_by_who_wrote(line: Line) -> None:
    hers, his = await line.sms(JANE), await line.chat(JOHN)
    jane, john = await line.customer(hers), await line.customer(his)
    merge = (await line.ask("POST", f"customers/{jane}/merge", json={"other": john}))["merge"]
    assert [await line.chat(JANE), await line.sms(JOHN)] == [his, hers]
    await line.ask("POST", f"merges/{merge['id']}/undo")
    new_chat, new_sms = await line.chat(JANE), await line.sms(JOHN)
    assert not {new_chat, new_sms} & {hers, his}
    assert [await line.customer(one) for one in (new_chat, new_sms, hers, his)] == [jane, john, jane, john]
    assert [await line.texts(one) for one in (new_chat, new_sms, hers, his)] == [2, 2, 1, 1]


async def test_a_user_id_that_came_with_a_number_since_goes_back_with_it(line: Line) -> None:
    hers, his = await line.chat(JANE), await line.chat(JOHN)
    jane, john = await line.customer(hers), await line.customer(his)
    merge = (await line.ask("POST", f"customers/{jane}/merge", json={"other": john}))["merge"]
    assert await line.chat(JOHN, USER) == hers
    assert await line.chat(None, USER) == hers
    undone = await line.ask("POST", f"merges/{merge['id']}/undo")
    assert {"kind": "bsuid", "value": USER} in undone["merged"]["identities"]
    assert [await line.texts(hers), await line.texts(his)] == [1, 3]
    assert await line.chat(None, USER) == his


async def test_mails_stay_in_their_threads(line: Line, tenant: Tenant, database: Database) -> None:
    for number, sender in enumerate(["jane@example.org", "john@example.net"]):
        post = postmark(tenant.integration("postmark"), sender=sender, message_id=f"m{number}@example.org")
        assert await post.send(line.client) == 200
    await _mails(database, 2)
    jane, john = [
        (await line.ask("GET", f"customers/cus_{row['customer_id'].hex}"))["id"]
        for row in await database.fetch("SELECT customer_id FROM customer_identities ORDER BY value")
    ]
    merge = (await line.ask("POST", f"customers/{jane}/merge", json={"other": john}))["merge"]
    answers = [("In-Reply-To", "<m1@example.org>")]
    for headers in (answers, ()):
        post = postmark(tenant.integration("postmark"), sender="john@example.net", headers=headers)
        assert await post.send(line.client) == 200
    await _mails(database, 4)
    assert await database.value("SELECT count(DISTINCT conversation_id) FROM messages") == 3
    await line.ask("POST", f"merges/{merge['id']}/undo")
    owners = await database.fetch(
        "SELECT m.sender_address, c.customer_id FROM messages m JOIN conversations c ON c.id = m.conversation_id"
    )
    assert {(row["sender_address"], f"cus_{row['customer_id'].hex}") for row in owners} == {
        ("jane@example.org", jane), ("john@example.net", john),
    }  # fmt: skip


async def _mails(database: Database, wanted: int) -> None:
    async with asyncio.timeout(20):
        while await database.value("SELECT count(*) FROM messages") < wanted:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("user_id", [None, USER], ids=["a channel", "a user id"])
async def test_who_is_merged_while_they_write_for_the_first_time_is_the_kept_one(
    line: Line, database: Database, tenant: Tenant, user_id: str | None
) -> None:
    hers, his = await line.sms(JANE), await line.sms(JOHN)
    jane, john = await line.customer(hers), await line.customer(his)
    if user_id:
        his = await line.chat(JOHN)
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, tenant.id) as tx:
        await merging.merge(tx, new_id(), parse("cus", jane), parse("cus", john), None)
        posted = asyncio.create_task(line.chat(JOHN, user_id))
        await _waits(database)
    thread = await posted
    await pool.close()
    assert await line.customer(thread) == jane
    for table in ("customer_identities", "conversations"):
        strays = f"SELECT count(*) FROM {table} WHERE customer_id = $1"
        assert await database.value(strays, parse("cus", john)) == 0
    assert await line.chat(JOHN, USER) == thread
    assert await line.chat(None, USER) == thread


async def _waits(database: Database) -> None:
    """Wait until a statement waits for a lock."""
    connection = await asyncpg.connect(database.admin_url)
    async with asyncio.timeout(20):
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            await asyncio.sleep(0.01)
    await connection.close()
