"""The generic channel: what comes in, how numbers are read, the signed requests that send, and the answers to them."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from channels import standard_webhooks
from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import InboundMessage, Media, Quarantined, StatusUpdate
from channels.generic.body_templates import filled, places_of
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.generic import ADAPTER, GenericCredentials, GenericSettings
from tests.channels.fixtures import NOW, one

SECRET = "whsec_" + base64.b64encode(b"test-generic-secret-0001").decode()
SENDING = {"secret": SECRET, "url": "https://sms.example.org/send?x=1"}
CREDENTIALS = GenericCredentials.model_validate(SENDING)
URL = "https://gw.example.test/hooks/int_1"
IMAGE = Media(type="image", url="https://f.example.test/1.png", mime_type="image/png")
OUTBOUND = OutboundMessage(
    reference="msg_1", sender="+13125550188", recipient="+12025550142", text='hi "you"', channel="sms", sent_at=NOW
)


def test_what_is_signed_here_is_taken_for_genuine_for_five_minutes() -> None:
    assert ADAPTER.sign
    signed = ADAPTER.sign(HttpRequest("POST", URL, Headers(), b"{}"), CREDENTIALS, NOW)
    for seconds in (-300, 0, 300):
        ADAPTER.verify(signed, CREDENTIALS, NOW + timedelta(seconds=seconds))
    for seconds in (-301, 301):
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(signed, CREDENTIALS, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("written", "country", "read"),
    [
        ("(202) 555-0142", "US", "+12025550142"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("+12025550142", "GB", "+12025550142"),
        ("12025550142", None, "+12025550142"),
        ("Acme", "US", "Acme"),
        ("55501", "US", "55501"),
        ("US.13491208655302741918", "US", "US.13491208655302741918"),
    ],
)
def test_numbers_are_read_as_the_connections_country_writes_them(written: str, country: str | None, read: str) -> None:
    body = orjson.dumps({"type": "message", "id": "1", "from": written, "to": written})
    (event,) = ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {"country": country})
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.recipients, event.address) == (read, (read,), read)


def test_events_name_our_address_and_statuses_differ() -> None:
    found = one("generic", "events_of_all_kinds").parse()
    assert [event.address for event in found] == ["+13125550188"] * 3 + [None] * 3
    ids = [event.external_id for event in found if isinstance(event, StatusUpdate)]
    assert ids == ["o1:delivered", "o2:failed:17", "o3:Teleported"]
    named = [event.sender_name for event in found if isinstance(event, InboundMessage)]
    assert named == [None, "Jo Doe"]


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{}", b'{"events":{}}', b'{"events":null}'])
def test_a_post_that_is_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})


MESSAGE = {"type": "message", "id": "m1", "from": "+12025550142"}


@pytest.mark.parametrize(
    "bad",
    [
        7,
        {"type": 7.5},
        {"type": "message"},
        {"type": "message", "id": "m2"},
        {"type": "message", "id": "m2", "from": " "},
        MESSAGE | {"id": "m2", "channel": "email"},
        MESSAGE | {"id": "m2", "attachments": [7]},
        MESSAGE | {"id": "m2", "attachments": [{"type": "image"}]},
        MESSAGE | {"id": "m2", "attachments": [{"type": "location", "latitude": 91, "longitude": 0}]},
        {"type": "status", "message_id": "o1"},
        {"type": "status", "status": "sent"},
    ],
)
def test_one_bad_event_costs_no_other(bad: Any) -> None:
    body = orjson.dumps({"events": [bad, MESSAGE]})
    first, second = ADAPTER.parse(HttpRequest("POST", URL, Headers(), body), {})
    assert isinstance(first, Quarantined)
    assert isinstance(second, InboundMessage)


def sent(**changes: Any) -> Any:
    request = ADAPTER.build(replace(OUTBOUND, **changes), CREDENTIALS)
    assert (request.method, request.url) == ("POST", "https://sms.example.org/send?x=1")
    assert request.headers.get("content-type") == "application/json"
    assert request.headers.get("webhook-id") == "msg_1"
    standard_webhooks.verify(request.headers, request.body, [SECRET.encode()], NOW)
    return orjson.loads(request.body)


DEFAULT: dict[str, Any] = {
    "type": "message",
    "id": "msg_1",
    "channel": "sms",
    "from": "+13125550188",
    "to": "+12025550142",
    "text": 'hi "you"',
    "timestamp": "2026-01-01T00:00:00Z",
    "attachments": [],
    "reply_to": None,
}
FILE = {"type": "image", "url": IMAGE.url, "mime_type": "image/png", "filename": None}


def shaped(template: Any) -> Any:
    return {"settings": {"body_template": template}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, DEFAULT),
        ({"settings": {"country": "US", "body_template": None}}, DEFAULT),
        ({"channel": None}, DEFAULT),
        (
            {"channel": "whatsapp", "text": None, "media": [IMAGE], "in_reply_to": "m0"},
            DEFAULT | {"channel": "whatsapp", "text": None, "attachments": [FILE], "reply_to": "m0"},
        ),
        (shaped({"msisdn": "{{to}}", "n": 1, "ok": True}), {"msisdn": "+12025550142", "n": 1, "ok": True}),
        (shaped({"a": [{"b": "to {{to}}: {{text}}"}]}), {"a": [{"b": 'to +12025550142: hi "you"'}]}),
        (
            shaped({"a": "{{attachments}}", "b": "x{{attachments}}", "c": "-{{reply_to}}-"}),
            {"a": [], "b": "x[]", "c": "--"},
        ),
        (shaped({"{{text}}": "{{unknown}} {{ text }}"}), {"{{text}}": "{{unknown}} {{ text }}"}),
        (shaped({"t": "{{text}}"}) | {"text": '"},{{to}}'}, {"t": '"},{{to}}'}),
    ],
)
def test_a_message_is_written_in_the_shape_that_was_set(changes: dict[str, Any], expected: Any) -> None:
    assert sent(**changes) == expected


def test_the_reference_takes_what_is_sent_for_genuine() -> None:
    request = ADAPTER.build(replace(OUTBOUND, sent_at=datetime.now(UTC)), CREDENTIALS)
    Webhook(SECRET).verify(request.body, request.headers.as_dict())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 10_001}, "text_too_long"),
        ({"text": "\ud83d"}, "text_unwritable"),
        ({"sent_at": None}, "time_missing"),
        ({"reference": "a\r\nb: c"}, "reference_unusable"),
        ({"reference": "é"}, "reference_unusable"),
        ({"reference": ""}, "reference_unusable"),
        ({"content": Reaction("👍")}, "content_unsupported"),
        ({"media": [Media(type="image", id="9")]}, "file_unusable"),
        (shaped({"a": [[[[[[[[[[[[[[[[[[[[[["x"]]]]]]]]]]]]]]]]]]]]]]}), "template_unusable"),
    ],
)
def test_what_cannot_be_sent_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


def test_nothing_is_sent_without_a_url() -> None:
    with pytest.raises(CannotSend):
        ADAPTER.build(OUTBOUND, GenericCredentials.model_validate({"secret": SECRET}))


@pytest.mark.parametrize("url", ["http://localhost:9000/x", "http://127.0.0.1/x", "http://[::1]:1/", "https://a.test"])
def test_a_url_may_be_https_or_on_this_machine(url: str) -> None:
    assert ADAPTER.build(OUTBOUND, GenericCredentials.model_validate(SENDING | {"url": url})).url == url


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://sms.example.org/"},
        {"url": "http://localhost.example.org/"},
        {"url": "ftp://sms.example.org/"},
        {"url": "https://"},
        {"url": "https://u:p@sms.example.org/"},
        {"url": "https://sms.example.org/#x"},
        {"url": "https://sms.example.org/a b"},
        {"url": "https://sms.example.org/é"},
        {"url": "https://sms.example.org/\r\n"},
        {"url": "https://[x/"},
        {"url": ""},
        {"secret": "whsec_"},
        {"secret": "no base64!"},
        {"previous_secret": ["whsec_%"]},
    ],
)
def test_credentials_that_cannot_be_right_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GenericCredentials.model_validate(SENDING | wrong)


@pytest.mark.parametrize(
    "template", [{"a": "{{txt}}"}, [], "{{text}}", {"a": [[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]}]
)
def test_a_template_that_cannot_be_right_is_refused(template: Any) -> None:
    with pytest.raises(ValidationError):
        GenericSettings.model_validate({"body_template": template})
    assert GenericSettings.model_validate({"body_template": {"a": "{{text}}"}, "country": "US"}).body_template


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(['"', "{{to}}", "\\", "}}"])
TEMPLATES = st.recursive(
    TEXT | st.sampled_from(["{{text}}", "to {{to}}", "{{text}}{{to}}"]) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def outline(node: Any) -> Any:
    """Return a document with all its texts left out."""
    if isinstance(node, dict):
        return {key: outline(value) for key, value in node.items()}
    return [outline(value) for value in node] if isinstance(node, list) else type(node)


@given(template=TEMPLATES, text=TEXT, to=TEXT)
def test_no_text_changes_the_shape(template: Any, text: str, to: str) -> None:
    assert outline(filled(template, {"text": text, "to": to})) == outline(template)
    assert places_of("{{text}} {{to}}") == {"text", "to"}


REQUEST = ADAPTER.build(OUTBOUND, CREDENTIALS)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": {"code": "E1", "message": "No"}}, ("E1", False, False)),
        (401, {}, ("http_401", False, False)),
        (404, {}, ("http_404", False, False)),
        (418, [], ("http_418", False, False)),
        (302, {}, ("http_302", False, False)),
        (429, {}, ("http_429", True, False)),
        (503, {}, ("http_503", True, False)),
        (500, {"error": "x"}, ("http_500", False, True)),
        (502, {}, ("http_502", False, True)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, body: Any, expected: tuple[str, bool, bool]) -> None:
    found = ADAPTER.read(HttpResponse(status, orjson.dumps(body), Headers.of({"Retry-After": "7"}), request=REQUEST))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.retry_after == 7


@pytest.mark.parametrize(
    ("body", "external_id"), [(b'{"id":"o1"}', "o1"), (b'{"id":7}', "7"), (b"", "msg_1"), (b'{"id":[]}', "msg_1")]
)
def test_an_acceptance_names_an_id_or_ours_serves(body: bytes, external_id: str) -> None:
    assert ADAPTER.read(HttpResponse(202, body, request=REQUEST)) == Accepted(external_id)


def test_an_acceptance_of_nobody_knows_what_is_not_taken_for_one() -> None:
    found = ADAPTER.read(HttpResponse(202))
    assert isinstance(found, Refused)
    assert found.unknown
