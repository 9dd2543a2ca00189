"""Sending again what failed, and taking back what has not gone out yet."""

from typing import Any

import pytest

from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.api.writing import PATH, TEXT, post
from tests.conftest import Database, Tenant


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        ("failed", {}, 200),
        ("unknown", {}, 409),
        ("unknown", {"may_duplicate": True}, 200),
        ("queued", {"may_duplicate": True}, 409),
        ("sent", {"may_duplicate": True}, 409),
        ("delivered", {}, 409),
    ],
)
async def test_only_what_failed_is_sent_again(
    served: Served, tenant: Tenant, rows: Rows, database: Database, status: str, body: Any, expected: int
) -> None:
    message = await post(served, tenant, PATH.format(await rows.conversation()), TEXT, 201)
    await database.fetch("UPDATE messages SET status = $1, external_id = 'SM1', status_rank = 3", status)
    await database.script("UPDATE sends SET state = 'sent'")
    again = await post(served, tenant, f"/api/v1/messages/{message['id']}/retry", body, expected)
    if expected == 200:
        assert faults(served, "POST", "/api/v1/messages/{id}/retry", 200, again) == []
        assert (again["status"], again["external_id"], list(again["status_at"])) == ("queued", None, ["queued"])
        [row] = await database.fetch("SELECT state, round, reference FROM sends")
        assert tuple(row) == ("queued", 2, f"{message['id']}-2")
        assert served.neighbours.announced[-1].type == "message.status_changed"
    else:
        assert again["code"] == "wrong_state"


async def test_a_retry_is_refused_like_a_new_message(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    message = await post(served, tenant, PATH.format(await rows.conversation()), TEXT, 201)
    await database.script("UPDATE messages SET status = 'failed'; UPDATE customers SET status = 'blocked'")
    path = f"/api/v1/messages/{message['id']}/retry"
    await served.problem("POST", path, 409, "customer_blocked", json={}, headers=tenant.auth)


async def test_a_message_is_taken_back_until_somebody_sends_it(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    key = await rows.conversation()
    first, second = [await post(served, tenant, PATH.format(key), TEXT, 201) for _ in range(2)]
    gone = await post(served, tenant, f"/api/v1/messages/{first['id']}/cancel", None, 200)
    assert faults(served, "POST", "/api/v1/messages/{id}/cancel", 200, gone) == []
    assert (gone["status"], gone["text"], gone["deleted_at"] is None) == ("canceled", None, False)
    assert served.neighbours.announced[-1].type == "message.deleted"
    path = f"/api/v1/messages/{first['id']}/cancel"
    await served.problem("POST", path, 409, "wrong_state", headers=tenant.auth)
    await database.script(
        "UPDATE sends SET lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'"
        " WHERE state = 'queued'"
    )
    path = f"/api/v1/messages/{second['id']}/cancel"
    await served.problem("POST", path, 409, "wrong_state", headers=tenant.auth)


async def test_what_came_in_is_neither_sent_again_nor_taken_back(served: Served, tenant: Tenant, rows: Rows) -> None:
    message = await rows.message(await rows.conversation())
    await served.problem("POST", f"/api/v1/messages/{message}/retry", 404, "not_found", json={}, headers=tenant.auth)
    await served.problem("POST", f"/api/v1/messages/{message}/cancel", 404, "not_found", headers=tenant.auth)
