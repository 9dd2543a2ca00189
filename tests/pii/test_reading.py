"""Personal data is found in what the log tells, told with samples only, reviewed, and hidden in previews."""

import re
from typing import Any

from gateway.detection.fields import PATTERNS, texts_of
from gateway.model.event_samples import sample_of
from gateway.model.event_types import MODELS
from gateway.model.ids import parse
from tests.api.conftest import Served
from tests.conftest import Database, Tenant
from tests.pii.conftest import Looking
from tests.search.writing import Writing

CARD = "4111 1111 1111 1111"
IBAN = "DE89 3704 0044 0532 0130 00"
PREVIEW = "SELECT preview FROM messages WHERE id = $1"
SET_PREVIEW = "UPDATE messages SET preview = left(text, 140) WHERE id = $1"


async def ask(served: Served, tenant: Tenant, method: str, path: str, status: int = 200, body: Any = None) -> Any:
    """Make a request of the API; returns its answer."""
    answer = await served.client.request(method, f"/api/v1/pii/{path}", json=body, headers=tenant.auth)
    told = await answer.json() if answer.content_type.endswith("json") else None
    assert answer.status == status, told
    return told


async def test_what_is_written_is_looked_through_once_reviewed_and_hidden(
    served: Served, tenant: Tenant, other: Tenant, writing: Writing, looking: Looking, database: Database
) -> None:
    customer = await writing.customer(f"Jo {IBAN}")
    thread = await writing.conversation(customer)
    message = await writing.message(thread, f"My card is {CARD}, thanks")
    note = await writing.message(thread, f"They paid from {IBAN}", direction="internal")
    await database.fetch(SET_PREVIEW, parse("msg", message))
    while await looking.look():
        pass
    found = (await ask(served, tenant, "GET", "results"))["data"]
    by_place = {(one["message_id"] or one["customer_id"], one["field"]): one for one in found}
    assert set(by_place) == {(message, "text"), (note, "text"), (customer, "name")}
    card = by_place[message, "text"]
    assert (card["kind"], card["detector"], card["state"]) == ("payment_card", "visa", "open")
    assert (card["start"], card["end"], card["sample"]) == (11, 30, "•••• •••• •••• 1111")
    assert (card["conversation_id"], card["customer_id"]) == (thread, None)

    # Nothing that was found stands anywhere in the table.
    rows = await database.value("SELECT string_agg(row_to_json(r)::text, '') FROM pii_detection_results r")
    assert "1111 1111" not in rows
    assert "0532" not in rows

    # Lists show it hidden, and the log tells so; what says it is read once more, and ends there.
    assert await database.value(PREVIEW, parse("msg", message)) == "My card is •••• •••• •••• 1111, thanks"
    assert [(one.type, one.conversation_id) for one in looking.announced] == [("message.updated", parse("cnv", thread))]
    assert not await looking.look()
    assert len(looking.announced) == 1

    # Somebody says that it is none: it is shown again, and stays so when it is read once more.
    told = await ask(served, tenant, "PATCH", f"results/{card['id']}", 200, {"state": "dismissed"})
    assert (told["state"], told["reviewed_at"] is not None) == ("dismissed", True)
    assert await database.value(PREVIEW, parse("msg", message)) == f"My card is {CARD}, thanks"
    assert [one.type for one in served.neighbours.announced] == ["message.updated"]
    await ask(served, tenant, "POST", "scan", 202)
    while await looking.look():
        pass
    assert await database.value(PREVIEW, parse("msg", message)) == f"My card is {CARD}, thanks"
    assert [one["id"] for one in (await ask(served, tenant, "GET", "results?state=dismissed"))["data"]] == [card["id"]]

    # What is edited is looked at anew; what is taken back is forgotten.
    await writing.edit(message, "My card is 5555 5555 5555 4444, thanks")
    await writing.revoke(note)
    while await looking.look():
        pass
    left = (await ask(served, tenant, "GET", f"results?conversation_id={thread}"))["data"]
    assert [(one["detector"], one["state"]) for one in left] == [("mastercard", "open")]

    # It is nobody else's.
    assert (await ask(served, other, "GET", "results"))["data"] == []
    await ask(served, other, "PATCH", f"results/{card['id']}", 404, {"state": "confirmed"})


