"""Exports and erasures through the API: what is in an archive, who may ask, and what comes in between."""

import hashlib
import io
import time
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.model.ids import parse
from gateway.store.data_requests import Erased
from gateway.store.files import StoredFile
from gateway.store.subject_export import Attached
from gateway.subjects.archive import Archive, plain_name
from gateway.subjects.certificate import certificate_of
from gateway.subjects.exporting import path_of
from gateway.subjects.needles import Needles
from tests.conftest import MakeTenant, new_id
from tests.privacy.conftest import NAME
from tests.privacy.customer import MAIL, NUMBER, OTHER_NUMBER, PICTURE, SECRET, Town

EXPORTED = """
SELECT action, record_ids FROM data_access_audit
WHERE operation = 'export' AND table_name = 'customers' AND action <> 'add_data_request' ORDER BY created_at
"""
LINK = "UPDATE data_requests SET expires_at = now() WHERE tenant_id = $1"


async def test_an_archive_holds_everything_and_its_list_is_right(town: Town) -> None:
    customer = await town.fill()
    asked = await town.request("export", customer)
    link = (await town.ask("GET", f"data-requests/{asked['id']}/archive"))["url"]
    async with town.client.get(link.removeprefix("http://gateway.test")) as answer:
        assert (answer.status, answer.headers["Content-Disposition"].split(";")[0]) == (200, "attachment")
        assert answer.headers["Content-Type"] == "application/octet-stream", "saved, whatever is in it"
        assert await town.database.fetch(EXPORTED) == [
            ("get_data_archive", [parse("cus", customer)]),
            ("follow_media_link", [parse("cus", customer)]),  # before its bytes are sent, and of whom it tells
        ]
        archive = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert archive.testzip() is None
    listed = orjson.loads(archive.read("manifest.json"))
    names = set(archive.namelist()) - {"manifest.json"}
    assert {one["path"] for one in listed["files"]} == names
    for one in listed["files"]:
        content = archive.read(one["path"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one["size"], one["sha256"]), one["path"]
    data = {name: orjson.loads(archive.read(name)) for name in names if name.endswith(".json")}
    assert {name.removeprefix("data/").removesuffix(".json"): len(rows) for name, rows in data.items()} == {
        kind: count for kind, count in listed["rows"].items() if kind != "files"
    }
    assert {one["id"] for one in data["data/customer.json"]} >= {customer}
    assert len(data["data/customer.json"]) == 3  # with both who were merged into her
    texts = [one["text"] for one in data["data/messages.json"]]
    assert f"My {SECRET}!" in texts
    assert [archive.read(name) for name in names if name.startswith("files/")] == [PICTURE]
    assert [one["state"] for one in data["data/data_requests.json"]] == [], "it does not tell of itself as running"
    raw = data["data/webhooks.json"]
    assert any(SECRET in (one["body"] or "") for one in raw)
    assert not any(OTHER_NUMBER[1:] in (one["body"] or "") for one in raw), "of several customers: told without content"
    await town.run(LINK)
    await town.ask("GET", f"data-requests/{asked['id']}/archive", status=409)


async def test_who_writes_while_or_after_somebody_is_erased_is_new_and_stays_opted_out(town: Town) -> None:
    thread = await town.sms("STOP")
    customer = await town.customer_of(thread)
    asked = await town.ask("POST", "data-requests", json={"kind": "erasure", "customer_id": customer}, status=202)
    again = await town.sms("Hello again")  # the worker is at it, or has been
    assert (await town.done(asked["id"]))["state"] == "done"
    new = await town.customer_of(again)
    assert (again != thread, new != customer) == (True, True)
    assert [m["text"] for m in (await town.ask("GET", f"conversations/{again}/messages"))["data"]] == ["Hello again"]
    card = await town.ask("GET", f"customers/{new}")
    assert [one["address"] for one in card["opt_outs"]] == [NUMBER]
    await town.sms("START")
    assert (await town.ask("GET", f"customers/{new}"))["opt_outs"] == []
    await town.ask("GET", f"conversations/{thread}", status=404)


async def test_only_who_may_asks_and_only_for_ones_own(town: Town, make_tenant: MakeTenant) -> None:
    kept = await town.customer_of(await town.sms("Hello"))
    merged = await town.customer_of(await town.sms("Hello", OTHER_NUMBER))
    await town.ask("POST", f"customers/{kept}/merge", json={"other": merged})
    body = {"kind": "erasure", "customer_id": merged}
    await town.ask("POST", "data-requests", json=body, status=409)
    await town.ask("POST", "data-requests", json={**body, "customer_id": f"cus_{new_id().hex}"}, status=404)
    await town.ask("POST", "data-requests", json={**body, "kind": "wipe"}, status=422)
    manager = await town.ask("POST", "api-keys", json={"name": "CRM", "scopes": ["customers.export"]})
    headers = {"Authorization": f"Bearer {manager['key']}"}
    for tried in ({"kind": "export", "customer_id": kept}, {"kind": "erasure", "customer_id": kept}):
        async with town.client.post("/api/v1/data-requests", json=tried, headers=headers) as answer:
            assert answer.status == 403
    asked = await town.request("export", kept)
    await town.ask("GET", f"data-requests/{asked['id']}/certificate", status=409)
    beta = await make_tenant("beta")
    other = beta.auth
    async with town.client.post("/api/v1/data-requests", json={**body, "customer_id": kept}, headers=other) as answer:
        assert answer.status == 403, "a key has to name this"
    await town.database.fetch(NAME, beta.id)
    for path in ("", "/archive", "/certificate"):
        async with town.client.get(f"/api/v1/data-requests/{asked['id']}{path}", headers=other) as answer:
            assert answer.status == 404, path
    async with town.client.post("/api/v1/data-requests", json={**body, "customer_id": kept}, headers=other) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"From=whatsapp%3A%2B12025550177&Body=x", True),
        (b"From=%2012025550177", True),
        (b'{"from":"12025550177"}', True),
        (b'{"id":912025550177}', False),
        (b"RCPT TO:<Zephyrine.Q@Example.ORG>", True),
        (b'"to":"zephyrine.q\\u0040example.org"', True),
        (b"zephyrine.q=40example.org", True),
        (b"emVwaHlyaW5lLnFAZXhhbXBsZS5vcmc=", True),
        (b'{"statuses":[{"id":"wamid.HBgLMTIwMg=="}]}', True),
        (b"nothing of hers", False),
        (b"", False),
    ],
)
def test_a_raw_webhook_speaks_of_somebody_in_whatever_form(text: bytes, found: bool) -> None:
    assert Needles([NUMBER, MAIL], ["wamid.HBgLMTIwMg=="]).found_in(text) is found


