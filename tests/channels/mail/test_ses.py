"""Amazon SES beyond the recordings: why a message is refused, what is fetched, and what is confirmed."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.events import InboundMessage, Other, StatusUpdate
from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse
from channels.outbound import Refused
from channels.providers.ses import ADAPTER, SesCredentials, complete, confirm, prepare
from channels.sns.urls import is_certificate_url, is_service_url
from tests.channels.dialogues import played
from tests.channels.fixtures import Recorded, one

NOW = datetime(2026, 9, 15, 10, 1, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CREDENTIALS = SesCredentials.model_validate(
    {
        "topic_arns": [TOPIC],
        "region": "eu-west-1",
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": "example-secret",
    }
)


def credentials(case: Recorded, **changes: Any) -> SesCredentials:
    return SesCredentials.model_validate({**case.credentials, **changes})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("neg_cert_expired", "certificate_expired"),
        ("neg_cert_other_name", "certificate_foreign"),
        ("neg_cert_two", "certificate_malformed"),
        ("neg_cert_bucket_region", "certificate_url"),
        ("neg_cert_s3_bucket", "certificate_url"),
        ("neg_cert_foreign_host", "certificate_url"),
        ("neg_cert_http", "certificate_url"),
        ("neg_cert_userinfo", "certificate_url"),
        ("neg_cert_query", "certificate_url"),
        ("neg_foreign_topic", "topic_unknown"),
        ("subscription_confirmation_unknown_topic", "topic_unknown"),
        ("neg_foreign_subscription", "header_mismatch"),
        ("neg_header_body_mismatch", "header_mismatch"),
        ("neg_hidden_values", "values_hidden"),
        ("neg_sigversion_3", "signature_version"),
        ("neg_tampered", "signature_mismatch"),
    ],
)
def test_a_message_is_refused_for_what_is_wrong_with_it(name: str, code: str) -> None:
    with pytest.raises(SignatureInvalid) as refusal:
        one("ses", name).verify()
    assert refusal.value.code == code


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "TopicArn", "Type", "Signature", "Subject"])
def test_no_signed_text_can_be_changed_left_out_or_added(name: str) -> None:
    for recorded in ("event_delivery", "notification_bounce"):
        case = one("ses", recorded)
        for value in ("Notification ", "", None):
            post = orjson.loads(case.request.body)
            if value is None and name not in post:
                continue
            post.pop(name, None)
            body = orjson.dumps(post if value is None else {**post, name: value})
            with pytest.raises(SignatureInvalid):
                case.verify(HttpRequest("POST", case.request.url, Headers(), body))


def test_a_connection_can_ask_for_sha_256() -> None:
    case = one("ses", "notification_bounce_soft_v1")
    case.verify()
    with pytest.raises(SignatureInvalid) as refusal:
        case.verify(credentials={"require_sha256": True})
    assert refusal.value.code == "signature_version"


def test_without_a_certificate_nothing_is_proven() -> None:
    with pytest.raises(SignatureInvalid):
        one("ses", "event_delivery").verify(credentials={"signing_cert_pem": None})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://sns.us-east-1.amazonaws.com/a.txt",
        "http://sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com:443/a.pem",
        "https://sns.us-east-1.amazonaws.com./a.pem",
        "https://SNS.us-east-1.amazonaws.com/a.pem",
        "https://x@sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com@x.test/a.pem",
        "https://sns.us-east-1.amazonaws.com\\@x.test/a.pem",
        "https://sns.us-east-1.amazonaws.com.x.test/a.pem",
        "https://x.test/sns.us-east-1.amazonaws.com/a.pem",
        "https://xsns.us-east-1.amazonaws.com/a.pem",
        "https://sns.s3.amazonaws.com/a.pem",
        "https://sns.s3-eu-west-1.amazonaws.com/a.pem",
        "https://sns.s3-accelerate.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem?x",
        "https://sns.us-east-1.amazonaws.com/a.pem?",
        "https://sns.us-east-1.amazonaws.com/?.pem",
        "https://sns.us-east-1.amazonaws.com/#.pem",
        "https://sns.us-east-1.amazonaws.com/\n.pem",
        "https://sns.us-east-1.amazonaws.com/\udcff.pem",
        "https://[sns.us-east-1.amazonaws.com/a.pem",
    ],
)
def test_a_certificate_comes_from_nowhere_else(url: str) -> None:
    assert not is_certificate_url(url)


@pytest.mark.parametrize("host", ["us-east-1", "eu-central-2", "us-gov-west-1", "ap-southeast-7", "mx-central-1"])
def test_each_region_has_certificates(host: str) -> None:
    assert is_certificate_url(f"https://sns.{host}.amazonaws.com/SimpleNotificationService-1.pem")
    assert is_certificate_url("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem")
    assert is_service_url(f"https://sns.{host}.amazonaws.com/?Action=ConfirmSubscription&Token=1")


def test_the_certificate_is_fetched_from_the_url_in_the_message_and_then_proves_it() -> None:
    case = one("ses", "event_click")
    certificate = HttpResponse(200, case.credentials["signing_cert_pem"].encode())
    found, asked = played(prepare(case.request, credentials(case, signing_cert_pem=None)), certificate)
    assert [(one.method, one.url) for one in asked] == [("GET", orjson.loads(case.request.body)["SigningCertURL"])]
    ADAPTER.verify(case.request, found, case.now)


@pytest.mark.parametrize(
    "answer",
    [HttpResponse(404), HttpResponse(NO_ANSWER), HttpResponse(200, b"<html>"), HttpResponse(200, b"A" * 20_000)],
    ids=["gone", "unreachable", "no certificate", "too large"],
)
def test_a_certificate_that_can_not_be_had_is_our_trouble(answer: HttpResponse) -> None:
    case = one("ses", "event_click")
    refused, _ = played(prepare(case.request, credentials(case, signing_cert_pem=None)), answer)
    assert isinstance(refused, Refused)
    assert refused.retryable


@pytest.mark.parametrize("name", ["neg_cert_foreign_host", "neg_cert_bucket_region", "neg_foreign_topic"])
def test_nothing_is_fetched_for_a_message_that_can_not_be_right(name: str) -> None:
    case = one("ses", name)
    given = credentials(case, signing_cert_pem=None)
    assert played(prepare(case.request, given)) == (given, [])


def test_a_subscription_to_a_topic_of_ours_is_confirmed() -> None:
    case = one("ses", "subscription_confirmation")
    dialogue = confirm(case.request, credentials(case))
    refused, asked = played(dialogue, HttpResponse(200, b"<ConfirmSubscriptionResponse/>"))
    assert refused is None
    assert [one.url for one in asked] == [orjson.loads(case.request.body)["SubscribeURL"]]


@pytest.mark.parametrize(("status", "retryable"), [(403, False), (503, True), (NO_ANSWER, True)])
def test_a_confirmation_may_fail(status: int, *, retryable: bool) -> None:
    case = one("ses", "subscription_confirmation")
    refused, _ = played(confirm(case.request, credentials(case)), HttpResponse(status))
    assert (refused.code, refused.retryable) == (f"http_{status}", retryable)


@pytest.mark.parametrize("name", ["unsubscribe_confirmation", "event_delivery"])
def test_nothing_else_is_confirmed(name: str) -> None:
    case = one("ses", name)
    assert played(confirm(case.request, credentials(case))) == (None, [])


@pytest.mark.parametrize(
    ("name", "value"), [("SubscribeURL", "https://sns.s3.amazonaws.com/x"), ("TopicArn", "arn:aws:sns:eu-west-1:9:x")]
)
def test_a_confirmation_goes_nowhere_else(name: str, value: str) -> None:
    case = one("ses", "subscription_confirmation")
    request = replace(case.request, body=orjson.dumps({**orjson.loads(case.request.body), name: value}))
    refused, asked = played(confirm(request, credentials(case)))
    assert (refused.code, asked) == ("confirmation_refused", [])


def test_an_unsubscription_raises_an_alarm() -> None:
    (event,) = one("ses", "unsubscribe_confirmation").parse()
    assert isinstance(event, Other)
    assert event.extra["alarm"]["level"] == "warning"
    assert "acme-ses-events" in event.extra["alarm"]["sentence"]


def notification(post: Any, **changes: Any) -> HttpRequest:
    message = post if isinstance(post, str) else orjson.dumps(post).decode()
    notice = {"Type": "Notification", "MessageId": "n-1", "TopicArn": TOPIC, "Message": message, **changes}
    return HttpRequest("POST", "", body=orjson.dumps(notice))


def stored(**action: Any) -> HttpRequest:
    receipt = {"recipients": ["in@example.org"], "action": {"type": "S3", **action}}
    return notification({"notificationType": "Received", "mail": {"messageId": "m-1"}, "receipt": receipt})


def fetching(
    request: HttpRequest, *answers: HttpResponse, given: SesCredentials = CREDENTIALS
) -> tuple[Any, list[str]]:
    """Play the fetch of a mail; return what came of it and the URLs asked for."""
    found, asked = played(complete(request, given, NOW), *answers)
    assert all(one.headers.get("x-amz-date") == "20260915T100100Z" for one in asked)
    return found, [one.url for one in asked]


def test_a_mail_in_s3_is_fetched_and_read() -> None:
    request = stored(bucketName="acme.mail", objectKey="in/a b+1")
    fetched, asked = fetching(request, HttpResponse(200, b"From: a@example.net\r\n\r\nHello"))
    assert asked == ["https://s3.eu-west-1.amazonaws.com/acme.mail/in/a%20b%2B1"]
    (event,) = ADAPTER.parse(request, {"fetched": fetched})
    assert isinstance(event, InboundMessage)
    assert event.mail is not None
    assert (event.text, event.mail["fetch"]) == ("Hello", None)


def test_a_bucket_in_another_region_is_asked_for_there() -> None:
    elsewhere = HttpResponse(301, headers=Headers.of({"x-amz-bucket-region": "us-west-2"}))
    fetched, asked = fetching(stored(bucketName="mails", objectKey="k"), elsewhere, HttpResponse(200, b"raw"))
    assert fetched == {"raw": b"raw"}
    assert asked[1] == "https://s3.us-west-2.amazonaws.com/mails/k"


@pytest.mark.parametrize("region", ["", "evil.test/", "eu-west-1"])
def test_no_other_host_is_asked(region: str) -> None:
    elsewhere = HttpResponse(301, headers=Headers.of({"x-amz-bucket-region": region}))
    refused, asked = fetching(stored(bucketName="mails", objectKey="k"), elsewhere)
    assert isinstance(refused, Refused)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("status", "retryable"), [(404, False), (403, False), (400, False), (429, True), (503, True), (NO_ANSWER, True)]
)
def test_a_fetch_that_fails_says_whether_to_try_again(status: int, *, retryable: bool) -> None:
    refused, _ = fetching(stored(bucketName="mails", objectKey="k"), HttpResponse(status))
    assert isinstance(refused, Refused)
    assert refused.retryable == retryable
    assert refused.reason


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"bucketName": "mails"},
        {"bucketName": "Mails/..", "objectKey": "k"},
        {"bucketName": "a..b", "objectKey": "k"},
        {"bucketName": "mails", "objectKey": "../other/k"},
        {"bucketName": "mails", "objectKey": "k\r\n"},
        {"bucketName": "mails", "objectKey": "k" * 1025},
        {"bucketName": ["mails"], "objectKey": "k"},
        {"bucketName": "mails", "objectKey": "k", "type": "SNS"},
    ],
)
def test_nothing_is_fetched_from_a_place_that_can_not_be(action: dict[str, Any]) -> None:
    assert fetching(stored(**action)) == ({}, [])


def test_without_an_access_key_a_stored_mail_is_refused() -> None:
    given = SesCredentials(topic_arns=(TOPIC,))
    refused, _ = fetching(stored(bucketName="mails", objectKey="k"), given=given)
    assert (refused.code, refused.retryable) == ("credentials_incomplete", False)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Type":"Notification"}', b'{"Type":"X","Message":"{}"}'])
def test_operations_leave_to_parse_what_they_can_not_read(body: bytes) -> None:
    request = HttpRequest("POST", "", body=body)
    assert fetching(request) == ({}, [])
    assert played(prepare(request, CREDENTIALS)) == (CREDENTIALS, [])
    assert played(confirm(request, CREDENTIALS)) == (None, [])


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Type":"Other"}', b'{"Type":["Notification"]}'])
def test_what_sns_does_not_send_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(HttpRequest("POST", "", body=body), {})


@pytest.mark.parametrize(
    ("bounce", "wanted"),
    [
        ({"bounceType": "Permanent", "bounceSubType": "NoEmail"}, ("bounced", "hard", False)),
        ({"bounceType": "Permanent", "bounceSubType": "Suppressed"}, ("rejected", None, False)),
        ({"bounceType": "Transient", "bounceSubType": "General"}, ("bounced", "soft", True)),
        ({"bounceType": "Transient", "bounceSubType": "ContentRejected"}, ("bounced", "soft", False)),
        ({"bounceType": "Undetermined"}, ("bounced", "soft", True)),
        ({}, ("bounced", "soft", True)),
    ],
)
def test_each_bounce_is_hard_soft_or_none(bounce: dict[str, str], wanted: tuple[str, str | None, bool]) -> None:
    post = {"notificationType": "Bounce", "mail": {"messageId": "m", "destination": ["a@example.net"]}}
    (event,) = ADAPTER.parse(notification({**post, "bounce": bounce}), {})
    assert isinstance(event, StatusUpdate)
    assert event.mail is not None
    assert (event.status, event.mail["bounce_class"], event.extra["retryable"]) == wanted


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ({"gw_message_id": ["gw-1"]}, "gw-1"),
        ({"gw_message_id_b64": [base64.urlsafe_b64encode(b"a@example.org").decode().rstrip("=")]}, "a@example.org"),
        ({"gw_message_id_b64": ["!"]}, "own@example.org"),
        ({"gw_message_id_b64": ["_w"]}, "own@example.org"),
        ({"gw_message_id": "gw-1"}, "own@example.org"),
        ({}, "own@example.org"),
    ],
)
def test_our_reference_comes_back(tags: dict[str, Any], wanted: str) -> None:
    mail = {"messageId": "m", "destination": ["a@example.net"], "tags": tags}
    mail["commonHeaders"] = {"messageId": "<own@example.org>"}
    (event,) = ADAPTER.parse(notification({"eventType": "Send", "mail": mail}), {})
    assert isinstance(event, StatusUpdate)
    assert event.extra["callback_data"] == wanted


def test_only_amazon_can_sign() -> None:
    assert ADAPTER.sign is None


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sns:eu-west-1:123456789012:mail",
        "arn:aws-cn:sns:cn-north-1:123456789012:mail_1-x",
        "arn:aws-us-gov:sns:us-gov-west-1:123456789012:mail.fifo",
    ],
)
def test_topics_of_every_partition_can_be_entered(arn: str) -> None:
    assert SesCredentials(topic_arns=(arn,)).topic_arns == (arn,)


@pytest.mark.parametrize(
    "arn",
    [
        "", "mail", "arn:aws:sns:eu-west-1:12345678901:mail", "arn:aws:sqs:eu-west-1:123456789012:mail",
        "arn:aws:sns:eu-west-1:123456789012:mail:00000000-0000-4000-8000-000000000001",
        " arn:aws:sns:eu-west-1:123456789012:mail", "arn:aws:sns:eu-west-1:123456789012:mail\n",
    ],
)  # fmt: skip
def test_what_is_no_topic_is_refused(arn: str) -> None:
    with pytest.raises(ValidationError):
        SesCredentials(topic_arns=(arn,))
