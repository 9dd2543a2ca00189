"""Trying filters out: what would have come, and why the rest would not, as deliveries themselves are judged."""

import random
from typing import Any
from uuid import UUID

import pytest

from gateway.model.event_types import MODELS
from gateway.model.ids import parse, public
from tests.api.conftest import Served
from tests.api.hooks import URL, Owner
from tests.api.rows import Rows
from tests.api.writing import channel, conversation
from tests.conftest import Database, Tenant, new_id

ADD_LABEL = "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, $2, $3, 'red')"
PUT_LABEL = "INSERT INTO conversation_labels (tenant_id, conversation_id, label_id) VALUES ($1, $2, $3)"
ADD_EVENTS = """
WITH head AS (UPDATE tenant_heads SET last_seq = last_seq + cardinality($2::text[]) WHERE tenant_id = $1
    RETURNING last_seq - cardinality($2::text[]) AS base)
INSERT INTO events (tenant_id, seq, id, type, conversation_id, data)
SELECT $1, head.base + e.place, gen_random_uuid(), e.type, e.conversation_id, '{}'
FROM head, unnest($2::text[], $3::uuid[]) WITH ORDINALITY AS e (type, conversation_id, place)
"""
#: What the engine would send: each event, and whether an endpoint with these filters wants it.
ENGINE = """
SELECT v.seq, endpoint_matches(e, v.type, v.conversation_id) AS wanted
FROM events v JOIN webhook_endpoints e ON e.tenant_id = v.tenant_id AND e.id = $2
WHERE v.tenant_id = $1 ORDER BY v.seq
"""


@pytest.fixture
def owner(served: Served, database: Database, tenant: Tenant, master_key: str) -> Owner:
    """Whoever manages the endpoints."""
    return Owner(served, database, tenant, master_key)


async def labelled(database: Database, tenant: Tenant, rows: Rows) -> tuple[list[UUID], list[str], list[str]]:
    """Add conversations on two channels, with none, one or both of two labels; returns them, channels and labels."""
    labels = [new_id(), new_id()]
    for number, label in enumerate(labels):
        await database.fetch(ADD_LABEL, tenant.id, label, f"Label {number}")
    found = []
    for number in range(8):
        provider, kind = ("twilio", "sms") if number < 4 else ("whatsapp_cloud", "whatsapp")
        key = parse("cnv", await conversation(database, tenant, rows, provider, kind))
        found.append(key)
        for bit, label in enumerate(labels):
            if number >> bit & 1:
                await database.fetch(PUT_LABEL, tenant.id, key, label)
    channels = [channel(tenant, "twilio", "sms"), channel(tenant, "whatsapp_cloud", "whatsapp")]
    return found, channels, [public("lbl", label) for label in labels]


async def test_a_dry_run_judges_as_deliveries_are_judged(
    owner: Owner, database: Database, tenant: Tenant, rows: Rows
) -> None:
    conversations, channels, labels = await labelled(database, tenant, rows)
    chance = random.Random(7)
    kinds = [chance.choice(sorted(MODELS)) for _ in range(400)]
    await database.fetch(ADD_EVENTS, tenant.id, kinds, [chance.choice([None, *conversations]) for _ in kinds])
    key = (await owner.ask("POST", "", 201, {"url": URL}))["id"]
    reasons = set()
    for _ in range(8):
        filters: dict[str, Any] = {
            "event_types": chance.sample(["*", "message.*", "*.updated", "note.created", "conversation.*"], 2),
            "channel_ids": chance.choice([None, channels[:1], channels]),
            "label_ids": chance.choice([None, labels[:1], labels]),
        }
        await owner.ask("PATCH", f"/{key}", 200, filters)
        wanted = dict(await database.fetch(ENGINE, tenant.id, parse("ep", key)))
        for path in ("/dry-run", f"/{key}/dry-run"):
            run = await owner.ask("POST", path, 200, {"limit": 10_000, **(filters if path == "/dry-run" else {})})
            assert (run["examined"], run["matched"]) == (len(wanted), sum(wanted.values()))
            assert (run["from_seq"], run["to_seq"]) == (1, max(wanted))
            assert sum(one["count"] for one in run["types"]) == run["matched"]
            assert sum(one["count"] for one in run["not_matching"]) == run["examined"] - run["matched"]
            for shown, is_wanted in ((run["examples"], True), (run["others"], False)):
                newest = [seq for seq in sorted(wanted, reverse=True) if wanted[seq] is is_wanted][:20]
                assert [one["seq"] for one in shown] == newest
            reasons |= {one["reason"] for one in run["not_matching"]}
    assert reasons == {"type", "no_conversation", "channel", "label"}


async def test_a_dry_run_looks_no_further_back_than_asked(owner: Owner, database: Database, tenant: Tenant) -> None:
    await database.fetch(ADD_EVENTS, tenant.id, ["label.updated"] * 30 + ["team.updated"] * 5, [None] * 35)
    run = await owner.ask("POST", "/dry-run", 200, {"event_types": ["label.updated"], "limit": 15})
    head = run["to_seq"]
    assert (run["examined"], run["matched"], run["from_seq"]) == (15, 10, head - 14)
    assert run["not_matching"] == [{"type": "team.updated", "reason": "type", "count": 5}]
    later = await owner.ask("POST", "/dry-run", 200, {"since_seq": head - 6})
    assert (later["examined"], later["matched"], len(later["examples"])) == (6, 6, 6)
    nothing = await owner.ask("POST", "/dry-run", 200, {"since_seq": head})
    assert (nothing["examined"], nothing["from_seq"], nothing["types"]) == (0, None, [])
    assert (await owner.ask("POST", "/dry-run", 422, {"limit": 10_001}))["errors"][0]["pointer"] == "/limit"
    assert await database.value("SELECT count(*) FROM webhook_deliveries") == 0
