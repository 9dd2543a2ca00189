"""The log page by page: of some types only, and as soon as there is something."""

import asyncio
from typing import Any

from aiohttp import ClientTimeout

from gateway.live.limits import Limits
from tests.conftest import Database, MakeTenant, Tenant
from tests.live.serving import Serve, Served

#: Longer than any test takes: what is answered sooner was not answered because the time was up.
LONG = "wait=60"


async def ask(served: Served, tenant: Tenant, query: str) -> tuple[int, dict[str, Any]]:
    patience = ClientTimeout(20)
    async with served.client.get(f"/api/v1/events?{query}", headers=tenant.auth, timeout=patience) as answer:
        body: dict[str, Any] = await answer.json(content_type=None)
        return answer.status, body


async def waiting(served: Served, count: int) -> None:
    """Wait until so many requests wait."""
    async with asyncio.timeout(10):
        while sum(session.live for session in served.live.hub.sessions) < count:
            await asyncio.sleep(0.01)


def seen(body: dict[str, Any]) -> list[int]:
    return [event["seq"] for event in body["data"]]


KINDS = ("message.created", "message.status_changed", "conversation.updated", "customer_note.updated", "team.updated")


PICKED = {
    "types=message.created": [1],
    "types=message.*": [1, 2],
    "types=*.updated": [3, 4, 5],
    "types=team.updated,message.created": [1, 5],
    "types=team.updated&types=message.created": [1, 5],
    "types=*": [1, 2, 3, 4, 5],
    "types=customer.*": [],  # a name is meant as a whole, and an underscore is a character like any other
}


async def test_types_are_picked_by_name(served: Served, tenant: Tenant) -> None:
    for kind in KINDS:
        await served.commit(tenant, kind=kind)
    for types, wanted in PICKED.items():
        status, body = await ask(served, tenant, f"after=0&{types}")
        assert (status, seen(body), body["next_after"]) == (200, wanted, 5), types
        _, one = await ask(served, tenant, f"after=0&limit=1&{types}")
        assert (seen(one), one["next_after"]) == (wanted[:1], wanted[0] if wanted else 5), types
    for types in ("", "message", "Message.*", "message.created,", "a b", "no.such", "%", "message._*"):
        status, body = await ask(served, tenant, f"types={types}")
        assert (status, body["errors"][0]["pointer"][:7]) == (422, "/types/"), types


async def test_a_page_of_seldom_types_looks_at_so_much_only_and_moves_on(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(scanned_entries=10))
    await served.commit(tenant, 25)
    await served.commit(tenant, kind="team.updated")
    found: list[int] = []
    after = pages = 0
    while not found:
        status, body = await ask(served, tenant, f"after={after}&types=team.*&{LONG}")  # there is more: nobody waits
        assert status == 200
        after, found, pages = body["next_after"], seen(body), pages + 1
    assert (found, after, pages) == ([26], 26, 3)


async def test_a_request_waits_for_the_next_entry_of_its_types(served: Served, tenant: Tenant) -> None:
    await served.commit(tenant, 2)
    any_, teams = (
        asyncio.create_task(ask(served, tenant, f"after=2&{query}")) for query in (LONG, f"types=team.*&{LONG}")
    )
    await waiting(served, 2)
    await served.announce(tenant)
    status, body = await any_
    assert (status, seen(body), body["next_after"], body["head"]) == (200, [3], 3, 3)
    await served.announce(tenant, 2, kind="team.updated")
    status, body = await teams
    assert (status, seen(body), body["next_after"]) == (200, [4, 5], 5)
    assert list(served.live.hub.sessions) == []


async def test_what_another_process_commits_is_not_waited_for_in_vain(serve: Serve, tenant: Tenant) -> None:
    here, there = await serve(Limits(poll_seconds=60)), await serve()
    asked = asyncio.create_task(ask(here, tenant, f"after=0&types=team.*&{LONG}"))
    await waiting(here, 1)
    await there.announce(tenant, 3)
    await there.announce(tenant, kind="team.updated")
    assert seen((await asked)[1]) == [4]


async def test_when_the_time_is_up_the_answer_moves_on(served: Served, tenant: Tenant) -> None:
    asked = asyncio.create_task(ask(served, tenant, "after=0&types=team.*&wait=1"))
    await waiting(served, 1)
    await served.announce(tenant, 3)
    status, body = await asked
    assert (status, body["data"], body["next_after"], body["head"]) == (200, [], 3, 3)


async def test_nobody_waits_for_what_is_there(served: Served, tenant: Tenant) -> None:
    await served.commit(tenant, 2)
    assert seen((await ask(served, tenant, f"after=1&{LONG}"))[1]) == [2]


async def test_a_stop_answers_all_that_wait(served: Served, tenant: Tenant) -> None:
    asked = [asyncio.create_task(ask(served, tenant, f"after=0&{LONG}")) for _ in range(3)]
    await waiting(served, 3)
    await served.live.stop()
    for status, body in await asyncio.gather(*asked):
        assert (status, body["data"], body["next_after"]) == (200, [], 0)
    status, body = await ask(served, tenant, f"after=0&{LONG}")  # to be asked elsewhere
    assert (status, body["code"]) == (503, "overloaded")


async def test_waiting_ends_with_the_key_and_with_the_log(serve: Serve, tenant: Tenant, database: Database) -> None:
    served = await serve(Limits(recheck_seconds=0.05, poll_seconds=0.05))
    asked = asyncio.create_task(ask(served, tenant, f"after=0&{LONG}"))
    await waiting(served, 1)
    await database.fetch("UPDATE tenant_heads SET epoch = gen_random_uuid() WHERE tenant_id = $1", tenant.id)
    status, body = await asked
    assert (status, body["code"]) == (410, "resync")
    asked = asyncio.create_task(ask(served, tenant, f"after=0&{LONG}"))
    await waiting(served, 1)
    await database.fetch("UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1", tenant.id)
    assert (await asked)[0] == 401


async def test_only_so_many_of_a_tenant_wait(serve: Serve, tenant: Tenant, make_tenant: MakeTenant) -> None:
    served = await serve(Limits(waiting_per_tenant=1, heartbeat_seconds=0.05))
    asked = asyncio.create_task(ask(served, tenant, f"after=0&{LONG}"))
    await waiting(served, 1)
    status, body = await ask(served, tenant, f"after=0&{LONG}")
    assert (status, body["code"]) == (503, "overloaded")
    other = await make_tenant("other")
    of_other = asyncio.create_task(ask(served, other, f"after=0&{LONG}"))
    await waiting(served, 2)
    for task in (asked, of_other):
        task.cancel()  # who hangs up is not waited for
    async with asyncio.timeout(10):
        while served.live.hub.watched:
            await asyncio.sleep(0.01)
