"""Postmark beyond the recordings: logins, every kind of news, sending and its refusals."""

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from pydantic import SecretStr, ValidationError

from channels.errors import SignatureInvalid
from channels.events import InboundMessage, Media, StatusUpdate
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Accepted, OutboundMessage, Refused
from channels.postmark.updates import BOUNCES
from channels.providers.postmark import ADAPTER, PostmarkCredentials

NOW = datetime(2026, 9, 15, 10, 1, tzinfo=UTC)
CREDENTIALS = PostmarkCredentials(
    username="hook",
    password=SecretStr("s3cret-ü"),
    previous_password=(SecretStr("old"),),
    server_token=SecretStr("token-1"),
)


def login(text: str | bytes, scheme: str = "Basic") -> HttpRequest:
    raw = text.encode() if isinstance(text, str) else text
    return HttpRequest("POST", "", Headers([("Authorization", f"{scheme} {base64.b64encode(raw).decode()}")]))


def parse(post: dict[str, Any], **context: Any) -> Any:
    return ADAPTER.parse(HttpRequest("POST", "", body=orjson.dumps(post)), context)


def news(**post: Any) -> StatusUpdate:
    (event,) = parse({"MessageID": "m-1", "ID": 7, "Email": "a@example.org", **post})
    assert isinstance(event, StatusUpdate)
    return event


def mail(**post: Any) -> InboundMessage:
    (event,) = parse({"MessageID": "m-1", "OriginalRecipient": "In@example.org", "From": "a@example.net", **post})
    assert isinstance(event, InboundMessage)
    return event


@pytest.mark.parametrize("text", ["hook:s3cret-ü", "hook:old"])
def test_each_live_password_opens(text: str) -> None:
    ADAPTER.verify(login(text), CREDENTIALS, NOW)


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", ""),
        login(""),
        login("hook"),
        login("hook:"),
        login(":s3cret-ü"),
        login("hook:s3cret-u"),
        login("Hook:s3cret-ü"),
        login("hook:s3cret-ü "),
        login(b"hook:\xff"),
        login("hook:s3cret-ü", "Bearer"),
        HttpRequest("POST", "", Headers([("Authorization", "Basic ???")])),
        HttpRequest("POST", "", Headers([("Authorization", "Basic ü")])),
        HttpRequest("POST", "https://hook:s3cret@example.org/"),
    ],
    ids=lambda request: request.headers.get("authorization") or "none",
)
def test_any_other_login_is_refused(request_: HttpRequest) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        ADAPTER.verify(request_, CREDENTIALS, NOW)
    assert "s3cret" not in refused.value.detail


