"""Customers from a file, and into one: each row counts once, whatever dies meanwhile, whatever somebody uploads."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from gateway.customers import import_rows, importing
from gateway.customers.importing import BATCH_ROWS, TRIES, Importer
from gateway.model.ids import parse
from gateway.store import customer_imports
from gateway.store.pool import DatabaseUnavailable, open_pool, tenant_tx
from tests.api.conftest import Served
from tests.api.test_customers import Desk, phone
from tests.conftest import Database, Tenant, new_id

Json = dict[str, Any]
FILE = """Name;Telefon;E-Mail;Kundennummer;Labels;Level;Notes
Jane Doe;0160 5550101;Jane@Example.org;C-1;VIP;gold;x
John;+49 160 5550102;;C-2;;;y
Nobody;12;;;;;
;;;;;;only this
Wrong;;;;Unknown;;
"Doe, J.";;jane@example.org;;;tin;
"""


@pytest.fixture
def desk(served: Served, tenant: Tenant) -> Desk:
    """The tenant's."""
    return Desk(served, tenant)


@pytest.fixture
async def importer(served: Served, database: Database) -> AsyncIterator[Importer]:
    """A worker that reads one import each time it is told."""
    pool = await open_pool(database.hook_url, 1)
    yield Importer(pool, served.pool, served.neighbours.announce, new_id)
    await pool.close()


@pytest.fixture
async def shop(desk: Desk, database: Database, tenant: Tenant) -> Desk:
    """The tenant's desk, with a label and a field."""
    await database.fetch(
        "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, $2, 'VIP', 'teal')", tenant.id, new_id()
    )
    body = {"key": "level", "name": "Level", "type": "choice", "choices": ["gold", "tin"]}
    await desk.ask("POST", "custom-fields", 201, json=body)
    desk.served.neighbours.announced.clear()
    return desk


async def upload(desk: Desk, content: bytes, name: str = "people.csv") -> Json:
    """Upload a file; returns the import."""
    made: Json = await desk.ask("POST", "customer-imports", 201, data=content, params={"filename": name})
    return made


async def rows_of(desk: Desk, path: str) -> list[list[str]]:
    """Download a file; returns its rows."""
    async with desk.served.client.get(f"/api/v1/{path}", headers=desk.tenant.auth) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/csv"
        return list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"), newline="")))


def plan_of(made: Json, **changes: Any) -> Json:
    """Return the plan that an import came with, changed."""
    return {**made["plan"], **changes}


