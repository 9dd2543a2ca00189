"""What the matrix of tests/api does not ask for: cursors, every id that a body may hold, links, tags, streams."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.files.links import link_to, read_token
from gateway.keys import Keyring
from gateway.model.ids import parse
from tests.api.asking import ID_PATTERN, Described, Request, ask, request
from tests.api.companies import Company, company, state
from tests.api.conftest import Served
from tests.api.test_matrix import all_answers, closed, document, live
from tests.conftest import Database, Tenant

__all__ = ["document", "live"]

Json = Any
#: Made of many rows, beside what answers with something else than JSON.
FLOWS = {"list_events", "search"}


@pytest.fixture
async def client(served: Served) -> Served:
    """The API, asked by a client that keeps no cookies."""
    served.client.cookie_jar.clear()
    return served


def places(
    document: Json, schema: Json, path: tuple[str, ...] = (), depth: int = 0
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give each place of a body that takes an id, with its prefix, whether the example has it or not."""
    if depth > 6:
        return
    if "$ref" in schema:
        yield from places(
            document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], path, depth + 1
        )
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from places(document, one, path, depth + 1)
    for name, inner in schema.get("properties", {}).items():
        yield from places(document, inner, (*path, name), depth + 1)
    if "items" in schema:
        yield from places(document, schema["items"], (*path, "[]"), depth + 1)
    found = ID_PATTERN.search(schema.get("pattern", ""))
    if found:
        yield path, found[1]


def flows(one: Described) -> bool:
    """Tell whether an operation is a socket, a stream, an export, a search or a file."""
    kinds = {kind for status in one.statuses for kind in one.says["responses"][str(status)].get("content", ())}
    return one.method == "GET" and (one.is_socket or one.name in FLOWS or bool(kinds - {"application/json"}))


def put(body: Json, path: tuple[str, ...], value: str) -> Json:
    """Return a body with a value at a place, and whatever has to be around it."""
    if not path:
        return value
    if path[0] == "[]":
        return [put(body[0] if isinstance(body, list) and body else None, path[1:], value)]
    held = body if isinstance(body, dict) else {}
    return {**held, path[0]: put(held.get(path[0]), path[1:], value)}


def bodies_about(document: Json, one: Described, own: Company, theirs: Company) -> Iterator[Request]:
    """Give a request for each place of a body that takes an id, with a stranger's id there and nowhere else."""
    content = one.says.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    made = request(one, own)
    for path, prefix in dict.fromkeys(places(document, content["schema"])):
        body = put(orjson.loads(made.body), path, theirs.inside(prefix))
        yield replace(made, body=orjson.dumps(body))


async def test_no_cursor_no_id_and_no_flow_leads_to_another_tenant(
    client: Served, database: Database, document: Json, tenant: Tenant, other: Tenant, master_key: str
) -> None:
    theirs, own = await company(client, database, tenant), await company(client, database, other)
    await keys(client, theirs, own)
    before = await state(database, tenant)
    await tags(client, theirs, own)
    await links(client, database, theirs, own, Keyring(master_key))
    asked: list[tuple[Request, Mapping[str, str]]] = []
    for one in closed(document):
        asked += [(made, own.first) for made in bodies_about(document, one, own, theirs)]
    count = len(asked)
    assert count > 25
    asked += await pages(client, document, own, theirs)
    assert len(asked) > count + 15
    asked += [(request(one, own), own.first) for one in closed(document) if flows(one)]
    assert {sent.described.name for sent, _ in asked} >= {*FLOWS, "open_stream", "export_customers"}
    for (sent, _), answer in zip(asked, await all_answers(client, asked), strict=True):
        what = (sent.described.name, sent.path, sent.query, sent.body, answer)
        assert answer.status < 500, what
        assert theirs.shown_in(answer.text) <= own.digits, what
    assert await state(database, tenant) == before


async def pages(
    client: Served, document: Json, own: Company, theirs: Company
) -> list[tuple[Request, Mapping[str, str]]]:
    """Return requests of one's own lists, with the cursors that a stranger was given for theirs."""
    lists = [one for one in closed(document) if '"cursor"' in json.dumps(one.says.get("parameters", []))]
    assert len(lists) > 15
    found: list[tuple[Request, Mapping[str, str]]] = []
    for one in lists:
        made = request(one, theirs)
        answer = await ask(client, replace(made, query=[*made.query, ("limit", "1")]), theirs.first)
        page = orjson.loads(answer.text) if answer.status == 200 else {}
        cursor = (
            page.get("next_cursor") or "WzE3NjcyMjU2MDAwMDAwMDAsIjAwMDAwMDAwMDAwMDcwMDA4MDAwMDAwMDAwMDAwMDAwIiwiMCJd"
        )
        asked = request(one, own)
        found.append((replace(asked, query=[*asked.query, ("cursor", cursor)]), own.first))
    return found


async def keys(client: Served, theirs: Company, own: Company) -> None:
    """A key that a stranger used stands for nothing; one's own gets the same answer again."""
    said = []
    for one in (theirs, own, own):
        path = f"/api/v1/conversations/{one.ids['cnv']}/notes"
        headers = {**one.first, "Idempotency-Key": "the-same"}
        async with client.client.post(path, json={"text": "Hello"}, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            said.append((await answer.json())["id"])
    assert said[0] != said[1] == said[2]


async def tags(client: Served, theirs: Company, own: Company) -> None:
    """A stranger's ETag fits nothing of one's own, and opens nothing of the stranger's."""
    async with client.client.get(f"/api/v1/customers/{theirs.ids['cus']}", headers=theirs.first) as answer:
        tag = {"If-Match": answer.headers["ETag"]}
    for one, status in ((theirs, 404), (own, 412)):
        path = f"/api/v1/customers/{one.ids['cus']}"
        async with client.client.patch(path, json={"name": "X"}, headers={**own.first, **tag}) as answer:
            assert answer.status == status


async def links(client: Served, database: Database, theirs: Company, own: Company, keyring: Keyring) -> None:
    """A link opens the one file that it was made for, until it ends; nothing of it can be exchanged."""
    now = client.neighbours.now()
    file = await database.value("SELECT id FROM files WHERE tenant_id = $1", theirs.tenant.id)
    good = link_to(keyring, theirs.tenant.id, file, now + timedelta(minutes=5))
    content, _, proof = good.rpartition("/")[2].partition(".")
    foreign = link_to(keyring, own.tenant.id, parse("file", own.ids["file"]), now + timedelta(minutes=5))
    mixed = link_to(keyring, own.tenant.id, file, now + timedelta(minutes=5))
    spoilt = {
        "ended": link_to(keyring, theirs.tenant.id, file, now - timedelta(seconds=1)),
        "of another's key": link_to(Keyring("A" * 43 + "="), theirs.tenant.id, file, now + timedelta(minutes=5)),
        "the proof of another": f"/media/{content}.{foreign.rpartition('.')[2]}",
        "the content of another": f"/media/{foreign.rpartition('/')[2].partition('.')[0]}.{proof}",
        "no proof": f"/media/{content}",
        "an empty proof": f"/media/{content}.",
        "a longer life": f"/media/{content[:-2]}__.{proof}",
        "a walk": f"/media/..%2f..%2f{content}.{proof}",
        "another proof": f"/media/{content}.{'0' * 64}",
        "their file, as if it were one's own": mixed,
    }
    assert read_token(keyring, good.rpartition("/")[2], now).file_id == file
    for name, path in spoilt.items():
        async with client.client.get(path) as answer:
            assert answer.status == 404, (name, answer.status)
            assert not theirs.shown_in(await answer.text()), name
