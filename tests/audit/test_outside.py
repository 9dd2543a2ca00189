"""What goes out by endpoints is in the audit, and what a refusal tells; what others made up writes nothing there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.free_json import free_in, without
from gateway.model.audit import Actor
from gateway.model.ids import parse, public
from gateway.store.audit import add_all
from gateway.store.pool import open_pool
from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.audit.test_recorder import row
from tests.audit.test_requests import rows_of
from tests.conftest import Database, Tenant, new_id

ROWS = """
SELECT operation, action, record_ids, first_seq, last_seq, contains_pii FROM data_access_audit
WHERE tenant_id = $1 AND table_name = ANY ($2) ORDER BY created_at, id
"""
HEAD = "SELECT last_seq FROM tenant_heads WHERE tenant_id = $1"
MADE_UP = "UPDATE messages SET extra = $2::text::jsonb WHERE tenant_id = $1"
PHONE = {"kind": "phone", "value": "+12025550188"}


async def ask(served: Served, tenant: Tenant, method: str, path: str, status: int, body: Any = None) -> Any:
    """Return what is answered."""
    async with served.client.request(method, f"/api/v1{path}", json=body, headers=tenant.auth) as answer:
        assert answer.status == status, await answer.text()
        return orjson.loads(await answer.read() or b"null")


async def told(database: Database, tenant: Tenant, *tables: str) -> Sequence[tuple[Any, ...]]:
    """Return what stands in the audit of some tables."""
    return [tuple(one) for one in await database.fetch(ROWS, tenant.id, list(tables))]


async def test_where_the_log_is_sent_is_written_down_with_the_change(
    served: Served, database: Database, tenant: Tenant
) -> None:
    where = {"url": "https://integrator.example.org/in", "event_types": ["*"]}
    made = (await ask(served, tenant, "POST", "/webhook-endpoints", 201, where))["id"]
    first = await database.value(HEAD, tenant.id) + 1
    path, other = f"/webhook-endpoints/{made}", {"url": "https://thief.example.org/in"}
    await ask(served, tenant, "PATCH", path, 200, other)
    await database.fetch(
        "INSERT INTO delivery_heads (tenant_id, dispatched_seq) VALUES ($1, 2)"
        " ON CONFLICT (tenant_id) DO UPDATE SET dispatched_seq = 2", tenant.id,
    )  # fmt: skip
    job = (await ask(served, tenant, "POST", f"{path}/replay", 202, {"from_seq": 1}))["id"]
    await ask(served, tenant, "POST", f"{path}/replay", 409, {"from_seq": 1})  # another one runs
    await ask(served, tenant, "POST", f"/recoveries/{job}/cancel", 200)
    await ask(served, tenant, "POST", f"/recoveries/{job}/resume", 200)
    await ask(served, tenant, "POST", f"/recoveries/{job}/cancel", 200)
    await ask(served, tenant, "POST", f"{path}/recover", 202, {"since": "2026-01-01T00:00:00Z"})
    await ask(served, tenant, "POST", f"{path}/rotate-secret", 200, {})
    await ask(served, tenant, "DELETE", path, 204)
    key = [parse("ep", made)]
    assert await told(database, tenant, "webhook_endpoints") == [
        ("create", "create_webhook_endpoint", key, first, None, True),
        ("change", "change_webhook_endpoint", key, first + 1, None, True),
        ("replay", "replay_events", key, 1, 2, True),
        ("replay", "resume_recovery", key, None, None, True),
        ("replay", "recover_failed", key, None, None, True),
        ("change", "rotate_webhook_secret", key, None, None, False),
        ("remove", "remove_webhook_endpoint", key, None, None, False),
    ]


async def test_who_makes_a_key_is_written_down(served: Served, database: Database, tenant: Tenant) -> None:
    made = (await ask(served, tenant, "POST", "/api-keys", 201, {"name": "Shop", "scopes": ["inbox.read"]}))["id"]
    await ask(served, tenant, "DELETE", f"/api-keys/{made}", 204)
    key = [parse("key", made)]
    assert await told(database, tenant, "api_keys") == [
        ("create", "create_api_key", key, None, None, False),
        ("remove", "revoke_api_key", key, None, None, False),
    ]


async def test_a_refusal_that_names_a_customer_is_written_down(
    served: Served, database: Database, tenant: Tenant
) -> None:
    known = {"name": "Jo", "customer_code": "C-1", "identities": [PHONE]}
    who = (await ask(served, tenant, "POST", "/customers", 201, known))["id"]
    mine = (await ask(served, tenant, "POST", "/customers", 201, {"name": "X"}))["id"]
    for method, path, body in (
        ("POST", "/customers", {"name": "Y", "identities": [PHONE]}),
        ("POST", f"/customers/{mine}/identities", PHONE),
        ("PATCH", f"/customers/{mine}", {"customer_code": "C-1"}),
    ):
        refused = await ask(served, tenant, method, path, 409, body)
        assert who in refused["detail"]
    await rows_of(database, tenant, 5)
    assert [one[:3] for one in await told(database, tenant, "customers")][2:] == [
        ("read", action, [parse("cus", who)]) for action in ("create_customer", "add_identity", "change_customer")
    ]


async def test_ids_that_a_sender_made_up_are_not_written_down(
    served: Served, database: Database, tenant: Tenant, rows: Rows
) -> None:
    conversation = await rows.conversation()
    messages = [await rows.message(conversation, minute=place) for place in range(2)]
    invented = {"id": public("msg", new_id()), "l": [{"id": public("cus", new_id())}], "s": '}"]', "extra": {"}": {}}}
    answer = {**invented, "m": [{"id": public("cnv", new_id())}, {"id": public("msg", new_id())}]}
    await database.fetch(MADE_UP, tenant.id, orjson.dumps({"payload": answer, **invented}).decode())
    shown = await ask(served, tenant, "GET", f"/conversations/{conversation}/messages", 200)
    assert shown["data"][0]["extra"]["payload"] == answer
    await ask(served, tenant, "GET", "/conversations", 200)
    await rows_of(database, tenant, 3)
    assert {one for entry in await told(database, tenant, "messages") for one in entry[2]} == {
        parse("msg", one) for one in messages
    }
    assert [entry[2] for entry in await told(database, tenant, "conversations")] == [[parse("cnv", conversation)]] * 2


async def test_whoever_is_known_by_no_id_can_be_looked_for(served: Served, database: Database, tenant: Tenant) -> None:
    hook = await open_pool(database.hook_url, 1)
    record = new_id()
    by: list[tuple[Actor, UUID | None]] = [("operator", None), ("link", None), ("operator", None), ("member", new_id())]
    await add_all(
        hook, [row(tenant)._replace(actor=kind, actor_id=who, records=f"{{{record.hex}}}") for kind, who in by]
    )
    await hook.close()
    await database.fetch("UPDATE api_keys SET scopes = '{audit.read}' WHERE tenant_id = $1", tenant.id)
    for more in ("", f"&record={public('cus', record)}"):
        for kind, count in (("operator", 2), ("link", 1)):
            found = await ask(served, tenant, "GET", f"/audit?actor={kind}&table=customers{more}", 200)
            assert [one["actor"] for one in found["data"]] == [{"kind": kind, "id": None, "name": None}] * count
        page = await ask(served, tenant, "GET", f"/audit?actor=operator&limit=1{more}", 200)
        rest = await ask(
            served, tenant, "GET", f"/audit?actor=operator&limit=1{more}&cursor={page['next_cursor']}", 200
        )
        assert len({page["data"][0]["id"], rest["data"][0]["id"]}) == 2
        assert rest["next_cursor"] is None


TEXTS = st.sampled_from(["", "}", "{", "]", "\\", '"', '\\"', '"extra":{', "id", "extra", '"id":"msg_'])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), TEXTS),
    lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(TEXTS, part, max_size=3)),
)


@pytest.mark.parametrize("separators", [b"", b" "])
@given(made_up=st.dictionaries(TEXTS, JSON, max_size=3), text=TEXTS)
def test_all_that_others_made_up_is_cut_out_and_nothing_else(separators: bytes, made_up: Any, text: str) -> None:
    def written(extra: bytes) -> bytes:
        one: bytes = orjson.dumps({"id": "msg_1", "text": text})[:-1]
        ours = one + b',"extra"' + separators + b":" + separators
        return b"[" + ours + extra + b"}," + ours + extra + b',"to":[1]}]'

    free = free_in(("messages",))
    # an empty one is left alone
    kept = orjson.dumps(made_up) if not made_up else b""
    assert without(written(orjson.dumps(made_up)), free) == written(kept)
    assert without(b'{"extra":{"x', free) == b'{"extra":'
    assert without(written(b'{"a":1}'), free_in(("conversations",))) == written(b'{"a":1}')
