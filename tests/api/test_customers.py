"""Customers over the API: their card, addresses, notes, fields, lists, timeline, merges; and nobody else's."""

import re
from typing import Any, ClassVar

import orjson
import pytest

from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Database, Tenant, new_id

Json = dict[str, Any]
ID = re.compile(r"[a-z]+_[0-9a-f]{32}")


class Desk:
    """Asks the API as a tenant's program."""

    #: Answers that were held against the document in this run: that takes a while.
    looked_at: ClassVar[set[tuple[str, str]]] = set()

    def __init__(self, served: Served, tenant: Tenant) -> None:
        self.served, self.tenant = served, tenant

    async def ask(self, method: str, path: str, status: int = 200, **sent: Any) -> Any:
        """Send a request; returns the JSON of its answer."""
        headers = {**self.tenant.auth, **sent.pop("headers", {})}
        async with self.served.client.request(method, f"/api/v1/{path}", headers=headers, **sent) as answer:
            text = await answer.text()
            assert (answer.status, method, path) == (status, method, path), text
            self.etag = answer.headers.get("ETag", "")
        body = orjson.loads(text) if text else None
        place = ID.sub("{id}", f"/api/v1/{path}")
        if body is not None and (method, place) not in self.looked_at:  # to look takes a while
            assert faults(self.served, method, place, status, body) == [], (method, place)
            self.looked_at.add((method, place))
        return body

    async def customer(self, name: str | None = "Jane Doe", **body: Any) -> Json:
        """Add a customer."""
        made: Json = await self.ask("POST", "customers", 201, json={**({"name": name} if name else {}), **body})
        return made

    async def refused(self, method: str, path: str, status: int, code: str, **sent: Any) -> Json:
        """Send a request that must be refused."""
        return await self.served.problem(
            method, f"/api/v1/{path}", status, code, headers={**self.tenant.auth, **sent.pop("headers", {})}, **sent
        )

    @property
    def told(self) -> list[str]:
        """Return the types of the entries that were announced."""
        return [entry.type for entry in self.served.neighbours.announced]


@pytest.fixture
def desk(served: Served, tenant: Tenant) -> Desk:
    """The tenant's."""
    return Desk(served, tenant)


@pytest.fixture
async def label(database: Database, tenant: Tenant) -> str:
    """A label of the tenant."""
    key = new_id()
    await database.fetch(
        "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, $2, 'VIP', 'teal')", tenant.id, key
    )
    return f"lbl_{key.hex}"


def phone(value: str) -> Json:
    return {"kind": "phone", "value": value}


async def test_a_new_customer_is_shown_as_it_is_stored_and_told(desk: Desk, label: str) -> None:
    made = await desk.customer(
        business_name="Doe Ltd", customer_code="C-1", label_ids=[label],
        identities=[phone("+1 (202) 555-0142"), {"kind": "email", "value": "Jane@Example.org"}],
    )  # fmt: skip
    assert made["identities"] == [phone("+12025550142"), {"kind": "email", "value": "jane@example.org"}]
    assert (made["status"], made["label_ids"], made["customer_code"]) == ("active", [label], "C-1")
    assert await desk.ask("GET", f"customers/{made['id']}") == made
    [entry] = desk.served.neighbours.announced
    assert (entry.type, orjson.loads(entry.data)) == ("customer.created", made)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"identities": [{"kind": "phone", "value": "hello"}]}, "/identities/0/value"),
        ({"identities": [{"kind": "phone", "value": "0202 555 0142"}]}, "/identities/0/value"),
        ({"identities": [{"kind": "email", "value": "a b@example.org"}]}, "/identities/0/value"),
        ({"identities": [{"kind": "bsuid", "value": "nobody"}]}, "/identities/0/value"),
        ({"name": "Jane", "label_ids": [f"lbl_{'0' * 32}"]}, "/label_ids/0"),
        ({"name": "Jane", "custom_fields": {"a/b": 1}}, "/custom_fields/a~1b"),
        ({"name": "Jane\0"}, "/name"),
        ({"name": "Jane", "status": "merged"}, "/status"),
    ],
)
async def test_what_is_not_acceptable_is_named(desk: Desk, body: Json, pointer: str) -> None:
    problem = await desk.refused("POST", "customers", 422, "invalid", json=body)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


