"""Every hostile value in every way in, at a whole gateway: refused in words, or stored harmless and read back so.

Values and files stand in ``tests/ingest/hostile_values.py``, the ways in ``tests/ingest/ways_in.py``. The values of a
kind take turns, so that each way meets each kind once.
"""

import csv
import io
import re
from collections import Counter
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from gateway.customers.exporting import FORMULA
from gateway.model.ids import public
from gateway.running import Running
from gateway.settings import Settings
from tests.conftest import Database, Tenant
from tests.delivery.receiving import receiving, verify
from tests.ingest.hostile_values import BOMB, FILES, VALUES
from tests.ingest.posts import text, unique, whatsapp
from tests.ingest.reading import until
from tests.ingest.ways_in import Ways
from tests.smtp.conftest import BOX, Connect, connect

__all__ = ["connect"]

Json = Any
LISTS = (
    "conversations", "customers", "webhooks?limit=100", "events?after=0&limit=1000", "labels", "customer-imports",
    "webhook-endpoints", "search?q=alert", "search?q=DROP", "deliveries",
)  # fmt: skip
#: What no text of ours may be read back with.
UNREADABLE = re.compile("[\x00\ud800-\udfff]")
LEFT = "SELECT count(*) FROM inbound_webhooks WHERE state = 'pending'"
LOST = """
SELECT count(*) FROM inbound_webhooks
WHERE state <> 'pending' AND received <> stored + duplicate + ignored + quarantined
"""
#: Of mails; what a hostile link leads to is nowhere.
ATTACHED = """
SELECT a.id FROM attachments a JOIN messages m ON m.tenant_id = a.tenant_id AND m.id = a.message_id
WHERE m.medium = 'email' AND a.state = 'stored'
"""
UNFETCHED = f"SELECT count(*) FROM ({ATTACHED.replace('stored', 'pending')}) a"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a listener for mail, and receivers on this machine."""
    told = settings.model_dump() | {"allow_private": "127.0.0.0/8", "smtp_port": 0, "file_limit": 1024 * 1024}
    return Settings.model_validate(told)


class Reading:
    """Reads everything back."""

    def __init__(self, client: ClientSession, tenant: Tenant) -> None:
        self._client, self._tenant = client, tenant

    async def json(self, path: str) -> Json:
        """Return what is at a path of the API."""
        async with self._client.get(f"/api/v1/{path}", headers=self._tenant.auth) as answer:
            said = await answer.read()
            assert answer.status == 200, (path, said[:300])
            assert UNREADABLE.search(said.decode()) is None
            return orjson.loads(said)

    async def all(self) -> None:
        """Read all lists, all threads, and the table of customers."""
        for path in LISTS:
            await self.json(path)
        for one in (await self.json("conversations"))["data"]:
            await self.json(f"conversations/{one['id']}/messages?limit=100")
        async with self._client.get("/api/v1/customers.csv", headers=self._tenant.auth) as answer:
            assert answer.status == 200
            rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"), newline="")))
        assert len({len(row) for row in rows}) == 1
        assert not [cell for row in rows for cell in row if cell.startswith(FORMULA)]


async def test_whatever_comes_in_is_refused_in_words_or_stored_harmless(
    client: ClientSession, gateway: Running, tenant: Tenant, database: Database, connect: Connect
) -> None:
    await connect(tenant, BOX, allowed_hosts=["127.0.0.1"])
    first = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
    assert await first.send(client) == 200
    reading = Reading(client, tenant)
    conversation = (await reading.json("conversations"))["data"][0]["id"]
    ways, turns = Ways(client, gateway, tenant, conversation), Counter[str]()
    async with receiving() as receiver:
        body = {"url": receiver.url}
        async with client.post("/api/v1/webhook-endpoints", json=body, headers=tenant.auth) as made:
            secret = (await made.json())["secret"]
        for kind, values in VALUES.items():
            for name, way in ways.all():
                value = values[turns[kind] % len(values)]
                turns[kind] += 1
                try:
                    await way(value)
                except Exception as error:
                    error.add_note(f"{kind} as {name}: {value[:80]!r}")
                    raise
        for name, kind, content in FILES.values():
            await ways.file(name, kind, content)
        assert ways.tried > 800

        # Nobody beside them suffered: the next one is stored, shown and told at once.
        wamid = unique()
        assert await whatsapp(tenant.integration("whatsapp_cloud"), [text(wamid)]).send(client) == 200
        assert await until(lambda: database.value(LEFT), lambda left: left == 0) == 0
        assert await database.value(LOST) == 0
        await reading.all()
        assert await until(lambda: database.value(UNFETCHED), lambda left: left == 0) == 0
        stored = [public("att", row["id"]) for row in await database.fetch(ATTACHED)]
        assert len(stored) >= len(FILES)
        for attachment in stored:
            await ways.is_inert(f"/api/v1/attachments/{attachment}/content")
        await receiver.wait_for(lambda: any(wamid.encode() in one.body for one in receiver.receipts))
        for receipt in receiver.receipts:
            verify(receipt, secret)
            assert UNREADABLE.search(receipt.body.decode()) is None
            assert "bcc" not in receipt.headers


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
async def test_a_bomb_is_not_unpacked(client: ClientSession, tenant: Tenant, encoding: str) -> None:
    hook = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
    packed = {"Content-Encoding": encoding, "Content-Type": "application/json", "Connection": "close"}
    for path, headers in (
        (hook.path, {**hook.headers, **packed}), ("/api/v1/customers", {**tenant.auth, **packed}),
        ("/api/v1/files", {**tenant.auth, **packed}), ("/api/v1/login", packed),
    ):  # fmt: skip
        async with client.post(path, data=BOMB, headers=headers) as answer:
            said = await answer.read()
            as_it_is = answer.status == 201 and orjson.loads(said)["size"] == len(BOMB)
            assert as_it_is or 400 <= answer.status < 500, (path, answer.status, said[:300])
