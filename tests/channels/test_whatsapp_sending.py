"""WhatsApp Cloud API: the requests that send, and what the answers to them mean."""

from typing import Any

import orjson
import pytest

from channels.errors import CannotSend
from channels.events import Media
from channels.http import Headers, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.whatsapp_cloud import ADAPTER, WhatsAppCloudCredentials

CREDENTIALS = WhatsAppCloudCredentials.model_validate({"app_secret": "app-secret", "access_token": "token-1"})
OUTBOUND = OutboundMessage(reference="msg_1", sender="300000000000001", recipient="+12025550142", text="hi")


def sent(**changes: Any) -> dict[str, Any]:
    message = OutboundMessage(**{name: getattr(OUTBOUND, name) for name in OUTBOUND.__slots__} | changes)
    request = ADAPTER.build(message, CREDENTIALS)
    assert request.url == "https://graph.facebook.com/v24.0/300000000000001/messages"
    assert request.headers.get("authorization") == "Bearer token-1"
    body: dict[str, Any] = orjson.loads(request.body)
    assert (body["messaging_product"], body["biz_opaque_callback_data"]) == ("whatsapp", "msg_1")
    return body


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"to": "+12025550142", "recipient_type": "individual", "type": "text",
              "text": {"body": "hi", "preview_url": False}}),
        ({"in_reply_to": "wamid.0"}, {"context": {"message_id": "wamid.0"}}),
        ({"recipient": "US.1"}, {"recipient": "US.1"}),
        ({"recipient": "Z3JvdXA"}, {"to": "Z3JvdXA", "recipient_type": "group"}),
        ({"content": Reaction("👍"), "text": None, "in_reply_to": "wamid.0"},
         {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}),
        ({"content": Reaction(""), "text": None, "in_reply_to": "wamid.0"},
         {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": ""}}),
        ({"media": [Media(type="file", url="https://f.example.test/a", filename="a.pdf")]},
         {"type": "document", "document": {"link": "https://f.example.test/a", "caption": "hi", "filename": "a.pdf"}}),
        ({"text": None, "media": [Media(type="voice", id="9")]}, {"type": "audio", "audio": {"id": "9", "voice": True}}),
    ],
)  # fmt: skip
def test_a_message_is_built_as_meta_takes_it(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    body = sent(**changes)
    assert {key: body[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 4097}, "text_too_long"),
        ({"content": Reaction("👍")}, "reaction_without_message"),
        ({"media": [Media(type="audio", id="9")]}, "caption_unsupported"),
        ({"media": [Media(type="image")]}, "file_unusable"),
        ({"media": [Media(type="image", id="1"), Media(type="image", id="2")]}, "too_many_files"),
    ],
)
def test_what_meta_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


def test_nothing_is_sent_without_an_access_token() -> None:
    with pytest.raises(CannotSend):
        ADAPTER.build(OUTBOUND, WhatsAppCloudCredentials.model_validate({"app_secret": "x"}))


def refusal(status: int, code: int | None, **headers: str) -> Refused:
    body = b"oops" if code is None else orjson.dumps({"error": {"code": code, "message": "(#1) No"}})
    answer = ADAPTER.read(HttpResponse(status, body, Headers.of({k.replace("_", "-"): v for k, v in headers.items()})))
    assert isinstance(answer, Refused)
    return answer


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 131047, ("131047", False, False)),
        (400, 130429, ("130429", True, False)),
        (400, 131056, ("131056", True, False)),
        (401, 190, ("190", False, False)),
        (403, 200, ("200", False, False)),
        (400, 131053, ("131053", True, False)),
        (500, 131000, ("131000", False, True)),
        (503, None, ("http_503", False, True)),
        (429, None, ("http_429", True, False)),
        (400, 999999, ("999999", False, False)),
        (400, None, ("http_400", False, False)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, code: int | None, expected: tuple[str, bool, bool]) -> None:
    found = refusal(status, code)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.reason.endswith((".", ")"))


@pytest.mark.parametrize(("header", "seconds"), [("30", 30.0), ("soon", None), ("", None), ("9" * 30, 86_400.0)])
def test_a_refusal_keeps_how_long_to_wait(header: str, seconds: float | None) -> None:
    assert refusal(429, None, retry_after=header).retry_after == seconds


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"messages":[{"id":"wamid.OUT"}]}', Accepted("wamid.OUT")),
        (b'{"messages":[{"id":"wamid.OUT","message_status":"held_for_quality_assessment"}]}', Accepted("wamid.OUT")),
        (b'{"messages":[]}', None), (b"", None), (b"[]", None), (b'{"messages":[7]}', None),
    ],
)  # fmt: skip
def test_an_acceptance_has_an_id_or_its_outcome_is_unknown(body: bytes, expected: Accepted | None) -> None:
    answer = ADAPTER.read(HttpResponse(200, body))
    assert answer == expected or (isinstance(answer, Refused) and answer.unknown and not answer.retryable)