async def test_a_file_is_looked_at_checked_taken_and_comes_out_again(
    shop: Desk, importer: Importer, database: Database
) -> None:
    made = await upload(shop, FILE.encode())
    assert (made["state"], made["rows_total"], made["delimiter"], made["encoding"]) == ("uploaded", 6, ";", "utf-8")
    targets = ["name", "phone", "email", "customer_code", "labels", "custom_fields.level", None]
    assert made["plan"] == {"targets": targets, "country": None, "label_ids": []}
    assert made["sample"][0][:2] == ["Jane Doe", "0160 5550101"]
    path, plan = f"customer-imports/{made['id']}", plan_of(made, country="DE")

    assert (await shop.ask("POST", f"{path}/check", json=plan))["state"] == "checking"
    assert await importer.work() is True
    checked = await shop.ask("GET", path)
    counts = {key: checked[key] for key in ("state", "rows_done", "created", "updated", "skipped", "failed")}
    assert counts == {"state": "checked", "rows_done": 6, "created": 2, "updated": 1, "skipped": 0, "failed": 3}
    problems = await shop.ask("GET", f"{path}/problems", params={"limit": "2"})
    assert [(one["row"], one["column"]) for one in problems["data"]] == [(3, "Telefon"), (4, None)]
    assert problems["more"] is True
    rest = await shop.ask("GET", f"{path}/problems", params={"after": "4"})
    assert [(one["row"], one["column"], one["detail"]) for one in rest["data"]] == [
        (5, "Labels", "there is no label Unknown")
    ]
    assert (await shop.ask("GET", "customers"))["data"] == []

    await shop.ask("POST", f"{path}/start", json=plan)
    assert await importer.work() is True
    done = await shop.ask("GET", path)
    assert {key: done[key] for key in counts} == {**counts, "state": "done"}
    made = (await shop.ask("GET", "customers"))["data"]  # of one moment: in whichever order
    john, jane = sorted(made, key=lambda customer: customer["customer_code"] == "C-1")
    assert jane["identities"] == [phone("+491605550101"), {"kind": "email", "value": "jane@example.org"}]
    assert (jane["name"], jane["customer_code"], jane["custom_fields"]) == ("Doe, J.", "C-1", {"level": "tin"})
    assert len(jane["label_ids"]) == 1
    assert john["identities"] == [phone("+491605550102")]
    audited = "SELECT record_ids FROM data_access_audit WHERE operation = 'import' AND table_name = 'customers'"
    assert set(await database.value(audited)) == {parse("cus", one["id"]) for one in (john, jane)}
    assert shop.told == ["customer.created", "customer.created"]

    spoilt = await rows_of(shop, f"{path}/problems.csv")
    assert spoilt[0] == [
        "Name",
        "Telefon",
        "E-Mail",
        "Kundennummer",
        "Labels",
        "Level",
        "Notes",
        "row",
        "column",
        "problem",
    ]
    assert [row[:2] for row in spoilt[1:]] == [["Nobody", "12"], ["", ""], ["Wrong", ""]]
    exported = await rows_of(shop, "customers.csv")
    assert [dict(zip(exported[0], row, strict=True)) for row in exported[1:]] == [
        {"id": one["id"], "name": one["name"], "business_name": "", "customer_code": one["customer_code"],
         "status": "active", "phone": "'" + one["identities"][0]["value"], "whatsapp": "",
         "email": "jane@example.org" if one is jane else "", "labels": "VIP" if one is jane else "",
         "custom_fields.level": "tin" if one is jane else "", "created_at": one["created_at"]}
        for one in made
    ]  # fmt: skip


async def test_what_was_exported_changes_nothing_when_it_is_imported(shop: Desk, importer: Importer) -> None:
    for place, name in enumerate(["Jane, the first", '=HYPERLINK("x")', "+1", "Jo\u2028sé"]):
        await shop.customer(name, identities=[{"kind": "email", "value": f"p{place}@example.org"}])
    before = (await shop.ask("GET", "customers"))["data"]
    async with shop.served.client.get("/api/v1/customers.csv", headers=shop.tenant.auth) as answer:
        assert answer.headers["Postgate-Rows"] == "4"
        content = await answer.read()
    made = await upload(shop, content)
    await shop.ask("POST", f"customer-imports/{made['id']}/start", json=made["plan"])
    await importer.work()
    done = await shop.ask("GET", f"customer-imports/{made['id']}")
    assert (done["state"], done["skipped"], done["failed"]) == ("done", 4, 0)
    assert (await shop.ask("GET", "customers"))["data"] == before


async def test_customers_who_are_known_are_found_by_address_or_code(shop: Desk, importer: Importer) -> None:
    jane = await shop.customer("Jane", identities=[{"kind": "whatsapp", "value": "+12025550101"}])
    john = await shop.customer("John", customer_code="C-2", business_name="Doe Ltd")
    content = "name,phone,code\nJane Doe,+12025550101,\n,,C-2\nJohn Doe,,C-2\nBoth,+12025550101,C-2\n"
    made = await upload(shop, content.encode())
    await shop.ask("POST", f"customer-imports/{made['id']}/start", json=made["plan"])
    await importer.work()
    done = await shop.ask("GET", f"customer-imports/{made['id']}")
    assert [done[key] for key in ("created", "updated", "skipped", "failed")] == [0, 2, 1, 1]
    assert (await shop.ask("GET", f"customers/{jane['id']}"))["name"] == "Jane Doe"
    now = await shop.ask("GET", f"customers/{john['id']}")
    assert (now["name"], now["business_name"]) == ("John Doe", "Doe Ltd")
    assert shop.told[2:] == ["customer.updated", "customer.updated"]


def many(count: int) -> bytes:
    """Return a file of so many customers."""
    lines = [f"Person {number},+1202555{number:04}" for number in range(count)]
    return "\n".join(["name,phone", *lines]).encode()


