"""Why an endpoint got an event, or did not: for each event and each endpoint one sentence, and the right one."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.model.ids import parse, public
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Database, Tenant, new_id
from tests.delivery.owed import Event, Owed

PATH = "/api/v1/webhook-endpoints/{id}/why"
ADD_LABEL = "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, $2, $3, 'red')"
LABEL = "INSERT INTO conversation_labels (tenant_id, conversation_id, label_id) VALUES ($1, $2, $3)"
MATCHES = "SELECT endpoint_matches(e, $2, $3) FROM webhook_endpoints e WHERE e.id = $1"


@pytest.fixture
async def owed(database: Database, tenant: Tenant) -> AsyncIterator[Owed]:
    """Puts rows of the tenant into the database."""
    connection = await asyncpg.connect(database.admin_url)
    yield Owed(connection, tenant)
    await connection.close()


async def why(served: Served, tenant: Tenant, endpoint: Any, event: Event, *, by_id: bool = False) -> Any:
    """Ask; the answer is as described, and says something."""
    query = f"event_id={public('evt', event.id)}" if by_id else f"seq={event.seq}"
    answer = await served.get(f"{PATH.replace('{id}', public('ep', endpoint))}?{query}", tenant)
    assert faults(served, "GET", PATH, 200, answer) == []
    for sentence in (answer["reason"], answer["next_step"]):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    return answer


async def test_what_became_of_a_delivery_is_told(served: Served, tenant: Tenant, owed: Owed) -> None:
    endpoint, ordered = await owed.endpoint(), await owed.endpoint(ordering="conversation")
    run = owed.connection.execute

    async def told(event: Event, verdict: str, words: str, key: Any = endpoint) -> None:
        for by_id in (False, True):
            answer = await why(served, tenant, key, event, by_id=by_id)
            assert (answer["verdict"], answer["seq"]) == (verdict, event.seq)
            assert words in answer["reason"], answer["reason"]
            assert answer["delivery"]["seq"] == event.seq

    done, failed, again, due = [await owed.event() for _ in range(4)]
    await owed.delivery(endpoint, done, "SUCCESS", hours=1)
    await run("UPDATE webhook_deliveries SET response_status_code = 204, attempts = 2")
    await told(done, "delivered", "after 2 attempts: it answered 204")
    await owed.delivery(endpoint, failed, "FAILED", error=("status", "it answered 503"))
    await told(failed, "failed", "it answered 503")
    await owed.delivery(endpoint, again, "RETRYING", ahead=2, error=("timeout", "no answer in time"))
    await told(again, "waiting", "no answer in time")
    await owed.delivery(endpoint, due, "PENDING")
    await told(due, "waiting", "in its turn")
    conversation = new_id()
    first, second = await owed.event(conversation=conversation), await owed.event(conversation=conversation)
    await owed.delivery(ordered, first, "RETRYING", ahead=1, number=1)
    await owed.delivery(ordered, second, "PENDING", number=2)
    await told(second, "waiting", "an earlier event of its conversation", ordered)
    await run("UPDATE webhook_lanes SET backoff_until = now() + interval '1 hour'")
    await told(due, "held", "It is held until 20")
    await run("UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = 'gone', disabled_at = now()")
    await told(due, "held", "it answered 410 Gone")
    await run("UPDATE webhook_endpoints SET deleted_at = now()")
    await told(due, "held", "the endpoint was deleted")


async def test_what_was_in_the_way_of_an_event_is_told(
    served: Served, tenant: Tenant, other: Tenant, owed: Owed
) -> None:
    label = new_id()
    await owed.connection.execute(ADD_LABEL, tenant.id, label, "Urgent")
    early = await owed.event()
    endpoint = await owed.endpoint(since=early.seq)
    typed, labelled = await owed.endpoint(types="conversation.%"), await owed.endpoint(labels=[label])
    channel = await owed.endpoint(channels=[new_id()])
    about_it = await owed.event("delivery.exhausted", data=f'{{"endpoint_id": "ep_{endpoint.hex}"}}')
    event, elsewhere = await owed.event(conversation=new_id()), await owed.event()
    expected = [
        (endpoint, early, "before_endpoint", "before the endpoint was made"),
        (endpoint, about_it, "not_matched", "this very endpoint"),
        (endpoint, event, "not_matched", "as they are now"),
        (typed, event, "not_matched", "events of the type message.created"),
        (labelled, event, "not_matched", "none of the labels"),
        (labelled, elsewhere, "not_matched", "belongs to none"),
        (channel, event, "not_matched", "none of the channels"),
    ]
    for key, one, verdict, words in expected:
        for by_id in (False, True):
            answer = await why(served, tenant, key, one, by_id=by_id)
            assert (answer["verdict"], answer["delivery"]) == (verdict, None)
            assert words in answer["reason"], answer["reason"]
            assert (answer["seq"], answer["event_id"]) == (one.seq, public("evt", one.id))
    timeless = Event(event.seq, uuid4(), event.type, event.conversation)  # ids of ingest hold no time
    await owed.connection.execute("UPDATE events SET id = $2 WHERE seq = $1", event.seq, timeless.id)
    assert (await why(served, tenant, typed, timeless, by_id=True))["seq"] == event.seq
    await owed.connection.execute("UPDATE delivery_heads SET dispatched_seq = dispatched_seq - 1")
    answer = await why(served, tenant, endpoint, elsewhere)
    assert answer["verdict"] == "not_dispatched_yet"
    unknown = Event(elsewhere.seq + 1, new_id(), "message.created", None)
    for by_id in (False, True):
        answer = await why(served, tenant, endpoint, unknown, by_id=by_id)
        assert answer["verdict"] == "no_such_event"
    path = PATH.replace("{id}", public("ep", endpoint))
    await served.problem("GET", f"{path}?seq=1", 404, "not_found", headers=other.auth)
    for query in ("", f"?seq=1&event_id={public('evt', event.id)}"):
        await served.problem("GET", path + query, 422, "invalid", headers=tenant.auth)


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pattern=st.sampled_from(["%", "message.%", "%.updated"]),
    kind=st.sampled_from(["message.created", "team.updated"]),
    channel=st.sampled_from([None, "right", "wrong"]),
    label=st.sampled_from([None, "right", "wrong"]),
    has_conversation=st.booleans(),
)
async def test_a_filter_is_named_where_the_filters_do_not_let_an_event_pass(
    served: Served,
    tenant: Tenant,
    owed: Owed,
    database: Database,
    pattern: str,
    kind: str,
    channel: str | None,
    label: str | None,
    has_conversation: bool,
) -> None:
    run = owed.connection
    conversation = await run.fetchval("SELECT id FROM conversations LIMIT 1")
    if conversation is None:
        conversation = parse("cnv", await Rows(database, tenant).conversation())
        for name in ("right", "wrong"):
            await run.execute(ADD_LABEL, tenant.id, new_id(), name)
        await run.execute(
            LABEL, tenant.id, conversation, await run.fetchval("SELECT id FROM labels WHERE name = 'right'")
        )
    right = await run.fetchval("SELECT channel_id FROM conversations WHERE id = $1", conversation)
    wanted_label = label and await run.fetchval("SELECT id FROM labels WHERE name = $1", label)
    endpoint = await owed.endpoint(
        types=pattern,
        channels=channel and [right if channel == "right" else new_id()],
        labels=label and [wanted_label],
    )
    event = await owed.event(kind, conversation if has_conversation else None)
    answer = await why(served, tenant, endpoint, event)
    assert answer["verdict"] == "not_matched"
    matches = await run.fetchval(MATCHES, endpoint, kind, event.conversation)
    assert ("as they are now" in answer["reason"]) == matches
    named = {
        "events of the type": (pattern == "message.%" and kind == "team.updated")
        or (pattern == "%.updated" and kind == "message.created"),
        "belongs to none": not has_conversation and (channel is not None or label is not None),
        "none of the channels": channel == "wrong",
        "none of the labels": label == "wrong",
    }
    assert matches != any(named.values())
    if not matches:
        assert next(words for words, applies in named.items() if applies) in answer["reason"]