@pytest.mark.parametrize("fields", [{"username": "", "password": "x"}, {"username": "x", "password": ""}])
def test_an_empty_login_cannot_be_set_up(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PostmarkCredentials.model_validate(fields)


@pytest.mark.parametrize("kind", BOUNCES)
def test_each_type_of_bounce_has_its_word(kind: str) -> None:
    event = news(RecordType="Bounce", Type=kind, Details="why", BouncedAt="2026-09-15T10:00:09.9070259Z")
    status, bounce_class = BOUNCES[kind]
    assert event.mail is not None
    assert (event.status, event.mail["bounce_class"], event.external_id) == (status, bounce_class, "Bounce:7")
    assert (event.error_message == "why") is (status in ("bounced", "rejected", "failed", "deferred"))


@pytest.mark.parametrize("post", [{"RecordType": "Bounce", "Type": "NewType"}, {"RecordType": "NewRecord"}])
def test_an_unknown_kind_of_news_is_kept_and_suppresses_nobody(post: dict[str, str]) -> None:
    event = news(**post)
    assert event.mail is not None
    assert (event.status, event.mail["bounce_class"]) == ("unknown", None)


def test_a_failed_request_of_ours_is_a_failure() -> None:
    event = news(RecordType="SMTPAPIError", ErrorCode=300, Message="bad")
    assert (event.status, event.error_code, event.error_message) == ("failed", "300", "bad")


@pytest.mark.parametrize(
    ("stamp", "wanted"),
    [
        ("2026-09-15T06:00:09.9070259-04:00", datetime(2026, 9, 15, 10, 0, 9, 907025, UTC)),
        ("2026-09-15T10:00:09Z", datetime(2026, 9, 15, 10, 0, 9, tzinfo=UTC)),
        ("2026-09-15T10:00:09", datetime(2026, 9, 15, 10, 0, 9, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
    ],
)
def test_a_time_is_read_whatever_its_fraction_and_offset(stamp: str, wanted: datetime | None) -> None:
    assert news(RecordType="Delivery", Recipient="a@example.org", DeliveredAt=stamp).occurred_at == wanted


def test_the_address_is_our_mailbox_without_its_token() -> None:
    event = mail(OriginalRecipient="Box+AbC1@inbound.example.org", MailboxHash="AbC1")
    assert event.mail is not None
    assert (event.address, event.mail["reply_token"]) == ("box@inbound.example.org", "abc1")


def test_a_token_is_also_found_by_the_channels_pattern() -> None:
    post = {"MessageID": "m", "OriginalRecipient": "reply+abc1@r.example.org", "From": "a@example.net"}
    (event,) = parse(post, reply_address_pattern="reply+<token>@r.example.org")
    assert event.mail["reply_token"] == "abc1"


def test_the_sender_is_known_by_the_lower_case_address() -> None:
    event = mail(FromFull={"Email": "Jane@Example.net", "Name": "Jane"})
    assert [(one.kind, one.value) for one in event.identities] == [("email", "jane@example.net")]
    assert event.sender_name == "Jane"


def test_nothing_the_sender_can_write_makes_him_verified() -> None:
    tests = {"Name": "X-Spam-Tests", "Value": "DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,SPF_PASS"}
    results = {"Name": "Authentication-Results", "Value": "mx.example.org; dmarc=pass header.from=example.net"}
    post = {"MessageID": "m", "From": "a@example.net", "Headers": [tests, results]}
    (event,) = parse(post, trusted_authserv_ids=["mx.example.org"])
    assert (event.mail["auth"], event.mail["from_verified"]) == (
        {"spf": "pass", "dkim": "pass", "dmarc": None},
        False,
    )


@pytest.mark.parametrize(("path", "sender", "may"), [("<>", None, False), ("<b@example.net>", "b@example.net", True)])
def test_the_return_path_is_the_envelopes_sender(path: str, sender: str | None, *, may: bool) -> None:
    event = mail(Headers=[{"Name": "Return-Path", "Value": path}])
    assert event.mail is not None
    assert (event.mail["envelope"]["from"], event.mail["may_auto_reply"]) == (sender, may)


def test_a_delivery_report_among_the_files_becomes_a_status() -> None:
    block = b"Final-Recipient: rfc822;b@example.net\nAction: failed\nStatus: 5.1.1\n"
    returned = b"Message-ID: <gw-1@example.org>\nTo: b@example.net\n"
    files = [
        {"Name": "d", "ContentType": kind, "Content": base64.b64encode(body).decode()}
        for kind, body in (("message/delivery-status", block), ("text/rfc822-headers; charset=x", returned))
    ]
    (event,) = parse({"MessageID": "m-9", "From": "MAILER-DAEMON@example.net", "Attachments": files})
    assert isinstance(event, StatusUpdate)
    assert (event.status, event.message_ref, event.external_id) == ("bounced", "gw-1@example.org", "m-9")


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


def test_a_mail_is_sent_with_its_thread_and_its_files() -> None:
    picture = Media(type="image", mime_type="image/png", filename="a.png", content=b"png", content_id="c1")
    request = ADAPTER.build(
        message(html='<img src="cid:c1">', media=(picture,), headers={"Reply-To": "reply+t@r.example.org"}), CREDENTIALS
    )
    body = orjson.loads(request.body)
    headers = {one["Name"]: one["Value"] for one in body["Headers"]}
    assert request.url == "https://api.postmarkapp.com/email"
    assert request.headers.get("x-postmark-server-token") == "token-1"
    assert body["HtmlBody"] == '<img src="cid:c1">'
    assert (body["From"], body["To"], body["ReplyTo"]) == (
        '"Support" <support@example.org>',
        "jane@example.net",
        "reply+t@r.example.org",
    )
    assert headers["In-Reply-To"] == "<c2@example.net>"
    assert headers["References"] == "<c1@example.net> <c2@example.net> <gw.k1.c.m.mac@example.org>"
    assert headers["Message-ID"] == "<gw.k1.c.m.mac@example.org>"
    assert body["Attachments"] == [
        {"Name": "a.png", "Content": "cG5n", "ContentType": "image/png", "ContentID": "cid:c1"}
    ]


def test_no_value_can_add_a_header() -> None:
    sent = message(subject="x\r\nBcc: v@example.net", headers={"X-A": "y\r\nBcc: v", "Bcc": "v@example.net"})
    body = orjson.loads(ADAPTER.build(sent, CREDENTIALS).body)
    assert body["Subject"] == "x Bcc: v@example.net"
    assert [one["Value"] for one in body["Headers"] if one["Name"] in ("X-A", "Bcc")] == ["y Bcc: v"]


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, body if isinstance(body, bytes) else orjson.dumps(body), Headers.of(headers))


def test_an_answer_with_an_id_is_an_acceptance() -> None:
    assert ADAPTER.read(answer(200, {"ErrorCode": 0, "MessageID": "m-1", "Message": "OK"})) == Accepted("m-1")


INACTIVE_ADDRESS = "Message OK, but will not deliver to these inactive addresses: jane@example.net"


@pytest.mark.parametrize(
    ("response", "code", "retryable", "unknown"),
    [
        (answer(422, {"ErrorCode": 406, "Message": "Inactive recipient"}), "406", False, False),
        (answer(422, {"ErrorCode": 300, "Message": "Invalid"}), "300", False, False),
        (answer(401, {"ErrorCode": 10, "Message": "No token"}), "10", False, False),
        (answer(429, b"", **{"Retry-After": "30"}), "http_429", True, False),
        (answer(500, b"<html>"), "http_500", False, True),
        (answer(503, b""), "http_503", False, True),
        (answer(200, {"ErrorCode": 406, "Message": "x"}), "406", False, False),
        (answer(200, b"OK"), "http_200", False, True),
        (answer(200, {"ErrorCode": 0}), "http_200", False, True),
        (answer(404, [1]), "http_404", False, False),
        (answer(200, {"ErrorCode": 0, "MessageID": "m", "Message": INACTIVE_ADDRESS}), "406", False, False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_refusal_says_whether_to_try_again(
    response: HttpResponse, code: str, *, retryable: bool, unknown: bool
) -> None:
    refused = ADAPTER.read(response)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == (code, retryable, unknown)
    assert refused.reason
    assert refused.retry_after == (30.0 if response.status == 429 else None)