async def test_a_worker_that_dies_is_followed_by_another_and_no_row_counts_twice(
    shop: Desk, importer: Importer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await upload(shop, many(BATCH_ROWS * 3 + 5))
    path = f"customer-imports/{made['id']}"
    await shop.ask("POST", f"{path}/start", json=made["plan"])
    batches = 0
    prepared = import_rows.prepared

    async def dies(*args: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches == 3:
            raise ConnectionAbortedError  # as when the database goes away
        return await prepared(*args)

    monkeypatch.setattr(importing, "prepared", dies)
    with pytest.raises(DatabaseUnavailable):
        await importer.work()
    monkeypatch.undo()
    half = await shop.ask("GET", path)
    assert (half["state"], half["rows_done"]) == ("running", BATCH_ROWS * 2)
    assert await importer.work() is False  # the dead one's lease still holds
    await database.fetch("UPDATE customer_imports SET lease_until = now() - interval '1 s'")
    assert await importer.work() is True
    done = await shop.ask("GET", path)
    assert (done["state"], done["created"], done["rows_done"]) == ("done", BATCH_ROWS * 3 + 5, BATCH_ROWS * 3 + 5)
    assert await database.value("SELECT count(*) FROM customers") == BATCH_ROWS * 3 + 5
    assert await database.value("SELECT count(*) FROM customer_import_pieces") == 0
    assert shop.told == ["customer.created"] * (BATCH_ROWS * 3 + 5)


async def test_a_worker_that_was_thought_dead_takes_no_more_rows(
    shop: Desk, importer: Importer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await upload(shop, many(BATCH_ROWS * 2))
    await shop.ask("POST", f"customer-imports/{made['id']}/start", json=made["plan"])
    read = importer._take

    async def take(*args: Any) -> bool:
        more = await read(*args)
        await database.fetch("UPDATE customer_imports SET lease = gen_random_uuid()")
        return more

    monkeypatch.setattr(importer, "_take", take)
    await importer.work()
    assert (await shop.ask("GET", f"customer-imports/{made['id']}"))["rows_done"] == BATCH_ROWS


async def test_a_file_that_nobody_gets_through_fails(shop: Desk, importer: Importer, database: Database) -> None:
    made = await upload(shop, many(2))
    await shop.ask("POST", f"customer-imports/{made['id']}/start", json=made["plan"])
    await database.fetch("UPDATE customer_imports SET tries = $1", TRIES)
    assert await importer.work() is True
    failed = await shop.ask("GET", f"customer-imports/{made['id']}")
    assert (failed["state"], failed["rows_done"]) == ("failed", 0)
    assert failed["error"]


async def test_an_import_is_cancelled_and_then_nothing_more_can_be_done_with_it(shop: Desk, importer: Importer) -> None:
    made = await upload(shop, many(3))
    path = f"customer-imports/{made['id']}"
    await shop.ask("POST", f"{path}/start", json=made["plan"])
    await shop.refused("POST", f"{path}/start", 409, "wrong_state", json=made["plan"])
    assert (await shop.ask("POST", f"{path}/cancel"))["state"] == "cancelled"
    assert await importer.work() is False
    for action in ("cancel", "check", "start"):
        sent = {} if action == "cancel" else {"json": made["plan"]}
        await shop.refused("POST", f"{path}/{action}", 409, "wrong_state", **sent)
    assert (await shop.ask("GET", "customers"))["data"] == []


async def test_files_that_nobody_starts_are_forgotten(shop: Desk, importer: Importer, database: Database) -> None:
    old, new = await upload(shop, many(1)), await upload(shop, many(1))
    await database.script("ALTER TABLE customer_imports DISABLE TRIGGER touch")
    await database.fetch(
        "UPDATE customer_imports SET updated_at = now() - interval '8 days' WHERE id = $1::uuid", old["id"][4:]
    )
    assert await customer_imports.forget(importer._finder) == 1
    assert (await shop.ask("GET", f"customer-imports/{old['id']}"))["state"] == "cancelled"
    assert (await shop.ask("GET", f"customer-imports/{new['id']}"))["state"] == "uploaded"
    assert await database.value("SELECT count(*) FROM customer_import_pieces") == 1


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"targets": ["name"]}, ["/targets/1"]),
        ({"targets": ["name", "name"]}, ["/targets/1"]),
        ({"targets": ["shoe_size", "custom_fields.none"]}, ["/targets/0", "/targets/1"]),
        ({"label_ids": [f"lbl_{'0' * 32}"]}, ["/label_ids/0"]),
        ({"country": "Germany"}, ["/country"]),
    ],
)
async def test_a_plan_that_does_not_fit_is_refused(shop: Desk, changes: Json, pointers: Sequence[str]) -> None:
    made = await upload(shop, many(1))
    problem = await shop.refused(
        "POST", f"customer-imports/{made['id']}/start", 422, "invalid", json=plan_of(made, **changes)
    )
    assert [fault["pointer"] for fault in problem["errors"]] == pointers


