"""An erased customer is nowhere any more; who reads the log sees no hole; and everybody else stays as they were."""

import orjson

from gateway.subjects.tables import REACHED
from tests.privacy.customer import OTHER_NUMBER, SECRET, Town

#: Where she stands before; a search that would find her nowhere proves nothing.
EVERYWHERE = {
    "customers", "customer_identities", "customer_notes", "customer_merge_links", "consents",
    "conversations", "drafts", "messages", "message_html", "message_changes", "external_message_mappings",
    "message_statuses", "attachments", "files", "search_documents", "events", "old_events",
    "webhook_deliveries", "webhook_attempts", "inbound_webhooks", "idempotency_keys", "customer_imports",
    "customer_import_pieces", "customer_import_problems", "the folder of files",
}  # fmt: skip


async def test_nothing_is_left_of_an_erased_customer(town: Town) -> None:
    customer = await town.fill()
    before = await town.tables_that_tell()
    assert before >= EVERYWHERE, EVERYWHERE - before
    head = (await town.ask("GET", "events?limit=1"))["head"]

    archive = await town.request("export", customer)
    assert archive["state"] == "done", archive
    done = await town.request("erasure", customer)

    assert (done["state"], done["error"], done["customer_name"]) == ("done", None, None)
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
