"""What ``/asyncapi.json`` says of the websocket is what is said there."""

import json
import re
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.live import protocol
from gateway.live.cursor import Reason
from gateway.live.protocol import FrameMalformed
from tests.conftest import Tenant
from tests.described import frame_faults
from tests.ingest.posts import status, text, unique, whatsapp
from tests.live.clients import Reader
from tests.live.test_protocol import CONVERSATION, REFUSED, UNDERSTOOD

Json = Any
REASONS: tuple[Reason, ...] = ("epoch", "retention", "behind")
MALFORMED = FrameMalformed("frame_malformed", "expected JSON")
DRAFT = f'{{"conversation_id":"{CONVERSATION}","version":1,"content":null,"updated_at":"2026-01-01T00:00:00.000Z"}}'
SAID = {
    "hello": protocol.hello(7, "e", "ses_1"),
    **{f"resync {reason}": protocol.resync(reason) for reason in REASONS},
    "pong": protocol.pong(),
    "error": protocol.error(MALFORMED),
    "typing": protocol.typing(CONVERSATION, "ses_1", None),
    "presence": protocol.presence(CONVERSATION, [("ses_1", f"usr_{'0' * 32}"), ("ses_2", None)]),
    "online": protocol.online([(f"usr_{'0' * 32}", "2026-01-01T00:00:00.000Z")]),
    "own": protocol.own("draft.updated", DRAFT),
}
OBJECTS = {name: frame for name, frame in REFUSED.items() if frame.startswith("{") and frame.endswith("}")}


def payload(websocket_frame: bytes) -> Json:
    """Return what a short frame holds."""
    assert websocket_frame[1] < 127
    return json.loads(websocket_frame[4 if websocket_frame[1] == 126 else 2 :])


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_what_the_gateway_says_is_described(said: bytes) -> None:
    assert frame_faults(payload(said), "hear") == []


@pytest.mark.parametrize("frame", [frame for frame, _ in UNDERSTOOD.values()], ids=UNDERSTOOD)
def test_what_is_understood_is_described(frame: str) -> None:
    assert frame_faults(json.loads(frame), "tell") == []


@pytest.mark.parametrize("frame", OBJECTS.values(), ids=OBJECTS)
def test_what_is_refused_is_not_described(frame: str) -> None:
    assert frame_faults(json.loads(frame), "tell") != []


async def test_every_reference_leads_somewhere(client: ClientSession) -> None:
    async with client.get("/asyncapi.json") as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        described = await answer.json()
    assert described["asyncapi"] == "3.0.0"
    references = re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described))
    assert len(references) > 30
    for reference in references:
        place: Json = described
        for key in reference.split("/"):
            place = place[key]


async def test_events_are_described(client: ClientSession, tenant: Tenant) -> None:
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=tenant.auth))
    await reader.resume(0)
    wamid = unique()
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(wamid)], [status(wamid, "delivered")])
    assert await post.send(client) == 200
    for _ in range(3):
        assert frame_faults(await reader.until("event"), "hear") == []
