"""The ledger of received webhooks."""

import base64

import pytest

from gateway.model.ids import parse
from gateway.store import webhooks
from gateway.store.webhooks import SHOWN_BODY
from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.api.test_conversations import every_page
from tests.conftest import Database, Tenant

LIST = "/api/v1/webhooks"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("&state=quarantined", [1, 3]),
        ("&state=quarantined&state=pending", [1, 3, 4]),
        ("&state=stored", [0, 2]),
        ("&state=stored&state=quarantined", [0, 1, 2, 3]),
    ],
)
async def test_webhooks_come_newest_first_page_by_page(
    served: Served, tenant: Tenant, rows: Rows, query: str, expected: list[int]
) -> None:
    states = ["stored", "quarantined", "stored", "quarantined", "pending"]
    month = 60 * 24 * 31  # several partitions
    ids = [await rows.webhook(minute=place * month, state=state) for place, state in enumerate(states)]
    pages = await every_page(served, tenant, f"{LIST}?limit=2{query}")
    assert [one["id"] for page in pages for one in page] == [ids[place] for place in reversed(expected)]


@pytest.mark.parametrize("state", ["", "&state=quarantined"])
async def test_webhooks_are_narrowed_to_a_provider_and_a_connection(
    served: Served, tenant: Tenant, rows: Rows, state: str
) -> None:
    key = await rows.webhook(state="quarantined")
    twilio, other = (tenant.integration(name)["id"] for name in ("twilio", "postmark"))
    asked = {
        "": 1,
        "&provider=twilio": 1,
        "&provider=postmark": 0,
        f"&connection={twilio}": 1,
        f"&connection={other}": 0,
        f"&provider=twilio&connection={other}": 0,
    }
    for query, count in asked.items():
        found = await served.get(f"{LIST}?limit=5{state}{query}", tenant)
        assert [one["id"] for one in found["data"]] == [key] * count, query


async def test_a_cursor_holds_for_its_filters_only(served: Served, tenant: Tenant, rows: Rows) -> None:
    for minute in range(2):
        await rows.webhook(minute=minute)
    page = await served.get(f"{LIST}?limit=1&provider=twilio", tenant)
    path = f"{LIST}?limit=1&provider=postmark&cursor={page['next_cursor']}"
    await served.problem("GET", path, 400, "cursor_invalid", headers=tenant.auth)


async def test_a_webhook_in_full_has_its_raw_body_and_what_went_wrong(
    served: Served, tenant: Tenant, rows: Rows
) -> None:
    body = bytes(range(256)) * 10
    key = await rows.webhook(state="quarantined", body=body)
    found = await served.get(f"{LIST}/{key}", tenant)
    assert base64.b64decode(found["body_base64"]) == body
    assert found["body_size"] == len(body)
    assert (found["method"], found["path"]) == ("POST", "/hooks/x")
    assert found["connection_id"] == tenant.integration("twilio")["id"]
    assert found["headers"] == {"content-type": "text/plain"}
    assert found["error"] == {"code": "unreadable", "detail": "unreadable"}
    assert found["items"][0]["state"] == "quarantined"
    assert found["counts"] == {"received": 1, "stored": 0, "duplicate": 0, "ignored": 0, "quarantined": 1}


async def test_a_huge_body_is_shown_in_part(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.webhook(body=b"x" * (SHOWN_BODY + 1))
    found = await served.get(f"{LIST}/{key}", tenant)
    assert found["body_size"] == SHOWN_BODY + 1
    assert len(base64.b64decode(found["body_base64"])) == SHOWN_BODY


async def test_a_replay_is_handed_on_and_answers_what_became_of_it(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.webhook(state="quarantined")
    async with served.client.post(f"{LIST}/{key}/replay", headers=tenant.auth) as answer:
        assert answer.status == 200
        assert (await answer.json())["state"] == "quarantined"
    assert served.neighbours.replayed == [(tenant.id, parse("whk", key))]


async def test_a_replay_without_its_connection_is_not_found(served: Served, tenant: Tenant, rows: Rows) -> None:
    served.neighbours.connection_gone = True
    path = f"{LIST}/{await rows.webhook()}/replay"
    await served.problem("POST", path, 404, "not_found", headers=tenant.auth)


async def test_a_list_of_webhooks_does_not_read_their_bodies(rows: Rows, tenant: Tenant, database: Database) -> None:
    """A whole-row value would copy each body; the function has to be inlined into columns."""
    await rows.webhook()
    key = f"'{tenant.id}'::uuid"
    statement = webhooks.LIST.replace("$1", key).replace("$5", "3").replace("$2", "NULL::text[]")
    statement = statement.replace("$3", "NULL").replace("$4", "NULL")
    statement = statement.replace("$6", "NULL").replace("$7", "NULL")
    plan = "\n".join(row[0] for row in await database.fetch("EXPLAIN (VERBOSE, COSTS OFF) " + statement))
    assert "webhook_json" not in plan
    assert "octet_length(w" in plan