@pytest.mark.parametrize(
    "content",
    [
        b"name,phone\n\0\0,\0\n",
        b'name\n"lone\nJane\n',
        b'name\nJane"x\n',
        b"name,phone\n" + b"," * 1_000_000 + b"\nJane,\n",
        b"name\n" + b"x" * 2_000_000 + b"\nJane\n",
        b'name\n"' + b"x" * 200_000 + b'"\nJane\n',
        b"\xff\xfename\n\xd8\xd8\n",
        b"\xef\xbb\xbfname\n\xff\xff\n",
        b"name;phone\n=cmd|'/c calc'!A0;+1 202 555 0101\n",
        b"n\x00a\x00m\x00e\x00\n\x00J\x00",
    ],
    ids=["NUL", "lone quote", "stray quote", "a million columns", "long line", "huge cell", "half UTF-16", "mixed",
         "formula", "cut UTF-16"],
)  # fmt: skip
async def test_hostile_files_are_taken_or_refused_and_no_more(shop: Desk, importer: Importer, content: bytes) -> None:
    async with shop.served.client.post("/api/v1/customer-imports", data=content, headers=shop.tenant.auth) as answer:
        assert answer.status in {201, 422}, await answer.text()
        made = await answer.json(content_type=None)
    if answer.status == 422:
        return
    path = f"customer-imports/{made['id']}"
    for action in ("check", "start"):
        await shop.ask("POST", f"{path}/{action}", json=made["plan"])
        await importer.work()
        done = await shop.ask("GET", path)
        assert done["state"] in {"checked", "done"}
        assert done["rows_done"] == done["rows_total"]
    await rows_of(shop, f"{path}/problems.csv")
    await rows_of(shop, "customers.csv")


@pytest.mark.parametrize("content", [b"", b"\n", b",,,"])
async def test_a_file_without_names_is_refused(shop: Desk, content: bytes) -> None:
    await shop.refused("POST", "customer-imports", 422, "invalid", data=content)


async def test_a_file_has_a_limit(shop: Desk) -> None:
    await shop.refused("POST", "customer-imports", 413, "too_large", data=b"name\n" * (5 * 1024 * 1024))


async def test_another_tenant_finds_nothing(shop: Desk, importer: Importer, other: Tenant, tenant: Tenant) -> None:
    made = await upload(shop, FILE.encode())
    theirs = Desk(shop.served, other)
    path = f"customer-imports/{made['id']}"
    for method, where, sent in [
        ("GET", path, {}),
        ("POST", f"{path}/check", {"json": made["plan"]}),
        ("POST", f"{path}/start", {"json": made["plan"]}),
        ("POST", f"{path}/cancel", {}),
        ("GET", f"{path}/problems", {}),
        ("GET", f"{path}/problems.csv", {}),
    ]:
        await theirs.refused(method, where, 404, "not_found", **sent)
    assert (await theirs.ask("GET", "customer-imports"))["data"] == []
    await shop.ask("POST", f"{path}/start", json=plan_of(made, country="DE"))
    await importer.work()
    assert len(await rows_of(theirs, "customers.csv")) == 1
    assert (await theirs.ask("GET", "customers"))["data"] == []
    async with tenant_tx(shop.served.pool, other.id) as tx:
        assert await tx.connection.fetchval("SELECT count(*) FROM customer_import_problems") == 0