async def test_only_what_is_on_is_looked_for(
    served: Served, tenant: Tenant, writing: Writing, looking: Looking
) -> None:
    first = await ask(served, tenant, "GET", "rules")
    assert {one["kind"] for one in first["rules"] if one["enabled"]} == {"payment_card", "iban", "national_id"}
    off = [{"kind": one["kind"], "enabled": False} for one in first["rules"]]
    await ask(served, tenant, "PATCH", "rules", 200, {"rules": off})
    thread = await writing.conversation(await writing.customer())
    text = f"jane@example.org {CARD} member MN-204060"
    await writing.message(thread, text)
    while await looking.look():
        pass
    assert (await ask(served, tenant, "GET", "results"))["data"] == []

    pattern = await ask(served, tenant, "POST", "patterns", 201, {"name": "Member", "pattern": "MN-999999"})
    await ask(served, tenant, "PATCH", "rules", 200, {"rules": [{"kind": "email", "enabled": True}]})
    await ask(served, tenant, "POST", "scan", 202)
    while await looking.look():
        pass
    found = (await ask(served, tenant, "GET", "results"))["data"]
    assert {(one["kind"], one["detector"]) for one in found} == {("email", "email"), ("custom", pattern["id"])}
    trial = await ask(served, tenant, "POST", "try", 200, {"text": text})
    assert trial["masked"] == f"j•••@••• {CARD} member ••-••••••"
    assert [text[one["start"] : one["end"]] for one in trial["findings"]] == ["jane@example.org", "MN-204060"]


async def test_an_entry_that_cannot_be_read_keeps_no_other_from_being_looked_at(
    served: Served, tenant: Tenant, writing: Writing, looking: Looking, database: Database
) -> None:
    thread = await writing.conversation(await writing.customer())
    await writing.message(thread, "nothing")
    await database.fetch("UPDATE events SET data = '[]' WHERE tenant_id = $1 AND type = 'message.created'", tenant.id)
    message = await writing.message(thread, f"card {CARD}")
    while await looking.look():
        pass
    found = (await ask(served, tenant, "GET", "results"))["data"]
    assert [one["message_id"] for one in found] == [message]


async def test_rules_that_mean_nothing_are_refused(served: Served, tenant: Tenant) -> None:
    refused: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", "patterns", {"name": "All", "pattern": "a"}, "/pattern"),
        ("POST", "patterns", {"name": "Words", "pattern": "aaaaaa"}, "/pattern"),
        ("POST", "patterns", {"name": "Quote", "pattern": 'AB"99999'}, "/pattern"),
        ("POST", "patterns", {"name": "Maybe", "pattern": "9?9?9?9?9?99999"}, "/pattern"),
        ("POST", "patterns", {"name": "Loop", "pattern": "?9999"}, "/pattern"),
        ("POST", "try", {"text": "x" * 10_001}, "/text"),
        ("PATCH", "rules", {"rules": [{"kind": "iban", "enabled": True, "countries": ["DE"]}]}, "/rules/0/countries"),
        ("PATCH", "rules", {"rules": [{"kind": "phone", "enabled": True, "countries": ["DE", "XX"]}]},
            "/rules/0/countries"),
        ("PATCH", "rules", {"rules": [{"kind": "national_id", "enabled": True, "countries": ["ZZ"]}]},
            "/rules/0/countries"),
        ("PATCH", "rules", {"rules": [{"kind": "iban", "enabled": True}] * 2}, "/rules/1/kind"),
    ]  # fmt: skip
    for method, path, body, place in refused:
        told = await ask(served, tenant, method, path, 422, body)
        assert place in {one["pointer"] for one in told["errors"]}, told
    await ask(served, tenant, "POST", "patterns", 201, {"name": "Member", "pattern": "MN-999999"})
    told = await ask(served, tenant, "POST", "patterns", 422, {"name": "member", "pattern": "MN-9999"})
    assert told["errors"][0]["pointer"] == "/name"


def test_every_entry_that_is_read_is_one_that_can_be_read() -> None:
    """Of each type that the worker asks the log for."""
    patterns = [one.replace("\\", "").replace("%", ".*") for one in PATTERNS]
    asked = [name for name in MODELS if any(re.fullmatch(one, name) for one in patterns)]
    assert len(asked) >= 10
    for name in asked:
        data = sample_of(name)["data"]
        if name == "activity.created":  # of what is done, only one thing is a text
            data = {**data, "extra": {"what": "subject", "from": None, "to": "Hats"}}
        texts = texts_of(name, data)
        assert texts is not None, name
        assert texts.fields, name
