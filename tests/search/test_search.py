"""Search: what is found by which words, in the log at once and in the index afterwards; in which order; by whom."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.model.ids import parse
from tests.api.conftest import Served
from tests.conftest import Database, Tenant
from tests.search.asking import ids, search
from tests.search.writing import Writing

WORDS = [
    ("The teapot is broken", "teapot", True),
    ("The teapot is broken", "TEAPOT broken", True),
    ("The teapot is broken", "teap", True),
    ("The teapot is broken", "teap broken", False),  # only the last word may go on
    ("The teapot is broken", "teap ", False),  # nor does one that a space has ended
    ("The teapot is broken", '"teapot is broken"', True),
    ("The teapot is broken", '"is teapot"', False),
    ("The teapot is broken", '"teap"', False),
    ("The teapot is broken", "teapot -broken", False),
    ("The teapot is broken", "teapot -whole", True),
    ("The teapot is broken", "-whole", False),  # nothing is searched for
    ("Crème brûlée à la carte", "creme brulee", True),
    ("Creme brulee", "crème brûlée", True),
    ("Crème brûlée", "creme", True),  # written with combining accents
    ("Die Straße ist gesperrt", "strasse", True),
    ("Die STRASSE ist gesperrt", "straße", True),
    ("Příliš žluťoučký kůň", "zlutoucky kun", True),
    ("Где мой заказ?", "ЗАКАЗ", True),
    ("Где мой заказ?", "зак", True),
    ("Всё ещё жду", "еще", True),
    ("Πού είναι η παραγγελία μου", "παραγγελία", True),
    ("أين طلبي", "طلبي", True),
    ("मेरा ऑर्डर कहाँ है", "ऑर्डर", True),
    ("我想退款，谢谢", "退款", True),
    ("我想退款，谢谢", "款退", False),
    ("我想退款，谢谢", "想退", True),
    ("注文をキャンセルしたいです", "キャンセル", True),
    ("ｶﾀｶﾅで書く", "カタカナ", True),
    ("ผมต้องการคืนเงิน", "คืนเงิน", True),
    ("주문이 언제 도착하나요", "주문", True),
    ("Write to jane.doe@example.org please", "jane.doe@example.org", True),
    ("Write to jane.doe@example.org please", "example.org", True),
    ("Write to jane.doe@example.org please", "doe", True),
    ("Call +1 (555) 010-0123 today", "555-010-0123", True),
    ("Call +1 (555) 010-0123 today", "0123", True),
    ("See https://shop.example.org/order?id=4711", "4711", True),
    ("See https://shop.example.org/order?id=4711", "shop.example.org", True),
    ("Order no. AB-4711/c", "ab-4711", True),
    ("Don't worry", "don't", True),
    ("snake_case and CamelCase", "snake", True),
    ("an emoji 🎉 alone", "🎉", False),
    ("x" * 3000, "x" * 90, True),
    ("50% of <b>all</b> &amp; more", "<b>all</b>", True),
]


@pytest.mark.parametrize(("text", "q", "expected"), WORDS, ids=lambda value: str(value)[:24])
async def test_what_a_word_finds(
    served: Served, tenant: Tenant, writing: Writing, text: str, q: str, expected: bool
) -> None:
    conversation = await writing.conversation(await writing.customer())
    message = await writing.message(conversation, text)
    in_log = await ids(served, tenant, q)
    await writing.index()
    in_index = await ids(served, tenant, q)
    assert (in_log, in_index) == (([message], [message]) if expected else ([], []))


PEOPLE = [
    ({"name": "Zoë Example"}, "zoe"),
    ({"name": "Zoë Example"}, "exam zoë"),
    ({"name": "Zoë Example"}, "Exampel"),  # misspelt
    ({"name": "Wanjiru Mfano"}, "wanjru mfano"),
    ({"name": None, "company": "Example Bakery"}, "bakery"),
    ({"code": "KD-0815"}, "kd-0815"),
    ({"identity": "+15550100123"}, "+1 555 010 0123"),
    ({"identity": "+15550100123"}, "(555) 010-0123"),
    ({"identity": "+15550100123"}, "0123"),
    ({"identity": "+15550100123"}, "001 555 0100123"),
    ({"identity": "+491705550123"}, "0170 5550123"),
    ({"identity": "+491705550123"}, "+49 (0)170 555-0123"),
    ({"identity": "jane.doe@example.org"}, "jane.doe@example.org"),
    ({"identity": "jane.doe@example.org"}, "doe"),
    ({"identity": "jane.doe@example.org"}, "example.org"),
    ({"identity": "jane.doe@example.org"}, "jane.d"),
]


@pytest.mark.parametrize(("made", "q"), PEOPLE, ids=lambda value: str(value)[:40])
async def test_how_a_customer_is_found(
    served: Served, tenant: Tenant, writing: Writing, made: dict[str, str], q: str
) -> None:
    await writing.customer("Somebody Else", "+15559999999")
    customer = await writing.customer(**made)
    await writing.index()
    found = await search(served, tenant, q, **{"in": "customers"})
    assert customer in [hit["customer"]["id"] for hit in found["customers"]["data"]], found
    assert found["messages"] is None


async def test_customers_are_found_as_they_are_now(
    served: Served, tenant: Tenant, writing: Writing, read_from: str
) -> None:
    customer = await writing.customer("Amélie Before")
    await writing.index()
    await writing.change("customer.updated", "customers", "cus", customer, "name = $3", "Amélie After")
    if read_from == "index":
        await writing.index()

    async def found(q: str) -> Sequence[str]:
        answer = await search(served, tenant, q, **{"in": "customers"})
        return [hit["customer"]["id"] for hit in answer["customers"]["data"]]

    assert await found("after") == [customer]
    assert await found("before") == []
    await writing.change("customer.updated", "customers", "cus", customer, "deleted_at = now()")
    assert await found("after") == []
    await writing.index()
    assert await found("after") == []
    assert await found("amelie aftre") == []


async def test_subjects_and_names_of_files_are_found(
    served: Served, tenant: Tenant, writing: Writing, read_from: str
) -> None:
    conversation = await writing.conversation(await writing.customer(), "Question about the umbrella")
    message = await writing.message(conversation, "See the file", subject="Re: umbrella", file="Invoice_4711.pdf")
    if read_from == "index":
        await writing.index()
    found = await search(served, tenant, "umbrella")
    (hit,) = found["conversations"]["data"]
    assert hit["conversation"]["id"] == conversation
    assert [part["text"] for part in hit["excerpt"] if part["hit"]] == ["umbrella"]
    assert found["messages"]["data"][0]["place"] == "subject"
    found = await search(served, tenant, "invoice 4711")
    (hit,) = found["messages"]["data"]
    assert (hit["message"]["id"], hit["place"]) == (message, "attachment")
    assert "".join(part["text"] for part in hit["excerpt"]) == "Invoice_4711.pdf"


async def test_an_edited_message_is_found_by_what_it_says_now(
    served: Served, tenant: Tenant, writing: Writing, read_from: str
) -> None:
    message = await writing.message(await writing.conversation(await writing.customer()), "a teapot")
    await writing.index()
    await writing.edit(message, "a kettle")
    if read_from == "index":
        await writing.index()
    assert await ids(served, tenant, "kettle") == [message]
    assert await ids(served, tenant, "teapot") == []


async def test_what_was_taken_back_is_never_found(
    served: Served, tenant: Tenant, writing: Writing, read_from: str
) -> None:
    message = await writing.message(await writing.conversation(await writing.customer()), "a secret teapot")
    await writing.index()
    assert await ids(served, tenant, "teapot") == [message]
    await writing.revoke(message)
    if read_from == "index":
        await writing.index()
        count = "SELECT count(*) FROM search_documents WHERE kind = 'm'"
        assert await writing.database.value(count) == 0
    assert await ids(served, tenant, "teapot") == []


async def test_notes_are_found_and_marked(served: Served, tenant: Tenant, writing: Writing) -> None:
    conversation = await writing.conversation(await writing.customer())
    note = await writing.message(conversation, "call about the teapot", direction="internal")
    spoken = await writing.message(conversation, "my teapot", hours=1)
    found = await search(served, tenant, "teapot")
    assert {hit["message"]["id"]: hit["message"]["direction"] for hit in found["messages"]["data"]} == {
        note: "internal", spoken: "inbound",
    }  # fmt: skip
    assert await ids(served, tenant, "teapot", direction="internal") == [note]
    assert await ids(served, tenant, "teapot", direction="inbound") == [spoken]


async def test_filters_narrow_what_is_found(
    served: Served, tenant: Tenant, writing: Writing, database: Database, read_from: str
) -> None:
    jane, john = await writing.customer("Jane"), await writing.customer("John")
    hers, his = await writing.conversation(jane, "teapot"), await writing.conversation(john, provider="whatsapp_cloud")
    old = await writing.message(hers, "teapot", hours=100)
    new = await writing.message(hers, "teapot", hours=1)
    other = await writing.message(his, "teapot", direction="outbound", hours=2)
    owner = await database.value("SELECT user_id FROM memberships WHERE tenant_id = $1", tenant.id)
    await database.fetch("UPDATE conversations SET assignee_id = $2 WHERE id = $1", parse("cnv", his), owner)
    await database.fetch(
        "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, $2, 'VIP', 'teal')", tenant.id, parse("cnv", hers)
    )
    await database.fetch(
        "INSERT INTO conversation_labels (tenant_id, conversation_id, label_id) VALUES ($1, $2, $2)",
        tenant.id, parse("cnv", hers),
    )  # fmt: skip
    if read_from == "index":
        await writing.index()
    label = hers.replace("cnv_", "lbl_")
    channel = tenant.integration("whatsapp_cloud")["channels"][0]["id"]
    expected: Sequence[tuple[dict[str, Any], set[str]]] = [
        ({}, {old, new, other}),
        ({"from": jane}, {old, new}),
        ({"channel": channel}, {other}),
        ({"assignee": f"usr_{owner.hex}"}, {other}),
        ({"assignee": "nobody"}, {old, new}),
        ({"assignee": "me"}, set()),  # a key is nobody
        ({"label": label}, {old, new}),
        ({"label": label, "direction": "outbound"}, set()),
        ({"before": "2026-11-01T00:00:00Z"}, {old}),
        ({"after": "2026-11-01T00:00:00Z"}, {new, other}),
        ({"after": "2026-11-01T00:00:00Z", "from": jane}, {new}),
    ]
    for filters, wanted in expected:
        assert set(await ids(served, tenant, "teapot", **filters)) == wanted, filters
    found = await search(served, tenant, "teapot", **{"from": jane})
    assert found["customers"]["data"] == []
    assert [hit["conversation"]["id"] for hit in found["conversations"]["data"]] == [hers]


async def test_the_newer_and_the_more_fitting_come_first(served: Served, tenant: Tenant, writing: Writing) -> None:
    conversation = await writing.conversation(await writing.customer())
    ancient = await writing.message(conversation, "teapot teapot teapot", hours=24 * 300)
    plain = await writing.message(conversation, "a teapot", hours=2)
    fitting = await writing.message(conversation, "teapot, teapot and teapot", hours=3)
    await writing.index()
    assert await ids(served, tenant, "teapot") == [fitting, plain, ancient]


async def every_page(served: Served, tenant: Tenant, q: str, **filters: Any) -> list[Sequence[str]]:
    pages: list[Sequence[str]] = []
    cursor: dict[str, str] = {}
    while True:
        found = await search(served, tenant, q, **{"in": "messages", "limit": 7, **filters, **cursor})
        pages.append([hit["message"]["id"] for hit in found["messages"]["data"]])
        if found["messages"]["next_cursor"] is None:
            return pages
        cursor = {"cursor": found["messages"]["next_cursor"]}


async def test_pages_hold_each_match_once(
    served: Served, tenant: Tenant, writing: Writing, monkeypatch: pytest.MonkeyPatch, read_from: str
) -> None:
    monkeypatch.setattr("gateway.store.search.WINDOW", 10)
    monkeypatch.setattr("gateway.store.search.FILTERED_WINDOW", 12)
    conversation = await writing.conversation(await writing.customer())
    made = [
        await writing.message(conversation, f"teapot {'teapot ' * (n % 3)}", hours=n * 9,
                              direction="inbound" if n % 3 else "outbound")
        for n in range(32)
    ]  # fmt: skip
    if read_from == "index":
        await writing.index()
    pages = await every_page(served, tenant, "teapot")
    assert sorted(key for page in pages for key in page) == sorted(made)
    assert {key for page in pages[:2] for key in page} == set(made[:10])
    filtered = await every_page(served, tenant, "teapot", direction="outbound")
    assert sorted(key for page in filtered for key in page) == sorted(made[::3])


async def test_what_comes_in_while_somebody_pages_stays_out(
    served: Served, tenant: Tenant, writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.search.WINDOW", 4)
    conversation = await writing.conversation(await writing.customer())
    made = [await writing.message(conversation, "teapot", hours=n) for n in range(1, 9)]
    first = (await search(served, tenant, "teapot", **{"in": "messages", "limit": 2}))["messages"]
    seen = [hit["message"]["id"] for hit in first["data"]]
    await writing.message(conversation, "teapot", hours=0)
    cursor = first["next_cursor"]
    while cursor is not None:
        page = (await search(served, tenant, "teapot", **{"in": "messages", "limit": 2, "cursor": cursor}))["messages"]
        seen += [hit["message"]["id"] for hit in page["data"]]
        cursor = page["next_cursor"]
    assert seen == made


@pytest.mark.parametrize("cursor", ["x", "WzFd", "W10", "éé", "WzEsMiwzLDQsNSw2LDcsIjgiXQ", "A" * 700])
async def test_a_cursor_that_is_none_is_refused(served: Served, tenant: Tenant, cursor: str) -> None:
    query = urlencode({"q": "x", "in": "messages", "cursor": cursor})
    await served.problem("GET", f"/api/v1/search?{query}", 400, "cursor_invalid", headers=tenant.auth)
    await served.problem("GET", f"/api/v1/search?q=x&cursor={'A' * 20}", 400, "cursor_invalid", headers=tenant.auth)


async def test_a_cursor_of_another_search_is_refused(served: Served, tenant: Tenant, writing: Writing) -> None:
    conversation = await writing.conversation(await writing.customer())
    for hours in range(3):
        await writing.message(conversation, "teapot", hours=hours)
    page = (await search(served, tenant, "teapot", **{"in": "messages", "limit": 1}))["messages"]
    query = urlencode({"q": "kettle", "in": "messages", "cursor": page["next_cursor"]})
    await served.problem("GET", f"/api/v1/search?{query}", 400, "cursor_invalid", headers=tenant.auth)


async def test_matches_far_behind_many_others_are_found(
    served: Served, tenant: Tenant, writing: Writing, database: Database
) -> None:
    """Beyond those that are looked at one by one the index is asked, week by week."""
    conversation = await writing.conversation(await writing.customer())
    rare = await writing.message(conversation, "one violin among them", hours=24 * 365)
    rarest = await writing.message(conversation, "and an older violin", hours=24 * 365 * 60)  # before 1970
    await writing.index()
    await database.fetch(
        "INSERT INTO search_documents (tenant_id, kind, at, id, words)"
        " SELECT $1, 'm', t.at, gen_random_uuid(), search_words('m', $1, t.at, NULL, 'teapot')"
        " FROM generate_series(1, 3000) n,"
        " LATERAL (SELECT timestamptz '2026-11-01' - n * interval '20 minutes') t (at)",
        tenant.id,
    )
    assert await ids(served, tenant, "violin") == [rare, rarest]
