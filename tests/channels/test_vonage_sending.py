"""Sending through Vonage, marking as read, and what its answers mean."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from channels.errors import CannotSend
from channels.events import ContactCard, Location, Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.operations import Receipt
from channels.outbound import (
    Accepted,
    Buttons,
    Choice,
    ChoiceList,
    Contacts,
    LinkButton,
    LocationRequest,
    OutboundMessage,
    Parameter,
    Reaction,
    Refused,
    Section,
    Template,
)
from channels.providers.vonage import ADAPTER, VonageCredentials

URL = "https://gw.example.test/hooks/int_1"
SECRET = "a-signature-secret-of-more-than-32-bytes"
KEYS = {"api_key": "abcd1234", "api_secret": "secret-1"}
CREDENTIALS = VonageCredentials.model_validate({"signature_secret": SECRET, **KEYS})
OLD_TOO = VonageCredentials.model_validate({"signature_secret": SECRET, "signature_method": "sha256"})
OUTBOUND = OutboundMessage(reference="msg_1", sender="+13125550188", recipient="+12025550142", text="hi")
FILES = [Media(type="image", url=f"https://f.example.test/{n}") for n in range(2)]


def pem(key: Any) -> str:
    written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return written.decode()


RSA_KEY = rsa.generate_private_key(65537, 2048)
APPLICATION = {"application_id": "app-1", "private_key": pem(RSA_KEY)}


def sent(credentials: VonageCredentials = CREDENTIALS, **changes: Any) -> dict[str, Any]:
    request = ADAPTER.build(replace(OUTBOUND, **changes), credentials)
    assert (request.method, request.url) == ("POST", "https://api.nexmo.com/v1/messages")
    body: dict[str, Any] = orjson.loads(request.body)
    return {name: value for name, value in body.items() if name not in {"from", "to", "client_ref"}}


WHATSAPP = {"channel": "whatsapp"}
CHOICES = [Choice(id="1", title="Yes"), Choice(id="2", title="No")]
PDF = Media(type="document", url="https://f.example.test/d", filename="d.pdf")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"channel": "sms", "message_type": "text", "text": "hi"}),
        ({"channel": "mms"}, {"channel": "mms", "message_type": "text", "text": "hi"}),
        (WHATSAPP, {**WHATSAPP, "message_type": "text", "text": "hi"}),
        ({"recipient": "US.1"}, {**WHATSAPP, "message_type": "text", "text": "hi"}),
        (
            {**WHATSAPP, "in_reply_to": "u0"},
            {**WHATSAPP, "message_type": "text", "text": "hi", "context": {"message_uuid": "u0"}},
        ),
        ({"in_reply_to": "u0"}, {"channel": "sms", "message_type": "text", "text": "hi"}),
        (
            {"media": FILES[:1]},
            {"channel": "mms", "message_type": "image", "image": {"url": "https://f.example.test/0", "caption": "hi"}},
        ),
        (
            {**WHATSAPP, "text": None, "media": [PDF]},
            {**WHATSAPP, "message_type": "file", "file": {"url": "https://f.example.test/d", "name": "d.pdf"}},
        ),
        (
            {**WHATSAPP, "text": None, "media": [Media(type="voice", url="https://f.example.test/v")]},
            {**WHATSAPP, "message_type": "audio", "audio": {"url": "https://f.example.test/v"}},
        ),
        (
            {**WHATSAPP, "content": Reaction("👍"), "in_reply_to": "u0"},
            {**WHATSAPP, "message_type": "reaction", "reaction": {"action": "react", "emoji": "👍"},
             "context": {"message_uuid": "u0"}},
        ),
        (
            {**WHATSAPP, "content": Reaction(""), "in_reply_to": "u0"},
            {**WHATSAPP, "message_type": "reaction", "reaction": {"action": "unreact"},
             "context": {"message_uuid": "u0"}},
        ),
        (
            {**WHATSAPP, "text": None, "content": Location(latitude=1.5, longitude=-2, name="Pier")},
            {**WHATSAPP, "message_type": "custom",
             "custom": {"type": "location", "location": {"latitude": 1.5, "longitude": -2, "name": "Pier"}}},
        ),
        (
            {"callback_url": URL},
            {"channel": "sms", "message_type": "text", "text": "hi", "webhook_url": URL, "webhook_version": "v1"},
        ),
    ],
)  # fmt: skip
def test_a_message_is_built_as_vonage_takes_it(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sent(**changes) == expected


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (Buttons(choices=CHOICES), "interactive"),
        (ChoiceList(label="Open", sections=[Section(title="A", choices=CHOICES)]), "interactive"),
        (LinkButton(label="Open", url="https://example.org/"), "interactive"),
        (LocationRequest(), "interactive"),
        (Template(name="hello", language="en_US", body=[Parameter("Dana")]), "template"),
    ],
)
def test_what_whatsapp_has_goes_to_it_as_its_own_api_takes_it(content: Any, kind: str) -> None:
    body = sent(channel="whatsapp", content=content)
    assert body["message_type"] == "custom"
    assert body["custom"]["type"] == kind
    assert body["custom"][kind]


def test_numbers_go_without_a_plus_and_our_id_along() -> None:
    body = orjson.loads(ADAPTER.build(OUTBOUND, CREDENTIALS).body)
    assert (body["from"], body["to"], body["client_ref"]) == ("13125550188", "12025550142", "msg_1")
    assert "client_ref" not in orjson.loads(ADAPTER.build(replace(OUTBOUND, reference="x" * 101), CREDENTIALS).body)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 1001}, "text_too_long"),
        ({**WHATSAPP, "text": "x" * 4097}, "text_too_long"),
        ({**WHATSAPP, "text": "x" * 1025, "media": FILES[:1]}, "text_too_long"),
        ({"channel": "email"}, "content_unsupported"),
        ({"content": Buttons(choices=CHOICES)}, "content_unsupported"),
        ({**WHATSAPP, "content": Contacts([ContactCard(name="Jane")])}, "content_unsupported"),
        ({**WHATSAPP, "content": Location(latitude=0, longitude=0)}, "content_unsupported"),
        ({**WHATSAPP, "text": None, "content": Location(latitude=0, longitude=200)}, "location_unusable"),
        ({**WHATSAPP, "content": Reaction("👍")}, "reaction_without_message"),
        ({**WHATSAPP, "content": Template(name="", language="en")}, "text_missing"),
        ({**WHATSAPP, "content": LocationRequest(), "media": FILES[:1]}, "content_unsupported"),
        ({"media": FILES}, "too_many_files"),
        ({"media": [Media(type="image", id="9")]}, "file_unusable"),
        ({"media": [Media(type="sticker", url="https://f.example.test/s")]}, "file_unusable"),
        ({**WHATSAPP, "media": [Media(type="audio", url="https://f.example.test/a")]}, "caption_unsupported"),
    ],
)
def test_what_vonage_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


def test_key_and_secret_prove_who_we_are() -> None:
    for more in ({}, APPLICATION):
        credentials = VonageCredentials.model_validate({"signature_secret": SECRET, **KEYS, **more})
        header = ADAPTER.build(OUTBOUND, credentials).headers.get("authorization")
        assert header == "Basic " + base64.b64encode(b"abcd1234:secret-1").decode()


def test_an_application_signs_each_request_with_the_time_of_the_attempt() -> None:
    credentials = VonageCredentials.model_validate({"signature_secret": SECRET, **APPLICATION})
    sent_at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    header = ADAPTER.build(replace(OUTBOUND, sent_at=sent_at), credentials).headers.get("authorization")
    claims = jwt.decode(
        header.removeprefix("Bearer "),
        RSA_KEY.public_key(),
        ["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    issued = int(sent_at.timestamp())
    assert (claims["application_id"], claims["iat"], claims["exp"]) == ("app-1", issued, issued + 900)
    again = ADAPTER.build(replace(OUTBOUND, sent_at=sent_at + timedelta(seconds=1)), credentials)
    assert again.headers.get("authorization") != header
    with pytest.raises(CannotSend) as refused:
        ADAPTER.build(OUTBOUND, credentials)
    assert refused.value.code == "time_missing"


def test_nothing_is_sent_without_credentials_for_it() -> None:
    with pytest.raises(CannotSend) as refused:
        sent(OLD_TOO)
    assert refused.value.code == "credentials_incomplete"


@pytest.mark.parametrize(
    "fields",
    [
        {"api_key": "abcd1234"},
        {"api_secret": "x"},
        {"application_id": "app-1"},
        {"private_key": APPLICATION["private_key"]},
        {"application_id": "app-1", "private_key": "no key"},
        {"application_id": "app-1", "private_key": pem(ec.generate_private_key(ec.SECP256R1()))},
        {"signature_method": "sha3"},
        {"signature_secret": ""},
    ],
)
def test_credentials_that_cannot_work_are_not_taken(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        VonageCredentials.model_validate({"signature_secret": SECRET, **fields})
    assert "PRIVATE" not in str(refused.value.errors(include_input=False))


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (401, {"type": "https://developer.vonage.com/api-errors#unauthorized"}, ("unauthorized", False, False)),
        (402, {"type": "https://developer.vonage.com/api-errors#low-balance"}, ("low-balance", False, False)),
        (403, {"title": "Forbidden"}, ("http_403", False, False)),
        (422, {"type": "https://developer.vonage.com/api-errors/messages#1150"}, ("1150", False, False)),
        (422, {"type": "https://developer.vonage.com/api-errors/messages#1000"}, ("1000", True, False)),
        (422, {"title": "Your request parameters didn't validate"}, ("http_422", False, False)),
        (429, {"title": "Rate Limit Hit"}, ("http_429", True, False)),
        (500, {"title": "Internal Error"}, ("http_500", False, True)),
        (503, None, ("http_503", False, True)),
        (404, None, ("http_404", False, False)),
        (418, None, ("http_418", False, False)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, error: Any, expected: tuple[str, bool, bool]) -> None:
    body = b"<html>" if error is None else orjson.dumps({**error, "detail": "Not so."})
    found = ADAPTER.read(HttpResponse(status, body, Headers.of({"Retry-After": "7"})))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.retry_after == 7
    assert found.reason.endswith("(Not so.)") == (error is not None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'{"message_uuid":"u1"}', Accepted("u1")), (b'{"message_uuid":[]}', None), (b"{}", None), (b"", None)],
)
def test_an_acceptance_has_an_id_or_its_outcome_is_unknown(body: bytes, expected: Accepted | None) -> None:
    answer = ADAPTER.read(HttpResponse(202, body))
    assert answer == expected or (isinstance(answer, Refused) and answer.unknown and not answer.retryable)


def marked(credentials: VonageCredentials, *statuses: int) -> tuple[list[HttpRequest], Refused | None]:
    """Drive the dialogue that marks a message as read; return what it asked, and what came of it."""
    assert ADAPTER.operations.mark_read
    dialogue = ADAPTER.operations.mark_read(Receipt(sender="+13125550188", message_ref="u/1"), credentials)
    asked: list[HttpRequest] = []
    answers = iter(statuses)
    try:
        asked.append(next(dialogue))
        while True:
            asked.append(dialogue.send(HttpResponse(next(answers), b"{}")))
    except StopIteration as finished:
        return asked, finished.value


@pytest.mark.parametrize(
    ("statuses", "hosts", "code"),
    [
        ((200,), ["api-us"], None),
        ((404, 200), ["api-us", "api-eu"], None),
        ((404, 404, 404), ["api-us", "api-eu", "api-ap"], "http_404"),
        ((401,), ["api-us"], "http_401"),
        ((404, 503), ["api-us", "api-eu"], "http_503"),
    ],
)
def test_a_message_is_marked_as_read_in_the_region_that_has_it(
    statuses: tuple[int, ...], hosts: list[str], code: str | None
) -> None:
    asked, refusal = marked(CREDENTIALS, *statuses)
    assert [request.url for request in asked] == [f"https://{host}.nexmo.com/v1/messages/u%2F1" for host in hosts]
    assert {(request.method, request.body) for request in asked} == {("PATCH", b'{"status":"read"}')}
    assert (refusal.code if refusal else None) == code


def test_marking_as_read_needs_key_and_secret() -> None:
    application = VonageCredentials.model_validate({"signature_secret": SECRET, **APPLICATION})
    for credentials in (OLD_TOO, application):
        asked, refusal = marked(credentials)
        assert asked == []
        assert refusal
        assert refusal.code == "credentials_incomplete"
