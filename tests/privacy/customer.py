"""A customer of whom something stands in every table that can hold it, and a search through all of them."""

import asyncio
import base64
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiohttp import ClientSession

from gateway.keys import Keyring
from gateway.model.page import END
from gateway.store import erasing_ledger
from gateway.store.pool import open_pool, tenant_tx
from tests.conftest import Database, Tenant, new_id
from tests.ingest.posts import Post, change, edit, postmark, text, twilio, unique, whatsapp

NAME, CODE, MAIL = "Zephyrine Quillfeather", "ZQ-88123", "zephyrine.q@example.org"
NUMBER, OLD_NUMBER, OTHER_NUMBER = "+12025550177", "+12025550178", "+12025550119"
SECRET = "quillfeather-parcel"
MARKERS = (NAME, "Quillfeather", CODE, MAIL, NUMBER, NUMBER.lstrip("+"), OLD_NUMBER.lstrip("+"), SECRET)
PICTURE = b"\x89PNG\r\n\x1a\n" + f"a picture of {NAME}".encode() * 20
TOKEN = base64.b64encode(NUMBER.encode() + b"/ZQ").decode()  # a provider's id that tells a number

TABLES = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition ORDER BY 1
"""
#: Rows as text: bytes are hexadecimal there, so that every form of a marker is looked for in one place.
ROWS = "SELECT t::text FROM {} t"
ROWS_TOO = """
INSERT INTO customer_merges (tenant_id, id, customer_id, merged_id, merged_status, undone_at)
VALUES ($1, $2, $3, $3, 'active', now())
"""


def forms(marker: str) -> Iterator[bytes]:
    """Yield a marker as it stands, in hexadecimal, in base64 wherever it begins, in JSON and in a URL."""
    for text_form in {marker, marker.lower(), marker.replace("@", "\\u0040"), marker.replace(" ", "+")}:
        yield text_form.lower().encode()
        yield text_form.encode().hex().encode()
    raw = marker.encode()
    for before, skipped in enumerate((0, 2, 3)):
        encoded = base64.b64encode(b"\0" * before + raw)
        yield encoded[skipped:-4].lower() if (before + len(raw)) % 3 else encoded[skipped:].lower()


NEEDLES = tuple({form for marker in MARKERS for form in forms(marker) if len(form) >= 8})


def speaks_of_her(content: bytes) -> bool:
    """Tell whether something tells of the customer, in whatever form."""
    lowered = content.lower()
    return any(needle in lowered for needle in NEEDLES)


def unpacked(content: bytes) -> Iterator[bytes]:
    """Yield a file; of an archive, whose content no search would find, what is in it."""
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from map(archive.read, archive.namelist())


@dataclass
class Town:
    """A tenant in which somebody is known everywhere."""

    client: ClientSession
    tenant: Tenant
    database: Database
    keyring: Keyring
    files: Path

    async def ask(self, method: str, path: str, *, status: int | None = None, **sent: Any) -> Any:
        """Ask the API; the status is one of success unless another one is named."""
        async with self.client.request(method, f"/api/v1/{path}", headers=self.tenant.auth, **sent) as answer:
            got = await answer.read()
            assert (answer.status == status) if status else answer.status < 300, (answer.status, got)
            return orjson.loads(got) if got else None

    async def post(self, webhook: Post) -> None:
        """Have a provider post something."""
        assert await webhook.send(self.client) == 200

    async def chat(self, body: str, sender: str = NUMBER, key: str | None = None, name: str = NAME) -> str:
        """Have somebody write by WhatsApp; returns the conversation."""
        external = key or unique()
        message = text(external, body, sender.lstrip("+"))
        connection = self.tenant.integration("whatsapp_cloud")
        address = connection["channels"][0]["address"]
        await self.post(whatsapp(connection, changes=[change(address, [message], name=name)]))
        return await self.conversation_of(external)

    async def sms(self, body: str, sender: str = NUMBER) -> str:
        """Have somebody write an SMS; returns the conversation."""
        sid = f"SM{new_id().hex}"
        await self.post(twilio(self.tenant.integration("twilio"), From=sender, MessageSid=sid, Body=body))
        return await self.conversation_of(sid)

    async def conversation_of(self, external_id: str) -> str:
        """Return the conversation that has a message."""
        found = await self.database.value("SELECT conversation_id FROM messages WHERE external_id = $1", external_id)
        return f"cnv_{found.hex}"

    async def customer_of(self, conversation: str) -> str:
        """Return whose a conversation is."""
        found: str = (await self.ask("GET", f"conversations/{conversation}"))["customer"]["id"]
        return found

    async def run(self, statement: str, *args: Any) -> None:
        """Change something past row-level security; ``$1`` is the tenant."""
        connection = await asyncpg.connect(self.database.admin_url)
        try:
            await connection.execute(statement, self.tenant.id, *args)
        finally:
            await connection.close()

    async def request(self, kind: str, customer: str) -> dict[str, Any]:
        """Ask for something, and wait until it is done."""
        asked: dict[str, Any] = await self.ask(
            "POST", "data-requests", json={"kind": kind, "customer_id": customer}, status=202
        )
        return await self.done(asked["id"])

    async def done(self, request_id: str) -> dict[str, Any]:
        """Wait until a request is done or has failed."""
        async with asyncio.timeout(15):
            while True:
                found: dict[str, Any] = await self.ask("GET", f"data-requests/{request_id}")
                if found["state"] in {"done", "failed"}:
                    return found
                await asyncio.sleep(0.02)

    async def tables_that_tell(self) -> set[str]:
        """Search every column of every table, the raw webhooks as they came, and the folder of files."""
        found = set()
        for row in await self.database.fetch(TABLES):
            rows = await self.database.fetch(ROWS.format(row["relname"]))
            if any(speaks_of_her(one[0].encode()) for one in rows):
                found.add(row["relname"])
        pool = await open_pool(self.database.app_url, 1)
        async with tenant_tx(pool, self.tenant.id) as tx:
            for one in await erasing_ledger.read(tx, END, datetime.now(UTC) + timedelta(days=1), 1000):
                url, body = await one.raw.opened(self.keyring)
                if speaks_of_her(url.encode() + body + b"".join(one.around)):
                    found.add("inbound_webhooks")
        await pool.close()
        kept = await asyncio.to_thread(lambda: [p.read_bytes() for p in self.files.rglob("*") if p.is_file()])
        if any(speaks_of_her(piece) for content in kept for piece in unpacked(content)):
            found.add("the folder of files")
        return found

    async def fill(self) -> str:
        """Have the customer known everywhere; returns them."""
        await self.chat(f"Where is my {SECRET}?", OLD_NUMBER)
        thread = await self.chat(f"Where is my {SECRET}?", key=f"wamid.{TOKEN}")
        customer = await self.customer_of(thread)
        connection = self.tenant.integration("whatsapp_cloud")
        told = {"id": f"wamid.{TOKEN}", "status": "read", "timestamp": "1767225700", "recipient_id": NUMBER.lstrip("+")}
        await self.post(whatsapp(connection, statuses=[told]))
        await self.post(
            whatsapp(connection, [edit(unique(), f"wamid.{TOKEN}", f"My {SECRET}!", 1767225800, NUMBER[1:])])
        )
        both = [text(unique(), f"One {SECRET}", NUMBER[1:]), text(unique(), "Hello", OTHER_NUMBER[1:])]
        await self.post(whatsapp(connection, both))
        await self.sms("STOP")
        await self.post(postmark(self.tenant.integration("postmark"), sender=MAIL, subject=f"My {SECRET}",
            text_body=f"I am {NAME}", html_body=f"<p>{NAME}</p>"))  # fmt: skip
        async with asyncio.timeout(30):
            while not await self.database.value("SELECT count(*) FROM message_html"):
                await asyncio.sleep(0.02)
        await self._as_agents_do(customer, thread)
        await self._as_others_do(customer)
        return customer

    async def _as_agents_do(self, customer: str, thread: str) -> None:
        """What the workspace's people write of her: a merge, a card, notes, a draft, a reply with a picture."""
        old = await self.database.value("SELECT customer_id FROM customer_identities WHERE value = $1", OLD_NUMBER)
        mailing = await self.database.value("SELECT customer_id FROM customer_identities WHERE value = $1", MAIL)
        for other in (old, mailing):
            await self.ask("POST", f"customers/{customer}/merge", json={"other": f"cus_{other.hex}"})
        await self.ask("PATCH", f"customers/{customer}", json={"customer_code": CODE, "business_name": f"{NAME} Ltd"})
        label = (await self.ask("POST", "labels", json={"name": "VIP", "color": "teal"}))["id"]
        await self.ask("PATCH", f"customers/{customer}", json={"label_ids": [label]})
        await self.ask("POST", f"customers/{customer}/notes", json={"text": f"{NAME} likes her {SECRET}"})
        await self.ask("POST", f"conversations/{thread}/notes", json={"text": f"About {NAME}"})
        sent = await self.client.post("/api/v1/files?filename=quillfeather.png", data=PICTURE,
            headers={**self.tenant.auth, "Content-Type": "image/png"})  # fmt: skip
        file = (await sent.json())["id"]
        await self.run("UPDATE conversations SET window_expires_at = now() + interval '1 day' WHERE tenant_id = $1")
        body = {"text": f"Dear {NAME}", "attachments": [file]}
        async with self.client.post(f"/api/v1/conversations/{thread}/messages", json=body,
            headers={**self.tenant.auth, "Idempotency-Key": "one"}) as answer:  # fmt: skip
            assert answer.status < 300, await answer.text()
        member = await self.database.value("SELECT user_id FROM memberships WHERE tenant_id = $1", self.tenant.id)
        content = orjson.dumps({"text": f"Dear {NAME}"}).decode()
        await self.run(
            "INSERT INTO drafts (tenant_id, user_id, conversation_id, version, content) VALUES ($1, $2, $3, 1,"
            " $4::text::jsonb)", member, UUID(thread[4:]), content,
        )  # fmt: skip

    async def _as_others_do(self, customer: str) -> None:
        """What stands of her elsewhere: an imported file, an endpoint's answer, old entries of the log."""
        rows = f"name,phone\r\n{NAME},{NUMBER}\r\nJohn,nobody\r\n{NAME},nonsense\r\n"
        made = await self.client.post("/api/v1/customer-imports?filename=zq.csv", data=rows.encode(),
            headers={**self.tenant.auth, "Content-Type": "text/csv"})  # fmt: skip
        waiting = (await made.json())["id"]
        plan = {"targets": ["name", "phone"], "country": None, "label_ids": []}
        await self.ask("POST", f"customer-imports/{waiting}/check", json=plan)
        async with asyncio.timeout(30):
            while (await self.ask("GET", f"customer-imports/{waiting}"))["state"] != "checked":
                await asyncio.sleep(0.02)
        await self.run(ENDPOINT, new_id(), UUID(customer[4:]), orjson.dumps({"got": NAME}).decode())
        while await self.database.value("SELECT search_catch_up(1000)"):
            pass
        await self.run(OLD)


