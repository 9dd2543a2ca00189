"""An erased customer is nowhere any more; who reads the log sees no hole; and everybody else stays as they were."""

from datetime import UTC, datetime

import orjson
import pytest

from gateway.live.feed import Feed
from gateway.live.protocol import event
from gateway.model.log import Entry
from gateway.store import erasing_ledger
from gateway.subjects.tables import REACHED
from tests.conftest import new_id
from tests.privacy.customer import OTHER_NUMBER, SECRET, Town

#: Where she stands before; a search that would find her nowhere proves nothing.
EVERYWHERE = {
    "customers", "customer_identities", "customer_notes", "customer_merge_links", "consents",
    "conversations", "drafts", "messages", "message_html", "message_changes", "external_message_mappings",
    "message_statuses", "attachments", "files", "search_documents", "events", "old_events",
    "webhook_deliveries", "webhook_attempts", "inbound_webhooks", "idempotency_keys", "customer_imports",
    "customer_import_pieces", "customer_import_problems", "the folder of files",
}  # fmt: skip
#: Their rows hold ids, numbers and times, or what no search can tell from others'.
NOT_TO_BE_SEARCHED = {
    "customer_labels", "customer_merges", "conversation_labels", "reads", "mentions", "mail_threads", "reopenings",
    "sends", "pii_detection_results", "data_requests", "erasure_marks",
}  # fmt: skip


def test_each_table_that_is_said_to_be_reached_is_searched() -> None:
    found = EVERYWHERE | NOT_TO_BE_SEARCHED
    assert set(REACHED) - found == set(), "give it a row of her in tests/privacy/customer.py, and name it here"
    assert not EVERYWHERE & NOT_TO_BE_SEARCHED


async def test_nothing_is_left_of_an_erased_customer(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing_ledger, "BYTES_AT_ONCE", 1)  # each of the raw webhooks is larger than may be at once
    customer = await town.fill()
    before = await town.tables_that_tell()
    assert before >= EVERYWHERE, EVERYWHERE - before
    head = (await town.ask("GET", "events?limit=1"))["head"]

    archive = await town.request("export", customer)
    assert archive["state"] == "done", archive
    done = await town.request("erasure", customer)

    assert (done["state"], done["error_code"], done["customer_name"]) == ("done", None, None)
    assert await town.tables_that_tell() == set()
    assert set(done["counts"]) <= set(REACHED)
    assert before - {"the folder of files", "users", "data_requests"} <= set(done["counts"])
    log = (await town.ask("GET", "events?after=0&limit=200"))["data"]
    assert [one["seq"] for one in log] == list(range(1, len(log) + 1))
    assert [one["data"]["id"] for one in log if one["type"] == "customer.erased"] == [customer]
    assert len(log) > head
    await town.ask("GET", f"customers/{customer}", status=404)
    await town.ask("POST", "data-requests", json={"kind": "erasure", "customer_id": customer}, status=404)
    other = await town.database.value("SELECT name FROM customers k JOIN customer_identities i"
        " ON i.customer_id = k.id WHERE i.value = $1", OTHER_NUMBER)  # fmt: skip
    assert other is not None

    certificate = await town.ask("GET", f"data-requests/{done['id']}/certificate")
    told = {row["table"]: row["rows"] for row in certificate["erased"]}
    assert told == done["counts"]
    assert SECRET not in orjson.dumps(certificate).decode()
    kept = {row["what"].partition(" of ")[0]: row["rows"] for row in certificate["kept"]}
    digests = await town.database.value("SELECT count(*) FROM erased_messages")
    assert (kept["a digest"], kept["keyed digests"]) == (1, digests), "she wrote STOP"
    assert kept["the times and states"] == sum(
        done["counts"][name] for name in ("customers", "conversations", "messages")
    )


SPOILT = "UPDATE inbound_webhooks SET body = overlay(body PLACING '\\x00000000' FROM 1) WHERE tenant_id = $1"
EMPTY = "UPDATE inbound_webhooks SET body = '' WHERE tenant_id = $1"


@pytest.mark.parametrize("change", [SPOILT, EMPTY])
async def test_a_webhook_that_does_not_open_holds_no_erasure_up(town: Town, change: str) -> None:
    other = await town.chat(f"My {SECRET}", OTHER_NUMBER)
    customer = await town.customer_of(await town.chat(f"My {SECRET}"))
    await town.run(change)
    done = await town.request("erasure", customer)
    assert (done["state"], done["error_code"]) == ("done", None)
    assert (await town.ask("GET", f"conversations/{other}"))["id"] == other


def test_what_was_handed_on_before_an_erasure_is_handed_to_nobody_after_it() -> None:
    feed = Feed(new_id(), 8)
    feed.began_to_catch_up()
    for seq, kind in enumerate(("message.created", "message.created", "customer.erased", "label.updated"), 1):
        feed.publish(event(Entry(feed.tenant_id, seq, new_id(), kind, None, datetime.now(UTC), "{}")))
    assert [frame.seq for frame in feed.recent or ()] == [3, 4]
