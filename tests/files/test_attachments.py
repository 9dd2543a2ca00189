"""Files of messages in the API, and the way of a mail's picture from its original into its HTML."""

import base64
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from aiohttp import ClientSession

from gateway.model.ids import parse, public
from gateway.running import Running
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Database, Tenant
from tests.files.samples import png
from tests.files.test_uploads import upload
from tests.ingest.posts import postmark, postmark_raw
from tests.ingest.reading import events, messages, until
from tests.live.fold import fold

ONE = "/api/v1/attachments"


async def waiting(rows: Rows, database: Database) -> tuple[str, str]:
    """Add a message with a file that waits; returns both ids."""
    message = await rows.message(await rows.conversation())
    found = await database.value("SELECT id FROM attachments WHERE message_id = $1", parse("msg", message))
    return message, public("att", found)


async def stored(served: Served, tenant: Tenant, rows: Rows, database: Database) -> tuple[str, str]:
    """Add a message with a file that is stored; returns both ids."""
    message, attachment = await waiting(rows, database)
    file = await upload(served, tenant, png())
    await database.fetch(
        "UPDATE attachments SET state = 'stored', file_id = $2 WHERE id = $1",
        parse("att", attachment), parse("file", file["id"]),
    )  # fmt: skip
    await database.fetch("UPDATE files SET expires_at = NULL")
    return message, attachment


async def test_a_stored_file_has_a_link(served: Served, tenant: Tenant, rows: Rows, database: Database) -> None:
    message, attachment = await stored(served, tenant, rows, database)
    found = await served.get(f"{ONE}/{attachment}", tenant)
    assert faults(served, "GET", ONE + "/{id}", 200, found) == []
    assert (found["message_id"], found["attachment"]["state"]) == (message, "stored")
    async with served.client.get(urlsplit(found["link"]["url"]).path) as answer:
        assert await answer.read() == png()
    async with served.client.get(f"{ONE}/{attachment}/content", headers=tenant.auth) as answer:
        assert (await answer.read(), answer.headers["Content-Type"]) == (png(), "image/png")
    path = f"{ONE}/{attachment}/content?download=true"
    async with served.client.get(path, headers={**tenant.auth, "Range": "bytes=0-3"}) as answer:
        assert (answer.status, await answer.read()) == (206, png()[:4])
        assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_a_file_that_waits_has_none(served: Served, tenant: Tenant, rows: Rows, database: Database) -> None:
    _, attachment = await waiting(rows, database)
    found = await served.get(f"{ONE}/{attachment}", tenant)
    assert (found["attachment"]["state"], found["link"]) == ("pending", None)
    await served.problem("GET", f"{ONE}/{attachment}/content", 404, "not_found", headers=tenant.auth)
    await served.problem("POST", f"{ONE}/{attachment}/fetch", 409, "wrong_state", headers=tenant.auth)


async def test_a_file_that_could_not_be_had_is_fetched_again(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    _, attachment = await waiting(rows, database)
    await database.script("UPDATE attachments SET state = 'failed', error = 'It was too large.', tries = 7")
    async with served.client.post(f"{ONE}/{attachment}/fetch", headers=tenant.auth) as answer:
        assert answer.status == 202
        found = await answer.json()
    assert faults(served, "POST", ONE + "/{id}/fetch", 202, found) == []
    assert (found["attachment"]["state"], found["attachment"]["error"]) == ("pending", None)
    (entry,) = served.neighbours.announced
    assert entry.type == "attachment.updated"
    assert orjson.loads(entry.data)["attachment"] == found["attachment"]
    assert await database.value("SELECT tries FROM attachments") == 0


async def test_another_tenant_sees_no_attachment(
    served: Served, tenant: Tenant, other: Tenant, rows: Rows, database: Database
) -> None:
    _, attachment = await stored(served, tenant, rows, database)
    await served.problem("GET", f"{ONE}/{attachment}", 404, "not_found", headers=other.auth)
    await served.problem("GET", f"{ONE}/{attachment}/content", 404, "not_found", headers=other.auth)
    await database.script("UPDATE attachments SET state = 'failed'")
    await served.problem("POST", f"{ONE}/{attachment}/fetch", 404, "not_found", headers=other.auth)
    assert await database.value("SELECT state FROM attachments") == "failed"


async def test_what_was_taken_back_is_not_handed_out(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    _, attachment = await stored(served, tenant, rows, database)
    found = await served.get(f"{ONE}/{attachment}", tenant)
    await database.script("UPDATE messages SET deleted_at = now()")
    await served.problem("GET", f"{ONE}/{attachment}", 404, "not_found", headers=tenant.auth)
    await served.problem("GET", f"{ONE}/{attachment}/content", 404, "not_found", headers=tenant.auth)
    await served.problem("GET", urlsplit(found["link"]["url"]).path, 404, "link_invalid")


@pytest.mark.parametrize("name", ["logo@example.org", "a+b$c.1~x"], ids=["plain", "odd"])
async def test_a_mails_own_picture_comes_by_a_link(
    gateway: Running, tenant: Tenant, client: ClientSession, name: str
) -> None:
    connection = tenant.integration("postmark")
    letter = orjson.loads(postmark(connection, html_body=f"<p>Look:</p><img alt='Logo' src=\"cid:{name}\">").body)
    letter["Attachments"] = [
        {
            "Name": "logo.png",
            "Content": base64.b64encode(png(20, 10)).decode(),
            "ContentType": "image/png",
            "ContentLength": len(png(20, 10)),
            "ContentID": name,
        }
    ]
    assert await postmark_raw(connection, orjson.dumps(letter)).send(client) == 200

    async def updates() -> list[dict[str, Any]]:
        return [event for event in await events(client, tenant) if event["type"] == "attachment.updated"]

    (updated,) = await until(updates, bool)
    file = updated["data"]["attachment"]
    assert (file["state"], file["width"], file["height"], file["error"]) == ("stored", 20, 10, None)
    message = updated["data"]["message_id"]
    async with client.get(f"/api/v1/messages/{message}/html", headers=tenant.auth) as answer:
        html = await answer.text()
        assert "img-src data: 'self'" in answer.headers["Content-Security-Policy"].split("; ")
    link = html.partition('src="/media/')[2].partition('"')[0]
    assert link, html
    async with client.get(f"/media/{link}") as answer:
        assert (answer.headers["Content-Type"], await answer.read()) == ("image/png", png(20, 10))


async def test_a_fresh_message_is_what_folding_gives(gateway: Running, tenant: Tenant, client: ClientSession) -> None:
    connection = tenant.integration("postmark")
    letter = orjson.loads(postmark(connection).body)
    content = base64.b64encode(png()).decode()
    letter["Attachments"] = [
        {"Name": f"{n}.png", "Content": content, "ContentType": "image/png", "ContentLength": len(png())}
        for n in range(3)
    ]
    assert await postmark_raw(connection, orjson.dumps(letter)).send(client) == 200

    async def settled() -> list[dict[str, Any]]:
        return [event for event in await events(client, tenant) if event["type"] == "attachment.updated"]

    await until(settled, lambda found: len(found) == 3)
    inbox = fold({"seq": 0, "conversations": [], "messages": {}}, await events(client, tenant))
    assert list(inbox["messages"].values()) == [await messages(client, tenant)]