async def test_an_address_or_a_code_of_somebody_else_is_refused_with_their_name(desk: Desk) -> None:
    jane = await desk.customer(identities=[phone("+12025550142")], customer_code="C-1")
    for body in [
        {"name": "John", "identities": [phone("+12025550142")]},
        {"name": "John", "identities": [{"kind": "whatsapp", "value": "+12025550142"}]},
        {"name": "John", "customer_code": "C-1"},
    ]:
        problem = await desk.refused("POST", "customers", 409, "taken", json=body)
        assert "Jane Doe" in problem["detail"]
        assert jane["id"] in problem["detail"]
    john = await desk.customer("John")
    await desk.refused("POST", f"customers/{john['id']}/identities", 409, "taken", json=phone("+12025550142"))
    await desk.refused("PATCH", f"customers/{john['id']}", 409, "taken", json={"customer_code": "C-1"})
    assert [c["name"] for c in (await desk.ask("GET", "customers"))["data"]] == ["John", "Jane Doe"]


async def test_a_change_is_told_once_and_only_if_there_is_one(desk: Desk, label: str) -> None:
    jane = await desk.customer()
    path = f"customers/{jane['id']}"
    changed = await desk.ask("PATCH", path, json={"name": None, "business_name": "Doe Ltd", "label_ids": [label]})
    assert (changed["name"], changed["business_name"], changed["label_ids"]) == (None, "Doe Ltd", [label])
    assert await desk.ask("PATCH", path, json={"business_name": "Doe Ltd", "label_ids": [label]}) == changed
    assert (await desk.ask("PATCH", path, json={"status": "blocked", "label_ids": []}))["status"] == "blocked"
    assert desk.told == ["customer.created", "customer.updated", "customer.updated"]


async def test_of_two_who_saw_the_same_one_is_told(desk: Desk) -> None:
    jane = await desk.customer()
    seen = {"If-Match": desk.etag}
    await desk.ask("PATCH", f"customers/{jane['id']}", json={"name": "Jane"}, headers=seen)
    await desk.refused("PATCH", f"customers/{jane['id']}", 412, "changed_meanwhile", json={"name": "J"}, headers=seen)


async def test_addresses_come_and_go_the_last_one_too(desk: Desk) -> None:
    jane = await desk.customer()
    path = f"customers/{jane['id']}/identities"
    number = {"kind": "phone", "value": "+52 55 1234 5678"}
    added = await desk.ask("POST", path, json=number)
    assert added["identities"] == [phone("+525512345678")]
    assert await desk.ask("POST", path, json=number) == added
    removed = await desk.ask("DELETE", path, params=number)
    assert removed["identities"] == []
    await desk.refused("DELETE", path, 404, "not_found", params=number)
    assert desk.told == ["customer.created", "customer.updated", "customer.updated"]


async def test_a_deleted_customer_lets_go_of_addresses_and_code_and_keeps_conversations(
    desk: Desk, rows: Rows, database: Database
) -> None:
    conversation = await desk.ask("GET", f"conversations/{await rows.conversation()}")
    path = f"customers/{conversation['customer']['id']}"
    await desk.ask("PATCH", path, json={"customer_code": "C-1"})
    address = (await desk.ask("GET", path))["identities"][0]
    await desk.ask("DELETE", path, 204)
    for method in ("GET", "DELETE"):
        await desk.refused(method, path, 404, "not_found")
    assert (await desk.ask("GET", f"conversations/{conversation['id']}"))["customer"] == {
        **conversation["customer"], "address": None,
    }  # fmt: skip
    again = await desk.customer(identities=[address], customer_code="C-1")
    assert again["id"] != conversation["customer"]["id"]
    assert (await desk.ask("GET", "customers"))["data"] == [again]
    assert desk.told[1] == "customer.updated"
    assert orjson.loads(desk.served.neighbours.announced[1].data)["deleted_at"] is not None


