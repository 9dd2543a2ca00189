"""SendGrid beyond the recordings: which proof counts, what fields of a form mean, and sending."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import InboundMessage, Media, Quarantined, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse, basic_authorization
from channels.mail.trust import is_aligned
from channels.multipart import FormPart, write_multipart
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused
from channels.providers.sendgrid import ADAPTER, SendGridCredentials
from channels.sendgrid.signing import SIGNATURE, TIMESTAMP
from tests.channels.fixtures import one

NOW = datetime(2026, 9, 15, 10, 1, tzinfo=UTC)
KEY, PARSE_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def shown(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """Write a public key as SendGrid shows it."""
    raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


LOGIN = {"username": "hook", "password": "s3cret-ü"}
CREDENTIALS = SendGridCredentials.model_validate({**LOGIN, "api_key": "SG.example"})
SIGNED = SendGridCredentials.model_validate(
    {"verification_key": shown(KEY), "parse_verification_key": shown(PARSE_KEY), **LOGIN}
)


def signed(body: bytes, key: ec.EllipticCurvePrivateKey = KEY, at: datetime = NOW, **headers: str) -> HttpRequest:
    stamp = str(int(at.timestamp()))
    proof = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    return HttpRequest("POST", "", Headers.of({SIGNATURE: proof, TIMESTAMP: stamp, **headers}), body)


def code_of(request: HttpRequest, credentials: SendGridCredentials = SIGNED) -> str:
    with pytest.raises(SignatureInvalid) as refusal:
        ADAPTER.verify(request, credentials, NOW)
    return refusal.value.code


@given(st.binary(max_size=50))
def test_any_body_is_proven_by_either_key(body: bytes) -> None:
    for key in (KEY, PARSE_KEY):
        ADAPTER.verify(signed(body, key), SIGNED, NOW)
        assert code_of(HttpRequest("POST", "", signed(body, key).headers, body + b"\r\n")) == "signature_mismatch"


@pytest.mark.parametrize(("seconds", "code"), [(601, "timestamp_too_old"), (-61, "timestamp_in_future")])
def test_a_signature_is_fresh(seconds: int, code: str) -> None:
    inside = seconds - 1 if seconds > 0 else seconds + 1
    ADAPTER.verify(signed(b"", at=datetime.fromtimestamp(NOW.timestamp() - inside, UTC)), SIGNED, NOW)
    assert code_of(signed(b"", at=datetime.fromtimestamp(NOW.timestamp() - seconds, UTC))) == code


def test_how_old_a_signature_may_be_is_a_setting() -> None:
    patient = SIGNED.model_copy(update={"signature_seconds": 3600})
    ADAPTER.verify(signed(b"", at=datetime.fromtimestamp(NOW.timestamp() - 3000, UTC)), patient, NOW)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (SIGNATURE, "", "signature_mismatch"),
        (SIGNATURE, "not base64!", "signature_malformed"),
        (SIGNATURE, "é", "signature_malformed"),
        (SIGNATURE, "AAAA", "signature_mismatch"),
        (TIMESTAMP, "", "timestamp_malformed"),
        (TIMESTAMP, " 1789466460", "timestamp_malformed"),
        (TIMESTAMP, "1789466460.0", "timestamp_malformed"),
        (TIMESTAMP, "01789466460", "signature_mismatch"),
    ],
)
def test_a_broken_proof_is_refused_even_with_the_right_login(name: str, value: str, code: str) -> None:
    request = signed(b"[]", Authorization=basic_authorization("hook", "s3cret-ü"))
    changed = request.headers.with_fields({name: value})
    assert code_of(HttpRequest("POST", "", changed, b"[]")) == code


def test_a_login_proves_what_is_not_signed() -> None:
    request = HttpRequest("POST", "", Headers.of({"Authorization": basic_authorization("hook", "s3cret-ü")}), b"[]")
    ADAPTER.verify(request, CREDENTIALS, NOW)
    assert code_of(HttpRequest("POST", ""), CREDENTIALS) == "authorization_missing"
    keys_only = SendGridCredentials.model_validate({"verification_key": shown(KEY)})
    assert code_of(request, keys_only) == "signature_missing"


@pytest.mark.parametrize(
    ("kind", "other", "field"),
    [
        ("application/json", "multipart/form-data; boundary=b", "verification_key"),
        ("multipart/form-data; boundary=b", "application/json", "parse_verification_key"),
    ],
)
def test_a_login_does_not_prove_what_has_to_be_signed(kind: str, other: str, field: str) -> None:
    given_ = SendGridCredentials.model_validate({field: shown(KEY), **LOGIN})
    login = basic_authorization("hook", "s3cret-ü")
    request = HttpRequest("POST", "", Headers.of({"Authorization": login, "Content-Type": kind}), b"[]")
    assert code_of(request, given_) == "signature_missing"
    ADAPTER.verify(replace(request, headers=request.headers.with_fields({"Content-Type": other})), given_, NOW)


def test_a_sample_of_ours_carries_the_login() -> None:
    request = HttpRequest("POST", "", Headers(), b"[]")
    assert ADAPTER.sign is not None
    ADAPTER.verify(ADAPTER.sign(request, CREDENTIALS, NOW), CREDENTIALS, NOW)
    case = one("sendgrid", "inbound_basic_login")
    again = ADAPTER.sign(case.request, SendGridCredentials.model_validate(case.credentials), NOW)
    assert again.headers.get("authorization") == case.request.headers.get("authorization")
    assert ADAPTER.sign(request, SendGridCredentials.model_validate({"verification_key": shown(KEY)}), NOW) == request


@pytest.mark.parametrize(("name", "status"), [("neg_inbound_stale", 503), ("neg_events_stale", 401)])
def test_a_mail_that_is_not_proven_is_to_be_tried_again(name: str, status: int) -> None:
    with pytest.raises(SignatureInvalid) as refusal:
        one("sendgrid", name).verify()
    assert ADAPTER.status_of(refusal.value) == status


@pytest.mark.parametrize(
    "given_",
    [
        {},
        {"username": "hook"},
        {"password": "x"},
        {"verification_key": ""},
        {"verification_key": "AAAA"},
        {"verification_key": "-----BEGIN PUBLIC KEY-----"},
        {"verification_key": shown(ec.generate_private_key(ec.SECP384R1()))},
        {"verification_key": shown(rsa.generate_private_key(65537, 2048))},
    ],
    ids=lambda value: str(value)[:40],
)
def test_credentials_that_prove_nothing_are_not_taken(given_: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SendGridCredentials.model_validate(given_)


def mail(*files: FormPart, **fields: Any) -> InboundMessage:
    sent = {
        "headers": "From: a@example.net\nTo: x@example.org",
        "envelope": {"to": ["In@example.org"], "from": "a@example.net"},
    }
    written = {
        name: value if isinstance(value, str | bytes) else orjson.dumps(value)
        for name, value in (sent | fields).items()
    }
    parts = [FormPart(name, value.encode() if isinstance(value, str) else value) for name, value in written.items()]
    kind, body = write_multipart([*parts, *files])
    (event,) = ADAPTER.parse(HttpRequest("POST", "", Headers.of({"Content-Type": kind}), body), {})
    assert isinstance(event, InboundMessage)
    return event


def test_the_envelope_routes_a_mail() -> None:
    assert mail().address == "in@example.org"
    assert mail(envelope="nonsense").address == "x@example.org"


def test_a_bounce_is_never_answered() -> None:
    event = mail(envelope={"to": ["in@example.org"], "from": ""})
    assert event.mail is not None
    assert (event.mail["envelope"]["from"], event.mail["may_auto_reply"]) == (None, False)


@pytest.mark.parametrize(
    ("dkim", "spf", "wanted"),
    [
        ("{@example.net : pass}", "fail", ("pass", "fail", True)),
        ("{@x.test : fail, @example.net : pass}", "none", ("pass", "none", True)),
        ("{@example.net : fail}", "pass", ("fail", "pass", True)),
        ("{@bulk.example.net : pass}", "fail", ("pass", "fail", False)),
        ("{@net : pass}", "", ("pass", None, False)),
        ("none", "softfail", (None, "softfail", False)),
        ("", "pass\r\nx", (None, None, False)),
    ],
)
def test_a_sender_is_verified_by_a_domain_that_vouches_for_his(
    dkim: str, spf: str, wanted: tuple[str | None, str | None, bool]
) -> None:
    event = mail(dkim=dkim, SPF=spf)
    assert event.mail is not None
    assert (event.mail["auth"]["dkim"], event.mail["auth"]["spf"], event.mail["from_verified"]) == wanted


def test_two_senders_are_never_verified() -> None:
    event = mail(headers="From: a@example.net, b@example.net\nTo: x@example.org", dkim="{@example.net : pass}")
    assert event.mail is not None
    assert event.mail["from_verified"] is False


@pytest.mark.parametrize(
    ("shown_", "passed", "wanted"),
    [
        ("example.org", ["example.org"], True),
        ("news.example.org", ["example.org"], True),
        ("example.org", ["news.example.org"], False),
        ("badexample.org", ["example.org"], False),
        ("example.org", ["org"], False),
        ("example.org", [], False),
    ],
)
def test_only_the_same_domain_or_one_above_it_vouches(shown_: str, passed: list[str], *, wanted: bool) -> None:
    assert is_aligned(shown_, passed) == wanted


def test_files_are_described_by_their_part_or_beside_it() -> None:
    event = mail(
        FormPart("attachment1", b"\x89PNG\r\n\x1a\n", "", ""),
        FormPart("attachment2", b"x", "b.txt", "text/plain"),
        html='<img src="cid:logo">',
        **{
            "attachment-info": {"attachment1": {"filename": "a.png", "type": "image/png", "content-id": "logo"}},
            "content-ids": {"logo": "attachment1", "x": 7},
        },
    )
    found = [item for item in event.attachments if isinstance(item, Media)]
    assert [(item.filename, item.mime_type, item.content_id, item.inline) for item in found] == [
        ("a.png", "image/png", "logo", True),
        ("b.txt", "text/plain", None, False),
    ]


@pytest.mark.parametrize(
    "fields", [{"charsets": "[]"}, {"charsets": '{"text":7}'}, {"charsets": "\xff"}, {"charsets": "{"}]
)
def test_charsets_that_say_nothing_leave_utf_8(fields: dict[str, str]) -> None:
    assert mail(text="Grüße", **fields).text == "Grüße"


def test_a_form_without_a_mail_is_malformed() -> None:
    kind, body = write_multipart([FormPart("text", b"x")])
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", "", Headers.of({"Content-Type": kind}), body), {})


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b"[", b'{"event":"open"}'])
def test_events_that_are_no_array_are_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", "", body=body), {})


def test_one_broken_event_costs_no_other() -> None:
    batch = [7, {"event": "open", "sg_event_id": "a"}, {}, {"event": ["x"]}, {"event": "click", "sg_event_id": "b"}]
    found = ADAPTER.parse(HttpRequest("POST", "", body=orjson.dumps(batch)), {})
    assert [type(event) for event in found] == [Quarantined, StatusUpdate, Quarantined, Quarantined, StatusUpdate]


def test_an_event_without_an_id_keeps_the_same_one() -> None:
    first, second = ({"event": "open", "a": 1}, {"a": 1, "event": "open"})
    found = ADAPTER.parse(HttpRequest("POST", "", body=orjson.dumps([first, second, {"event": "open"}])), {})
    assert len(found) == 2


def message(**fields: Any) -> OutboundMessage:
    values = {
        "reference": "gw.k1.c.m.mac@example.org",
        "sender": "Support <support@example.org>",
        "recipient": "jane@example.net",
        "text": "Hello",
        "subject": "Re: Order",
        "in_reply_to": "c2@example.net",
        "references": ("c1@example.net", "c2@example.net"),
    }
    return OutboundMessage(**{**values, **fields})


def test_a_mail_is_sent_with_its_thread_and_our_reference() -> None:
    request = ADAPTER.build(
        message(headers={"Reply-To": "R <reply+t@r.example.org>", "X-SG-ID": "x", "X-A": "b"}), CREDENTIALS
    )
    body = orjson.loads(request.body)
    assert request.url == "https://api.sendgrid.com/v3/mail/send"
    assert request.headers.get("authorization") == "Bearer SG.example"
    assert body["personalizations"] == [
        {"to": [{"email": "jane@example.net"}], "custom_args": {"gw_message_id": "gw.k1.c.m.mac@example.org"}}
    ]
    assert body["from"] == {"email": "support@example.org", "name": "Support"}
    assert body["reply_to"] == {"email": "reply+t@r.example.org", "name": "R"}
    assert body["headers"] == {
        "Message-ID": "<gw.k1.c.m.mac@example.org>",
        "In-Reply-To": "<c2@example.net>",
        "References": "<c1@example.net> <c2@example.net> <gw.k1.c.m.mac@example.org>",
        "X-A": "b",
    }


def test_plain_text_comes_before_html_and_pictures_stand_in_it() -> None:
    picture = Media(type="image", mime_type="image/png", filename="a.png", content=b"png", content_id="c1")
    paper = Media(type="document", mime_type="application/pdf", filename="b.pdf", content=b"%PDF")
    sent = message(html='<p>Hello <img src="cid:c1"></p>', media=(picture, paper))
    body = orjson.loads(ADAPTER.build(sent, CREDENTIALS).body)
    assert [one["type"] for one in body["content"]] == ["text/plain", "text/html"]
    assert body["attachments"] == [
        {"content": "cG5n", "type": "image/png", "filename": "a.png", "disposition": "inline", "content_id": "c1"},
        {"content": "JVBERg==", "type": "application/pdf", "filename": "b.pdf", "disposition": "attachment"},
    ]


def test_a_mail_of_files_alone_has_a_text_all_the_same() -> None:
    paper = Media(type="document", mime_type="application/pdf", filename="b.pdf", content=b"%PDF")
    assert orjson.loads(ADAPTER.build(message(text=None, media=(paper,)), CREDENTIALS).body)["content"] == [
        {"type": "text/plain", "value": " "}
    ]


def test_european_accounts_have_a_host_of_their_own() -> None:
    request = ADAPTER.build(message(), CREDENTIALS.model_copy(update={"region": "eu"}))
    assert request.url == "https://api.eu.sendgrid.com/v3/mail/send"


@pytest.mark.parametrize(
    ("sent", "given_", "code"),
    [
        (message(), SendGridCredentials.model_validate(LOGIN), "credentials_incomplete"),
        (message(recipient="nobody"), CREDENTIALS, "address_unusable"),
        (message(headers={"Reply-To": "nobody"}), CREDENTIALS, "address_unusable"),
        (message(content=Reaction("x")), CREDENTIALS, "content_unsupported"),
        (message(media=(Media(type="file", url="https://x.test"),)), CREDENTIALS, "file_unusable"),
    ],
)
def test_what_can_not_be_sent_says_why(sent: OutboundMessage, given_: SendGridCredentials, code: str) -> None:
    with pytest.raises(CannotSend) as error:
        ADAPTER.build(sent, given_)
    assert error.value.code == code


def answer(status: int, body: Any = b"", **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return HttpResponse(status, raw, Headers.of({name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.mark.parametrize("status", [202, 200])
def test_an_answer_with_an_id_is_an_acceptance(status: int) -> None:
    assert ADAPTER.read(answer(status, x_message_id="abc")) == Accepted("abc")


@pytest.mark.parametrize(
    ("response", "code", "retryable", "unknown"),
    [
        (answer(400, {"errors": [{"message": "Bad content", "field": "content"}]}), "http_400", False, False),
        (answer(401, {"errors": [{"message": "x"}]}), "http_401", False, False),
        (answer(402), "http_402", False, False),
        (answer(403, {"errors": [{"message": "x", "field": "from"}]}), "http_403", False, False),
        (answer(404, {"errors": "x"}), "http_404", False, False),
        (answer(413, {"errors": []}), "http_413", False, False),
        (answer(429, retry_after="30"), "http_429", True, False),
        (answer(500, b"<html>"), "http_500", False, True),
        (answer(503), "http_503", False, True),
        (answer(202), "answer_unreadable", False, True),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_refusal_says_whether_to_try_again(
    response: HttpResponse, code: str, *, retryable: bool, unknown: bool
) -> None:
    refused = ADAPTER.read(response)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == (code, retryable, unknown)
    assert "SendGrid" in refused.reason
    assert refused.retry_after == (30.0 if response.status == 429 else None)


def test_a_refusal_holds_sendgrids_own_words() -> None:
    refused = ADAPTER.read(answer(400, {"errors": [{"message": "Does not contain a valid address."}]}))
    assert isinstance(refused, Refused)
    assert refused.reason.endswith("(Does not contain a valid address.)")
