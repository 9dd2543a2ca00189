"""What requests leave in the audit: who, what, from where; in which transaction; and who may look."""

import asyncio
import csv
import io
from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import ClientSession

from gateway.model.ids import parse, public
from tests.api.conftest import ORIGIN, Served
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

ROWS = """
SELECT actor, actor_id, operation, action, table_name, record_ids, contains_pii, host(ip) AS ip, user_agent, request_id
FROM data_access_audit WHERE tenant_id = $1 ORDER BY created_at, table_name DESC, id
"""
SAME_TRANSACTION = """
SELECT a.xmin::text = e.xmin::text FROM data_access_audit a JOIN events e ON e.tenant_id = a.tenant_id
WHERE a.tenant_id = $1 AND a.action = 'change_customer' AND e.type = 'customer.updated'
"""
AGENT = "=HYPERLINK(1)"


async def rows_of(database: Database, tenant: Tenant, count: int) -> Sequence[Any]:
    """Wait until there are so many rows, and return them."""
    async with asyncio.timeout(20):
        while len(found := await database.fetch(ROWS, tenant.id)) < count:
            await asyncio.sleep(0.05)
    assert len(found) == count, [(row["action"], row["table_name"]) for row in found]
    return found


async def test_what_is_read_and_changed_is_written_down_with_who_did_it(
    served: Served, database: Database, tenant: Tenant, other: Tenant, rows: Rows
) -> None:
    first, second = await rows.conversation(), await rows.conversation(minute=1)
    message = await rows.message(first)
    customer = await database.value("SELECT customer_id FROM conversations WHERE id = $1", parse("cnv", first))
    who, ask = public("cus", customer), served.client.request
    headers = {**tenant.auth, "User-Agent": AGENT}
    before = (await database.fetch("SELECT id FROM api_keys WHERE tenant_id = $1", tenant.id))[0]["id"]

    async with ask("GET", "/api/v1/conversations", headers=headers) as answer:
        assert answer.status == 200
        request_id = answer.headers["X-Request-Id"]
    async with ask("GET", f"/api/v1/conversations/{first}/messages", headers=headers) as answer:
        assert answer.status == 200
    await rows_of(database, tenant, 3)
    async with ask("PATCH", f"/api/v1/customers/{who}", json={"name": "Jo"}, headers=headers) as answer:
        assert answer.status == 200
    # That one is there with the change, whatever waits here for others.
    assert await database.value(SAME_TRANSACTION, tenant.id) is True
    for path, body, status in (
        (f"/api/v1/customers/cus_{'0' * 32}", {"name": "X"}, 404),  # nobody there
        (f"/api/v1/customers/{who}", {"name": "X"}, 412),
    ):
        async with ask("PATCH", path, json=body, headers={**headers, "If-Match": '"old"'}) as answer:
            assert answer.status == status
    async with ask("POST", "/api/v1/customers", json={"name": "New"}, headers=headers) as answer:
        made = (await answer.json())["id"]
    async with ask("GET", "/api/v1/customers.csv", headers=headers) as answer:
        assert len((await answer.text()).splitlines()) == 4

    found = await rows_of(database, tenant, 6)
    assert [(row["operation"], row["action"], row["table_name"]) for row in found] == [
        ("read", "list_conversations", "conversations"),
        ("read", "list_messages", "messages"),
        ("read", "list_messages", "conversations"),
        ("change", "change_customer", "customers"),
        ("create", "create_customer", "customers"),
        ("export", "export_customers", "customers"),
    ]
    assert set(found[0]["record_ids"]) == {parse("cnv", first), parse("cnv", second)}
    assert found[1]["record_ids"] == [parse("msg", message)]
    assert found[2]["record_ids"] == [parse("cnv", first)]
    assert found[4]["record_ids"] == [parse("cus", made)]
    assert len(found[5]["record_ids"]) == 3
    assert all(row["contains_pii"] and row["ip"] == "127.0.0.1" and row["user_agent"] == AGENT for row in found)
    assert {(row["actor"], row["actor_id"]) for row in found} == {("api_key", before)}
    assert found[0]["request_id"] == request_id
    assert await database.fetch(ROWS, other.id) == []

    await look(served, tenant, other, first, who)


async def test_an_export_that_is_asked_for_is_no_removal(
    served: Served, database: Database, tenant: Tenant, rows: Rows
) -> None:
    conversation = parse("cnv", await rows.conversation())
    customer = await database.value("SELECT customer_id FROM conversations WHERE id = $1", conversation)
    await database.fetch("UPDATE api_keys SET scopes = '{customers.privacy}' WHERE tenant_id = $1", tenant.id)
    for kind in ("export", "erasure"):
        asked = {"kind": kind, "customer_id": public("cus", customer)}
        async with served.client.post("/api/v1/data-requests", json=asked, headers=tenant.auth) as answer:
            assert answer.status == 202, await answer.text()
    found = [row for row in await database.fetch(ROWS, tenant.id) if row["action"] == "add_data_request"]
    assert [(row["operation"], row["record_ids"]) for row in found] == [("export", [customer]), ("remove", [customer])]


async def look(served: Served, tenant: Tenant, other: Tenant, conversation: str, customer: str) -> None:
    """Search as its owner, and export."""
    cookie = {"Cookie": f"postgate_session={await served.log_in(tenant)}", **ORIGIN}
    served.client.cookie_jar.clear()
    theirs = {"Cookie": f"postgate_session={await served.log_in(other)}", **ORIGIN}

    async def shown(query: str, auth: dict[str, str]) -> Any:
        async with ClientSession(served.url) as session, session.get(f"/api/v1/audit{query}", headers=auth) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def actions(query: str, auth: dict[str, str] = cookie) -> list[str]:
        return [row["action"] for row in orjson.loads(await shown(query, auth))["data"]]

    assert (await actions("?table=customers"))[::-1] == ["change_customer", "create_customer", "export_customers"]
    assert set(await actions("?operation=change&operation=create")) == {"change_customer", "create_customer"}
    assert set(await actions(f"?record={conversation}")) == {"list_conversations", "list_messages"}
    assert set(await actions(f"?customer={customer}")) == {
        "list_conversations", "list_messages", "change_customer", "export_customers",
    }  # fmt: skip
    assert await actions(f"?customer={customer}&record={conversation}&table=messages") == []
    assert await actions("?until=2020-01-01T00:00:00Z") == []
    assert await actions(f"?record={conversation}", theirs) == []
    key = orjson.loads(await shown("?table=customers", cookie))["data"][0]["actor"]
    assert key["kind"] == "api_key"
    assert key["name"]
    assert "list_conversations" in await actions(f"?actor={key['id']}&since=2020-01-01T00:00:00Z")
    assert "list_conversations" not in await actions(f"?actor=usr_{'1' * 32}")

    pages, cursor = [], ""
    while True:
        page = orjson.loads(await shown(f"?actor={key['id']}&limit=2{cursor}", cookie))
        pages += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(pages) == len(set(pages)) == 6

    text = (await shown(f".csv?actor={key['id']}", cookie)).removeprefix("\ufeff")
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["id"] for row in table] == pages
    assert {row["user_agent"] for row in table} == {f"'{AGENT}"}  # no formula
    lines = [orjson.loads(line) for line in (await shown(f".jsonl?actor={key['id']}", cookie)).splitlines()]
    assert [line["id"] for line in lines] == pages
    assert "export_audit_csv" in await actions("?table=data_access_audit&operation=export")
    assert "export_audit_csv" not in await actions("?table=data_access_audit", theirs)
