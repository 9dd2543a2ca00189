"""Every operation of the published document, asked by everybody: of the right tenant, and of the wrong one."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, DummyCookieJar

from channels.http import HttpResponse
from gateway.live.service import Live
from gateway.model.audit import READING, TABLES
from gateway.permissions import OF_ROLE, PERMISSIONS
from gateway.running import run_gateway
from gateway.settings import Settings
from gateway.store.pool import connect, open_pool
from tests.api.asking import Answer, Described, Request, ask, empty_request, operations, request, requests_about
from tests.api.companies import Caller, company, state
from tests.api.conftest import Served
from tests.api.contract import faults_in
from tests.api.test_pictures import PNG
from tests.conftest import Database, Tenant

AT_ONCE = 6
#: How rows have to be for an operation that can't be done with things as they were made.
BEFORE = {
    "add_data_request": "UPDATE customers SET status = 'active', merged_into = NULL WHERE status = 'merged'",
    "get_data_archive": "UPDATE data_requests SET state = 'done', expires_at = now() + interval '1 hour',"
    " file_id = tenant_id, finished_at = now() WHERE state = 'waiting'",
    "get_erasure_certificate": "UPDATE data_requests d SET kind = 'erasure', state = 'done', finished_at = now()"
    " WHERE d.created_at = (SELECT min(r.created_at) FROM data_requests r)",
    "renew_recovery_codes": "UPDATE second_factors SET confirmed_at = now()",
    "retry_message": "UPDATE messages SET status = 'failed' WHERE direction = 'outbound';"
    " UPDATE sends SET state = 'failed' WHERE state = 'queued'",
    "get_attachment_content": "UPDATE attachments SET state = 'stored', file_id = (SELECT id FROM files LIMIT 1)",
    "fetch_attachment": "UPDATE attachments SET state = 'failed'",
    "recover_failed": "UPDATE webhook_recoveries SET status = 'canceled', finished_at = now()",
    "replay_events": "UPDATE webhook_recoveries SET status = 'canceled', finished_at = now()",
    "cancel_recovery": "UPDATE webhook_recoveries SET status = 'canceled', finished_at = now();"
    " UPDATE webhook_recoveries SET status = 'running', finished_at = NULL WHERE kind = 'recover' AND after_id < id",
    "resume_recovery": "UPDATE webhook_recoveries SET status = 'canceled', finished_at = now()",
    "start_import": "UPDATE customer_imports SET state = 'checked'",
}
#: In which order a tenant's things are used up; these end logins.
ORDER = {"GET": 0, "POST": 1, "PUT": 1, "PATCH": 1, "DELETE": 2}
LAST = ("change_password", "end_other_sessions", "switch_tenant")
ACTIONS = "SELECT DISTINCT action FROM data_access_audit WHERE tenant_id = $1"
#: No example can be right: the code changes every half a minute; and one of two parameters is needed.
IN_VAIN = {"confirm_second_factor", "why_not_delivered"}


@pytest.fixture
async def document(settings: Settings) -> Any:
    """The document, as the whole gateway publishes it."""
    async with run_gateway(settings) as running, ClientSession(running.url) as session:
        return await (await session.get("/openapi.json")).json()


@pytest.fixture
async def live(database: Database, document: Any) -> AsyncIterator[Live]:
    """The live part; begun after the whole gateway has ended, whose workers would change things."""
    assert document
    relay = await open_pool(database.relay_url, 2)
    part = Live(relay, partial(connect, database.relay_url), random.random)
    await part.start()
    yield part
    await part.stop()
    await relay.close()


async def all_answers(served: Served, asked: Sequence[tuple[Request, Any]]) -> list[Answer]:
    """Send requests, some at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(sent: Request, auth: Any) -> Answer:
        async with room:
            return await ask(served, sent, auth)

    return await asyncio.gather(*(one(*each) for each in asked))


def closed(document: Any) -> list[Described]:
    """Return the operations that need a caller."""
    found = [one for one in operations(document) if one.says["security"]]
    assert {one.says["x-permission"] for one in found} <= set(PERMISSIONS)
    return found


@pytest.fixture
async def client(served: Served) -> AsyncIterator[Served]:
    """The API, asked by a client that keeps no cookies: everybody sends their own."""
    async with ClientSession(served.url, cookie_jar=DummyCookieJar()) as session:
        yield replace(served, client=session)