@pytest.mark.parametrize("sort", ["newest", "name"])
@pytest.mark.parametrize("labelled", [False, True])
async def test_a_list_in_pages_is_the_whole_list(desk: Desk, label: str, sort: str, labelled: bool) -> None:
    names = ["Émile", "anna", "Zoe", "Bob", "anna", None, "bob"]
    made = [
        await desk.customer(name, label_ids=[label], **({} if name else {"business_name": "Bakery"})) for name in names
    ]
    await desk.customer("Nobody")
    await desk.ask("PATCH", f"customers/{made[2]['id']}", json={"status": "blocked"})
    params = {"sort": sort, "limit": "2", **({"label_id": label} if labelled else {})}
    found, cursor = [], None
    while True:
        page = await desk.ask("GET", "customers", params={**params, **({"cursor": cursor} if cursor else {})})
        found += [customer["name"] or customer["business_name"] for customer in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            break
    everybody = [name or "Bakery" for name in names] + ([] if labelled else ["Nobody"])
    in_order = list(reversed(everybody)) if sort == "newest" else sorted(everybody, key=str.lower)
    assert [name.lower() for name in found] == [name.lower() for name in in_order]
    page = await desk.ask("GET", "customers", params={"status": "blocked"})
    assert [customer["name"] for customer in page["data"]] == ["Zoe"]


async def test_a_cursor_belongs_to_its_list(desk: Desk) -> None:
    for name in ("a", "b"):
        await desk.customer(name)
    cursor = (await desk.ask("GET", "customers", params={"limit": "1", "sort": "name"}))["next_cursor"]
    for params in [{"cursor": cursor}, {"cursor": cursor, "sort": "name", "status": "blocked"}, {"cursor": "x" * 700}]:
        await desk.refused("GET", "customers", 400, "cursor_invalid", params=params)


async def test_custom_fields_take_what_their_type_takes(desk: Desk) -> None:
    for place, kind in enumerate(["text", "number", "date", "boolean", "choice"]):
        choices = {"choices": ["a", "b"]} if kind == "choice" else {}
        await desk.ask(
            "POST", "custom-fields", 201,
            json={"key": f"a_{kind}", "name": kind.title(), "type": kind, "position": place, **choices},
        )  # fmt: skip
    values = {"a_text": "x", "a_number": 1.5, "a_date": "2026-02-28", "a_boolean": False, "a_choice": "b"}
    jane = await desk.customer(custom_fields=values)
    assert jane["custom_fields"] == values
    wrong = {"a_text": 1, "a_number": "1", "a_date": "2026-02-30", "a_boolean": "yes", "a_choice": "c", "other": 1}
    problem = await desk.refused("PATCH", f"customers/{jane['id']}", 422, "invalid", json={"custom_fields": wrong})
    assert [fault["pointer"] for fault in problem["errors"]] == [f"/custom_fields/{key}" for key in wrong]
    left = await desk.ask("PATCH", f"customers/{jane['id']}", json={"custom_fields": {"a_text": None, "a_number": 2}})
    assert left["custom_fields"] == {**{k: v for k, v in values.items() if k != "a_text"}, "a_number": 2}


async def test_a_removed_field_keeps_its_values_and_comes_back_as_the_same(desk: Desk) -> None:
    body = {"key": "tier", "name": "Tier", "type": "choice", "choices": ["gold"]}
    field = await desk.ask("POST", "custom-fields", 201, json=body)
    await desk.refused("POST", "custom-fields", 409, "taken", json=body)
    jane = await desk.customer(custom_fields={"tier": "gold"})
    changed = await desk.ask("PATCH", f"custom-fields/{field['id']}", json={"name": "Level"})
    assert (changed["name"], changed["choices"]) == ("Level", ["gold"])
    await desk.refused("PATCH", f"custom-fields/{field['id']}", 422, "invalid", json={"choices": []})
    await desk.ask("DELETE", f"custom-fields/{field['id']}", 204)
    await desk.refused("DELETE", f"custom-fields/{field['id']}", 404, "not_found")
    assert (await desk.ask("GET", "custom-fields"))["data"] == []
    path = f"customers/{jane['id']}"
    await desk.refused("PATCH", path, 422, "invalid", json={"custom_fields": {"tier": "gold"}})
    assert (await desk.ask("PATCH", path, json={"name": "J"}))["custom_fields"] == {"tier": "gold"}
    await desk.refused("POST", "custom-fields", 409, "taken", json={**body, "type": "text", "choices": []})
    assert (await desk.ask("POST", "custom-fields", 201, json=body))["id"] == field["id"]


async def test_notes_are_their_authors(desk: Desk, served: Served, tenant: Tenant) -> None:
    jane = await desk.customer()
    path = f"customers/{jane['id']}/notes"
    click = {"json": {"text": "Calls back."}, "headers": {"Idempotency-Key": "click-1"}}
    note = await desk.ask("POST", path, 201, **click)
    assert await desk.ask("POST", path, 201, **click) == note  # the answer was lost: there is one note
    assert (note["text"], note["author_id"], note["customer_id"]) == ("Calls back.", None, jane["id"])
    changed = await desk.ask("PATCH", f"customer-notes/{note['id']}", json={"text": "Called back."})
    assert changed["edited_at"] is not None
    cookies = {"postgate_session": await served.log_in(tenant)}
    for method, sent in [("PATCH", {"json": {"text": "x"}}), ("DELETE", {})]:
        await served.problem(
            method, f"/api/v1/customer-notes/{note['id']}", 403, "forbidden", cookies=cookies,
            headers={"Origin": "http://gateway.test"}, **sent,
        )  # fmt: skip
    assert (await desk.ask("GET", path))["data"] == [changed]
    served.client.cookie_jar.clear()
    await desk.ask("DELETE", f"customer-notes/{note['id']}", 204)
    assert (await desk.ask("GET", path))["data"] == []
    assert desk.told == ["customer.created", *["customer_note.updated"] * 3]
    assert orjson.loads(served.neighbours.announced[-1].data)["text"] == ""


async def test_a_merge_and_its_undoing_are_told_with_every_conversation(desk: Desk, rows: Rows) -> None:
    first, second = [
        await desk.ask("GET", f"conversations/{await rows.conversation(minute=minute)}") for minute in (1, 2)
    ]
    kept, other = first["customer"]["id"], second["customer"]["id"]
    done = await desk.ask("POST", f"customers/{kept}/merge", json={"other": other})
    assert (done["customer"]["id"], done["merged"]["merged_into"]) == (kept, kept)
    assert len(done["customer"]["identities"]) == 2
    assert (await desk.ask("GET", f"customers/{other}"))["status"] == "merged"
    for method, path, sent in [
        ("PATCH", f"customers/{other}", {"json": {"name": "x"}}),
        ("DELETE", f"customers/{other}", {}),
        ("POST", f"customers/{other}/identities", {"json": phone("+12025550199")}),
        ("POST", f"customers/{kept}/merge", {"json": {"other": other}}),
    ]:
        await desk.refused(method, path, 409, "wrong_state", **sent)
    await desk.refused("POST", f"customers/{kept}/merge", 422, "invalid", json={"other": kept})
    undone = await desk.ask("POST", f"merges/{done['merge']['id']}/undo")
    assert undone["merge"]["undone_at"] is not None
    assert (undone["customer"]["identities"], undone["merged"]["merged_into"]) != (done["customer"]["identities"], kept)
    await desk.refused("POST", f"merges/{done['merge']['id']}/undo", 409, "wrong_state")
    assert desk.told == [
        "customer.merged", "conversation.updated", "conversation.updated", "customer.updated", "customer.updated",
    ]  # fmt: skip
    assert (await desk.ask("GET", f"conversations/{second['id']}"))["customer"] == second["customer"]


async def test_who_may_be_the_same_is_found_by_number_and_by_name(desk: Desk) -> None:
    jane = await desk.customer("Jane Doe", identities=[phone("+525512345678")])
    twin = await desk.customer("J. D.", identities=[{"kind": "whatsapp", "value": "+5215512345678"}])
    namesake = await desk.customer("jane doe")
    await desk.customer("Somebody else")
    found = (await desk.ask("GET", f"customers/{jane['id']}/duplicates"))["data"]
    assert [(one["customer"]["id"], one["reasons"]) for one in found] == [
        (twin["id"], ["number"]), (namesake["id"], ["name"]),
    ]  # fmt: skip


async def test_the_timeline_holds_everything_once_in_order(desk: Desk, rows: Rows, database: Database) -> None:
    threads = [await rows.conversation(minute=minute) for minute in (1, 2)]
    people = [(await desk.ask("GET", f"conversations/{thread}"))["customer"]["id"] for thread in threads]
    messages = [await rows.message(threads[place % 2], minute=place) for place in range(5)]
    address = (await desk.ask("GET", f"customers/{people[0]}"))["identities"][0]["value"]
    await database.fetch(
        "INSERT INTO consents (tenant_id, address, channel_id, category, key, word, told_at)"
        " SELECT tenant_id, $1, channel_id, 'all', 'k', 'stop', '2026-11-02T09:02:30Z' FROM messages LIMIT 1", address
    )  # fmt: skip
    merge = (await desk.ask("POST", f"customers/{people[0]}/merge", json={"other": people[1]}))["merge"]
    note = await desk.ask("POST", f"customers/{people[0]}/notes", 201, json={"text": "x"})
    found: list[Json] = []
    cursor: str | None = None
    while cursor is not None or not found:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = await desk.ask("GET", f"customers/{people[0]}/timeline", params=params)
        found += page["data"]
        cursor = page["next_cursor"]
    assert [(one["type"], one[one["type"]].get("id")) for one in found] in [
        [*pair, *[("message", key) for key in reversed(messages[3:])], ("opt_out", None),
         *[("message", key) for key in reversed(messages[:3])]]
        for pair in ([("note", note["id"]), ("merge", merge["id"])], [("merge", merge["id"]), ("note", note["id"])])
    ]  # fmt: skip
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)


async def test_a_customers_conversations_are_those_of_whom_was_merged_too(desk: Desk, rows: Rows) -> None:
    threads = [await rows.conversation(minute=minute) for minute in (1, 2, 3)]
    people = [(await desk.ask("GET", f"conversations/{thread}"))["customer"]["id"] for thread in threads]
    await desk.ask("POST", f"customers/{people[0]}/merge", json={"other": people[2]})
    path = f"customers/{people[0]}/conversations"
    first = await desk.ask("GET", path, params={"limit": "1"})
    rest = await desk.ask("GET", path, params={"limit": "1", "cursor": first["next_cursor"]})
    assert [one["id"] for one in (*first["data"], *rest["data"])] == [threads[2], threads[0]]
    assert rest["next_cursor"] is None