ENDPOINT = """
WITH made AS (
    INSERT INTO webhook_endpoints (tenant_id, id, url, key_id, sealed, since_seq)
    SELECT $1, $2, 'https://integrator.example.org/hooks', k.id, '\\x00', 0 FROM encryption_keys k
    WHERE k.tenant_id = $1 LIMIT 1 RETURNING id
), owed AS (
    INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, status, error, finished_at)
    SELECT $1, gen_random_uuid(), made.id, e.id, e.type, e.seq, 'FAILED', $4, now()
    FROM made, events e WHERE e.tenant_id = $1 AND e.data::text LIKE '%' || replace($3::uuid::text, '-', '') || '%'
    RETURNING id, endpoint_id
)
INSERT INTO webhook_attempts (tenant_id, started_at, delivery_id, endpoint_id, number, outcome, total_ms, request_url,
    request_headers, response_headers, response_body, error)
SELECT $1, now(), o.id, o.endpoint_id, 1, 'failure', 12, 'https://integrator.example.org/hooks', '{}',
    json_build_object('x-customer', $4::text), $4, $4
FROM owed o
"""
OLD = """
WITH moved AS (
    DELETE FROM events e WHERE e.tenant_id = $1 AND e.seq <= 4 RETURNING e.*
), told AS (
    UPDATE tenant_heads h SET old_seq = 4 WHERE h.tenant_id = $1
)
INSERT INTO old_events SELECT * FROM moved
"""