def test_many_addresses_are_not_tried_at_every_byte() -> None:
    numbers = [f"+4930{number:08}" for number in range(50)]
    needles = Needles([*numbers, *(f"anna{number}@example.org" for number in range(50))], [])
    spent = time.process_time()
    assert not needles.found_in(b"anna" * 2**18, b"4930123 " * 2**17)
    assert time.process_time() - spent < 3  # a tenth of that, and twenty seconds for a pattern of all of them
    assert needles.found_in(b"anna" * 2**18 + b"49@EXAMPLE.org")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\windows\\a.exe", "C_windows_a.exe"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("con.txt", "file_con.txt"),
        (".bashrc", "bashrc"),
        ("\0", "file"),
        (None, "file"),
        ("é" * 300 + ".pdf", "pdf"),
        ("a" * 300 + ".pdf", "a" * 76 + ".pdf"),
    ],
)
def test_a_file_is_never_more_than_a_name_in_an_archive(name: str | None, plain: str) -> None:
    assert plain_name(name, "file") == plain


@pytest.mark.parametrize("path", ["../up", "/root", "a//b", "a/../b", "a\\b", "", "a/.b", "ä"])
async def test_an_archive_takes_no_path_that_leads_out_of_it(path: str) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    with pytest.raises(ValueError, match="no path"):
        async for _ in Archive(datetime.now(UTC)).add(path, nothing()):
            pass


def test_a_certificate_can_be_checked() -> None:
    asked = datetime(2026, 1, 1, tzinfo=UTC)
    counts = {"messages": 3, "files": 1}
    made = certificate_of(
        Erased(
            new_id(),
            new_id(),
            None,
            None,
            None,
            counts,
            {"refusals": 0, "digests": 3},
            asked,
            asked + timedelta(minutes=1),
        )
    ).model_dump()
    digest = made.pop("sha256")
    assert hashlib.sha256(orjson.dumps(made, option=orjson.OPT_SORT_KEYS)).hexdigest() == digest
    assert [(one["table"], one["rows"], one["how"]) for one in made["erased"]] == [
        ("files", 1, "removed"), ("messages", 3, "emptied"),
    ]  # fmt: skip
    # Nothing was told of in the log, and nothing was refused: it does not say that such stays.
    assert [(one["what"].partition(" of ")[0], one["rows"]) for one in made["kept"]] == [
        ("the times and states", 3), ("keyed digests", 3), ("records", None), ("this request", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("filename", "mime_type", "path"),
    [
        (None, "image/jpeg", "1-file.jpg"),
        ("scan", "application/pdf", "1-scan.pdf"),
        ("a.PNG", "image/jpeg", "1-a.PNG"),
        (None, "text/plain; charset=utf-8", "1-file.txt"),
        (None, "application/x-unheard-of", "1-file"),
    ],
)
def test_a_file_without_an_ending_gets_that_of_its_type(filename: str | None, mime_type: str, path: str) -> None:
    file = StoredFile(new_id(), "0" * 64, 1, mime_type, filename, "k", None, None, None)
    assert path_of(Attached(new_id(), new_id(), 0, file)).rpartition("/")[2] == path