async def test_who_is_of_another_tenant_sees_and_changes_nothing(
    client: Served, database: Database, document: Any, tenant: Tenant, other: Tenant
) -> None:
    theirs, own = await company(client, database, tenant), await company(client, database, other)
    before = await state(database, tenant)
    asked = [
        (sent, caller)
        for one in closed(document)
        for place, sent in enumerate(requests_about(one, theirs, own))
        for name, caller in own.callers.items()
        if name == "owner" or (place == 0 and name in {*OF_ROLE, "key"})  # an owner may whatever the others may
    ]
    nobody = Caller({}, frozenset())
    asked += [(request(one, theirs), nobody) for one in operations(document)]
    answers = await all_answers(client, [(sent, caller.auth) for sent, caller in asked])
    for (sent, caller), answer in zip(asked, answers, strict=True):
        what = (sent.described.name, sent.path, answer)
        assert theirs.shown_in(answer.text) <= own.digits, what  # some of the providers' ids are both's
        assert answer.status < 500, what
        if caller is nobody:
            assert answer.status == 401 or not sent.described.says["security"], what
            continue
        assert answer.status != 401, what
        if sent.described.says["x-permission"] not in caller.permissions:
            assert answer.lacks, what
        elif sent.about_theirs:
            assert answer.status == 404 or "a person's own" in answer.text, what
    assert await state(database, tenant) == before


async def test_each_role_and_each_key_opens_just_its_operations(
    client: Served, database: Database, document: Any, tenant: Tenant
) -> None:
    own = await company(client, database, tenant)
    for caller in own.callers.values():  # so that all were seen lately
        await ask(client, request(closed(document)[0], own), caller.auth)
    before = await state(database, tenant)
    denied = [
        (request(one, own), caller.auth)
        for one in closed(document)
        for caller in own.callers.values()
        if one.says["x-permission"] not in caller.permissions
    ]
    for (sent, _), answer in zip(denied, await all_answers(client, denied), strict=True):
        assert answer.lacks, (sent.described.name, answer)
    assert await state(database, tenant) == before
    allowed = [
        (empty_request(one), caller.auth)
        for one in closed(document)
        for caller in own.callers.values()
        if one.says["x-permission"] in caller.permissions and one.name not in LAST
    ]
    for (sent, _), answer in zip(allowed, await all_answers(client, allowed), strict=True):
        assert not answer.lacks, (sent.described.name, answer)
        assert answer.status not in {401, 500}, (sent.described.name, answer)
    assert len(denied) > 300


def turn(one: Described) -> tuple[int, int, int]:
    """Tell when an operation's turn comes: what is part of a thing is removed before the thing."""
    return (
        LAST.index(one.name) + 1 if one.name in LAST else 0,
        ORDER[one.method],
        -one.path.count("/") if one.method == "DELETE" else 0,
    )


async def test_each_operation_does_what_its_example_asks_for(
    client: Served, database: Database, document: Any, tenant: Tenant, assets: Path
) -> None:
    own = await company(client, database, tenant)
    (assets.parent / "ready.json").write_bytes(orjson.dumps({"tenant_id": str(tenant.id), "integrations": []}))
    reached: set[str] = set()
    for one in sorted(closed(document), key=turn):
        if one.name in BEFORE:
            await database.script(BEFORE[one.name])
        client.neighbours.provider = HttpResponse(200, PNG if "picture" in one.path else b'{"data": []}')
        answer = await ask(client, request(one, own), own.first)
        if one.name in IN_VAIN:
            assert answer.status == 422, (one.name, answer)
            continue
        assert answer.status in one.statuses, (one.name, answer)
        described = one.says["responses"][str(answer.status)].get("content", {})
        assert not described or fnmatch(answer.content_type, next(iter(described))), (one.name, answer)
        if answer.content_type == "application/json":
            found = faults_in(document, one.method, one.path, answer.status, orjson.loads(answer.text))
            assert found == [], one.name
        if reaches(one, answer):
            reached.add(one.name)
    async with asyncio.timeout(30):  # what is read is written down moments later
        while unaudited := reached - {row["action"] for row in await database.fetch(ACTIONS, tenant.id)}:
            await asyncio.sleep(0.05)
    assert not unaudited
    assert len(reached) > 70


def reaches(one: Described, answer: Answer) -> bool:
    """Tell whether an answer shows a record of what its operation says that it reaches, or something was changed."""
    audit = one.says.get("x-audit")
    if audit is None:
        return False
    if audit["operation"] not in READING or one.prefix == TABLES[audit["tables"][0]].prefix:
        return True
    kinds = [TABLES[table] for table in audit["tables"]]
    return any(re.search(f'"{kind.key}" ?: ?"{kind.prefix}_', answer.text) for kind in kinds)
