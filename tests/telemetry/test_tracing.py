"""One message, one trace: from the provider's post over the frame to the integrator's endpoint, found by its id."""

import os
import threading
import time
from uuid import UUID

import pytest
from aiohttp import ClientSession

from gateway import tracing
from gateway.model.ids import new_id, parse
from gateway.tracing import NotTraced, ratio_of
from tests.conftest import Tenant
from tests.delivery.conftest import Integrator
from tests.delivery.receiving import Receiver
from tests.ingest.posts import status, text, unique, whatsapp
from tests.live.clients import Reader
from tests.telemetry.spans import Spans, links, own, told, trace

SECRET_WORDS = "The vault opens at nine"


async def test_a_message_is_one_trace_from_its_webhook_to_frame_and_delivery(
    client: ClientSession, tenant: Tenant, receiver: Receiver, spans: Spans
) -> None:
    await Integrator(client, tenant).register(receiver, event_types=["message.*"])
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=tenant.auth))
    await reader.resume()
    connection, name = tenant.integration("whatsapp_cloud"), unique()
    assert await whatsapp(connection, [text(name, SECRET_WORDS)]).send(client) == 200
    message = await created(reader)
    await receiver.wait_for_count(1)
    await spans.until(lambda: "deliver" in spans.of(message))

    found = spans.of(message)
    assert {"webhook", "read", "verify", "parse", "store", "frame", "deliver"} <= found.keys()
    root = found.pop("webhook")
    assert root.parent is None
    assert {span.parent and span.parent.span_id for span in found.values()} == {own(root)}
    assert told(root)["postgate.verdict"] == "taken"
    assert told(root)["postgate.stored"] == 1
    assert told(found["store"])["postgate.group"] == 1
    assert told(found["frame"])["postgate.receivers"] == 1
    header = receiver.receipts[0].headers["traceparent"]
    assert header == f"00-{message.hex}-{own(found['deliver']):016x}-01"

    # A status is another webhook and another event, and yet belongs to the message.
    assert await whatsapp(connection, statuses=[status(name, "delivered")]).send(client) == 200
    together = [text(unique(), SECRET_WORDS), text(unique(), SECRET_WORDS)]
    assert await whatsapp(connection, together).send(client) == 200
    first, second = await created(reader), await created(reader)
    await spans.until(lambda: spans.of(second).keys() >= {"begun", "frame"})
    several = next(span for span in spans.named("webhook") if told(span)["postgate.messages"] == 2)
    assert links(several) == {first.int, second.int}
    assert links(spans.of(first)["begun"]) == {trace(several)}
    assert_harmless(spans, tenant, SECRET_WORDS, "12025550142")


async def test_what_an_agent_sends_is_one_trace_with_the_click(
    client: ClientSession, tenant: Tenant, spans: Spans
) -> None:
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=tenant.auth))
    await reader.resume()
    just_now = text(unique(), at=int(time.time()))  # else only a template could be sent
    assert await whatsapp(tenant.integration("whatsapp_cloud"), [just_now]).send(client) == 200
    await created(reader)
    async with client.get("/api/v1/conversations", headers=tenant.auth) as answer:
        [conversation] = (await answer.json())["data"]
    path = f"/api/v1/conversations/{conversation['id']}/messages"
    headers = {**tenant.auth, "Idempotency-Key": unique("key")}
    async with client.post(path, json={"text": SECRET_WORDS}, headers=headers) as answer:
        assert answer.status in {200, 201, 202}, await answer.text()
        message = parse("msg", (await answer.json())["id"])
    await spans.until(lambda: "send" in spans.of(message))
    found = spans.of(message)
    root = found["POST /api/v1/conversations/{id}/messages"]
    assert root.parent is None
    assert found["send"].parent is not None
    assert found["send"].parent.span_id == own(root)
    assert "frame" in found
    listed = spans.named("GET /api/v1/conversations")[0]
    assert trace(listed) not in {trace(root), 0}
    assert not spans.named("GET /api/v1/stream")
    assert_harmless(spans, tenant, SECRET_WORDS)


async def test_without_an_exporter_nothing_is_traced_nor_told(
    client: ClientSession, tenant: Tenant, receiver: Receiver
) -> None:
    assert tracing.current is None
    await Integrator(client, tenant).register(receiver, event_types=["label.*", "message.*"])
    assert await whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())]).send(client) == 200
    await receiver.wait_for_count(1)
    assert "traceparent" not in receiver.receipts[0].headers


def test_every_process_keeps_the_same_traces(spans: Spans) -> None:
    tracer = tracing.current
    assert tracer is not None
    half = tracing.Tracer(tracer._provider, tracer._ids, 0.5)
    ids = [new_id(1_767_225_600_000) for _ in range(2000)]
    kept = [one for one in ids if half.keeps(one)]
    assert 850 < len(kept) < 1150  # six standard deviations
    for one in ids[:20]:
        half.span("frame", one, 1, 2, {})
    assert {trace(span) for span in spans.all()} == {one.int for one in ids[:20] if half.keeps(one)}
    assert not any(tracing.Tracer(tracer._provider, tracer._ids, 0.0).keeps(one) for one in ids)


@pytest.mark.parametrize(
    ("environ", "ratio"),
    [
        ({}, 1.0),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, 0.0),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, 1.0),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"}, 0.25),
        ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}, 0.1),
    ],
)
def test_the_usual_variables_say_how_many_traces_are_kept(environ: dict[str, str], ratio: float) -> None:
    assert ratio_of(environ) == ratio


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_TRACES_SAMPLER": "jaeger_remote", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.test"},
        {
            "OTEL_TRACES_SAMPLER": "traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "half",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.test",
        },
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.test", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
    ids=["sampler", "ratio", "exporter", "protocol"],
)
def test_what_can_not_be_traced_is_said_at_the_start(environ: dict[str, str]) -> None:
    with pytest.raises(NotTraced, match=r"OTEL|protocol"):
        tracing.start(environ)
    assert tracing.current is None


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.test"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.test"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
    ],
    ids=["nothing", "none", "disabled", "empty"],
)
def test_traces_are_off_unless_they_are_asked_for(environ: dict[str, str]) -> None:
    tracing.start(environ)
    assert tracing.current is None


def test_a_collector_that_hangs_does_not_keep_a_process_from_stopping(
    spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = tracing.current
    assert tracer is not None
    answered = threading.Event()
    monkeypatch.setattr(tracer._provider, "shutdown", answered.wait)
    monkeypatch.setattr(tracing, "STOP_SECONDS", 0.01)
    try:
        tracer.stop()
        assert not answered.is_set()
    finally:
        answered.set()


async def created(reader: Reader) -> UUID:
    """Wait for the next new message; returns its id."""
    while True:
        event = (await reader.until("event"))["event"]
        if event["type"] == "message.created":
            return parse("msg", event["data"]["id"])


def assert_harmless(spans: Spans, tenant: Tenant, *words: str) -> None:
    """Hold all attributes against what must not be in them."""
    secrets = [secret for one in tenant.ready["integrations"] for secret in one["credentials"].values()]
    forbidden = [*words, tenant.ready["api_key"], *(one for one in secrets if isinstance(one, str) and len(one) > 5)]
    written = os.linesep.join(f"{span.name} {told(span)} {span.status.description}" for span in spans.all())
    assert [word for word in forbidden if word in written] == []
