"""Twilio: signatures, and the shapes that no recording holds."""

import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.events import Identity, InboundMessage, Location, Other, StatusUpdate
from channels.http import Headers, HttpRequest
from channels.providers.twilio import ADAPTER, TwilioCredentials
from channels.twilio.forms import read_form
from tests.channels.fixtures import NOW, TWILIO_ACCOUNT, one

URL = "https://gw.example.test/hooks/int_1"
TOKEN, SHARED = "auth-token-1", "shared-key-1"
SHARED_SETTINGS = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
CREDENTIALS = TwilioCredentials.model_validate(
    {"account_sid": TWILIO_ACCOUNT, "auth_token": TOKEN, "shared_key": SHARED}
)
SMS = {
    "MessageSid": "SM" + 32 * "1", "AccountSid": TWILIO_ACCOUNT, "From": "+12025550142", "To": "+13125550188",
    "Body": "hi", "NumMedia": "0", "SmsStatus": "received",
}  # fmt: skip
STATUS = {
    "MessageSid": "SM" + 32 * "2", "AccountSid": TWILIO_ACCOUNT, "From": "+13125550188", "To": "+12025550142",
    "MessageStatus": "sent",
}  # fmt: skip


class Pairs(dict[str, list[str]]):
    """What a form of several values looks like to the twilio package."""

    getall = dict.__getitem__


def signature(url: str, pairs: list[tuple[str, str]], token: str = TOKEN, algorithm: str = "HMAC_SHA1") -> str:
    params = Pairs()
    for name, value in pairs:
        params.setdefault(name, []).append(value)
    signed: str = RequestValidator(token).compute_signature(url, params, algorithm)
    return signed


def form_post(
    pairs: list[tuple[str, str]], url: str = URL, signed_url: str | None = None, **headers: str
) -> HttpRequest:
    fields = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature(signed_url or url, pairs),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return HttpRequest("POST", url, Headers.of(fields), urlencode(pairs).encode())


def parsed(fields: dict[str, str], **changes: str | None) -> Any:
    kept = {name: value for name, value in (fields | changes).items() if value is not None}
    (event,) = ADAPTER.parse(form_post(list(kept.items())), {})
    return event


FIELDS = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=8)
HOSTS = st.sampled_from(["gw.example.test", "gw.example.test:8443", "gw.example.test:443"])
PATHS = st.sampled_from(["", "/hooks/int_1", "/a%2Fb/", "/hooks?x=a%20b&y=1"])


@given(FIELDS, HOSTS, PATHS, st.booleans())
def test_a_signature_counts_exactly_when_the_twilio_package_says_so(
    pairs: list[tuple[str, str]], host: str, path: str, tampered: bool
) -> None:
    whole = [*pairs, ("AccountSid", TWILIO_ACCOUNT)]
    url = f"https://{host}{path}"
    request = form_post(whole, url)
    if tampered:
        whole = [*whole, ("Extra", "1")]
        request = replace(request, body=urlencode(whole).encode())
    params = Pairs()
    for name, value in whole:
        params.setdefault(name, []).append(value)
    genuine = RequestValidator(TOKEN).validate(url, params, request.headers.get("x-twilio-signature"))
    if genuine and params["AccountSid"][0] == TWILIO_ACCOUNT:
        ADAPTER.verify(request, CREDENTIALS, NOW)
    else:
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(request, CREDENTIALS, NOW)


@pytest.mark.parametrize(
    ("called", "signed"),
    [
        ("https://gw.example.test:8443/h?a=%20b", "https://gw.example.test:8443/h?a=%20b"),
        ("https://gw.example.test:8443/h", "https://gw.example.test/h"),
        ("https://gw.example.test/h", "https://gw.example.test:443/h"),
        ("http://gw.example.test/h", "http://gw.example.test:80/h"),
        ("https://user:p:w@gw.example.test/h", "https://gw.example.test/h"),
        ("https://user:pw@gw.example.test:8443/h@x", "https://gw.example.test:8443/h@x"),
        ("https://gw.example.test/h#rc=2&rp=all", "https://gw.example.test/h"),
        ("https://[2001:db8::1]/h", "https://[2001:db8::1]/h"),
        ("https://gw.example.test?x=/", "https://gw.example.test?x=/"),
    ],
)
def test_the_url_is_signed_without_login_and_fragment_and_with_or_without_its_port(called: str, signed: str) -> None:
    ADAPTER.verify(form_post(list(SMS.items()), called, signed), CREDENTIALS, NOW)


@pytest.mark.parametrize(
    ("settings", "token", "algorithm"),
    [
        (SHARED_SETTINGS, TOKEN, "HMAC_SHA256"),
        ("", SHARED, "HMAC_SHA1"),
        ("algorithm=HMAC_SHA1", SHARED, "HMAC_SHA1"),
        ("algorithm=HMAC_MD5", TOKEN, "HMAC_SHA1"),
        ("algorithm=hmac_sha256", SHARED, "HMAC_SHA256"),
        ("algorithm=none", TOKEN, "HMAC_SHA1"),
        (SHARED_SETTINGS, TOKEN, "HMAC_SHA1"),
    ],
)
def test_the_header_names_the_algorithm_but_never_chooses_the_secret(settings: str, token: str, algorithm: str) -> None:
    pairs = list(SMS.items())
    headers = {
        "X-Twilio-Signature": signature(URL, pairs, token, algorithm),
        "X-Twilio-Webhooks-Signature-Settings": settings,
    }
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(form_post(pairs, **headers), CREDENTIALS, NOW)


def test_a_shared_key_is_not_needed_and_may_be_the_only_secret() -> None:
    case = one("twilio", "sms_sharedkey_sha256")
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(case.request, CREDENTIALS.model_copy(update={"shared_key": None}), NOW)
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(form_post(list(SMS.items())), CREDENTIALS.model_copy(update={"auth_token": None}), NOW)
    with pytest.raises(ValueError, match="auth_token is needed"):
        TwilioCredentials.model_validate({"account_sid": TWILIO_ACCOUNT})


@pytest.mark.parametrize("account", ["AC" + 32 * "9", "", None, "ACé"])
def test_a_genuine_webhook_of_another_account_is_refused(account: str | None) -> None:
    fields = {name: value for name, value in SMS.items() if name != "AccountSid"}
    pairs = [*fields.items(), *([("AccountSid", account)] if account is not None else [])]
    with pytest.raises(SignatureInvalid) as refused:
        ADAPTER.verify(form_post(pairs), CREDENTIALS, NOW)
    assert refused.value.code == "account_mismatch"


def test_the_fields_of_a_get_stand_in_the_signed_url() -> None:
    url = f"{URL}?{urlencode(SMS)}"
    request = HttpRequest("GET", url, Headers.of({"X-Twilio-Signature": signature(url, [])}))
    ADAPTER.verify(request, CREDENTIALS, NOW)
    (event,) = ADAPTER.parse(request, {})
    assert isinstance(event, InboundMessage)
    assert event.text == "hi"
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(replace(request, url=url + "&Body=other"), CREDENTIALS, NOW)


def json_post(body: bytes, claimed: str | None) -> HttpRequest:
    url = URL if claimed is None else f"{URL}?bodySHA256={claimed}"
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": signature(url, [])}
    return HttpRequest("POST", url, Headers.of(headers), body)


def test_a_json_body_is_proven_by_its_hash_in_the_url() -> None:
    body = orjson.dumps([{"type": "com.twilio.messaging.message.delivered", "id": "EV1"}, {}, 7])
    hashed = hashlib.sha256(body).hexdigest()
    ADAPTER.verify(json_post(body, hashed), CREDENTIALS, NOW)
    assert [type(event).__name__ for event in ADAPTER.parse(json_post(body, hashed), {})] == [
        "Other", "Other", "Quarantined",
    ]  # fmt: skip


@pytest.mark.parametrize("claimed", [None, "", "0" * 64, "é", hashlib.sha256(b"{}").hexdigest().upper()])
def test_a_json_body_without_its_very_hash_is_refused(claimed: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(json_post(b"{}", claimed), CREDENTIALS, NOW)


def test_events_of_a_stream_know_our_address_and_their_time() -> None:
    data = {"accountSid": TWILIO_ACCOUNT, "from": "whatsapp:+12025550142", "to": "whatsapp:+13125550188"}
    inbound = {"type": "com.twilio.messaging.inbound-message.received", "id": "EZ1", "time": "2026-01-01T00:00:00Z"}
    outbound = {"type": "com.twilio.messaging.message.read", "id": "EZ2", "data": [], "time": "soon"}
    first, second = ADAPTER.parse(json_post(orjson.dumps([inbound | {"data": data}, outbound]), "0"), {})
    assert isinstance(first, Other)
    assert (first.channel, first.address, first.account) == ("whatsapp", "+13125550188", TWILIO_ACCOUNT)
    assert first.occurred_at is not None
    assert isinstance(second, Other)
    assert (second.channel, second.address, second.account, second.occurred_at) == ("sms", None, None, None)


SIGNED = [
    "sms_text", "sms_duplicate_params", "sms_blank_and_new_params", "sms_whitespace_kept", "sms_empty_body",
    "sms_by_get", "sms_sharedkey_sha256", "json_event_stream", "status_with_reference", "sms_port_and_query",
    "sms_userinfo_url",
]  # fmt: skip


@pytest.mark.parametrize("name", SIGNED)
def test_we_sign_as_twilio_does(name: str) -> None:
    case = one("twilio", name)
    credentials = TwilioCredentials.model_validate(case.credentials)
    kept = {key: value for key, value in case.request.headers.as_dict().items() if key != "x-twilio-signature"}
    assert ADAPTER.sign
    signed = ADAPTER.sign(replace(case.request, headers=Headers.of(kept)), credentials, NOW)
    ADAPTER.verify(signed, credentials, NOW)
    assert signed.url == case.request.url
    assert signed.headers.get("x-twilio-signature") == case.request.headers.get("x-twilio-signature")


@pytest.mark.parametrize("url", [URL, f"{URL}?a=1", f"{URL}?bodySHA256=wrong", f"{URL}?a=1#rc=2"])
def test_what_twilio_puts_beside_a_body_is_put_there(url: str) -> None:
    only_shared = TwilioCredentials.model_validate({"account_sid": TWILIO_ACCOUNT, "shared_key": SHARED})
    json_body = HttpRequest("POST", url, Headers.of({"Content-Type": "application/json"}), b"[]")
    form = HttpRequest("POST", url, body=urlencode(SMS).encode())
    assert ADAPTER.sign
    for request in (json_body, form):
        ADAPTER.verify(ADAPTER.sign(request, only_shared, NOW), only_shared, NOW)
        ADAPTER.verify(ADAPTER.sign(request, CREDENTIALS, NOW), CREDENTIALS, NOW)


@pytest.mark.parametrize(
    ("sent", "word"), [("STOP", "stop"), ("Start", "start"), ("HELP", "help"), ("LATER", None), ("", None)]
)
def test_only_what_twilio_documents_is_an_opt_out(sent: str, word: str | None) -> None:
    assert parsed(SMS, OptOutType=sent).extra.get("opt_out") == word


def test_a_form_is_checked_as_one_whatever_it_calls_itself() -> None:
    request = form_post(list(SMS.items()))
    ADAPTER.verify(replace(request, headers=Headers(list(request.headers.as_dict().items())[1:])), CREDENTIALS, NOW)
    other = form_post([*SMS.items(), ("AccountSid", "AC1")], Content_Type="text/plain")
    ADAPTER.verify(other, CREDENTIALS, NOW)
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(replace(other, body=b"Body=forged"), CREDENTIALS, NOW)


@pytest.mark.parametrize("url", [f"{URL}/\udcff", f"{URL}/é", f"{URL}?\ud83d"])
def test_a_url_beyond_ascii_can_not_have_been_signed(url: str) -> None:
    headers = Headers.of({"X-Twilio-Signature": "A" * 27 + "="})
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(HttpRequest("POST", url, headers, b"Body=hi"), CREDENTIALS, NOW)


@given(st.text(alphabet="ab%2B+&=;0Fé\n", max_size=40))
def test_forms_are_decoded_as_the_standard_library_decodes_them(encoded: str) -> None:
    form = read_form(encoded)
    assert [(name, value) for name in form for value in form.getall(name)] == sorted(
        parse_qsl(encoded, keep_blank_values=True), key=lambda pair: list(form).index(pair[0])
    )


def test_a_body_that_no_webhook_can_have_is_refused_and_malformed() -> None:
    for body in (b"\xff=1", b"&".join([b"a=1"] * 2000)):
        request = replace(form_post(list(SMS.items())), body=body)
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(request, CREDENTIALS, NOW)
        with pytest.raises(PayloadMalformed):
            ADAPTER.parse(request, {})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"channel": "sms", "subtype": "text", "sender": "+12025550142", "address": "+13125550188"}),
        ({"From": "rcs:+12025550142"}, {"channel": "sms", "sender": "+12025550142"}),
        ({"From": "55501"}, {"sender": "55501", "identities": (Identity(kind="phone", value="55501"),)}),
        ({"From": "ACME Shop"}, {"sender": "ACME Shop"}),
        ({"From": ""}, {"sender": None, "identities": (Identity(kind="phone", value="unknown:SM" + 32 * "1"),)}),
        ({"From": "+266696687"}, {"identities": (Identity(kind="phone", value="unknown:SM" + 32 * "1"),)}),
        ({"To": None}, {"recipients": (), "address": None}),
        ({"NumMedia": "many", "MediaUrl1": "https://api.twilio.com/x", "MediaContentType1": "video/mp4"},
         {"channel": "mms"}),
        ({"NumMedia": None}, {"channel": "sms"}),
        ({"SmsStatus": None}, {"text": "hi"}),
        ({"MessageSid": None, "SmsSid": "SM7"}, {"external_id": "SM7"}),
        ({"MessageStatus": "received"}, {"text": "hi"}),
        ({"Body": None}, {"text": None}),
        ({"NumSegments": "0"}, {"extra": {}}),
    ],
)  # fmt: skip
def test_a_text_message_is_read(changes: dict[str, str | None], expected: dict[str, Any]) -> None:
    event = parsed(SMS, **changes)
    assert isinstance(event, InboundMessage)
    assert {key: getattr(event, key) for key in expected} == expected


WHATSAPP = {"From": "whatsapp:+12025550142", "To": "whatsapp:+13125550188"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"MessageType": "poll"}, {"subtype": "unsupported", "extra": {"raw_type": "poll"}}),
        ({"MessageType": "interactive", "ListId": "a", "ListTitle": "A", "Body": ""},
         {"subtype": "interactive", "text": "A", "extra": {"list_id": "a", "list_title": "A"}}),
        ({"ButtonText": "Yes", "Body": ""}, {"subtype": "button", "text": "Yes"}),
        ({"Forwarded": "false", "FrequentlyForwarded": "true"}, {"extra": {"frequently_forwarded": True}}),
        ({"ReferralNumMedia": "0"}, {"extra": {}}),
        ({"Latitude": "0", "Longitude": "0"},
         {"subtype": "location", "attachments": (Location(latitude=0, longitude=0),)}),
        ({"Latitude": "north", "Longitude": "0"}, {"attachments": ()}),
        ({"Latitude": "nan", "Longitude": "0"}, {"attachments": ()}),
        ({"From": "whatsapp:US.1", "ExternalUserId": "whatsapp:US.1"},
         {"sender": "US.1", "identities": (Identity(kind="bsuid", value="US.1"),)}),
        ({"ExternalUserId": "whatsapp:US.1"},
         {"identities": (Identity(kind="bsuid", value="US.1"), Identity(kind="whatsapp", value="+12025550142"))}),
        ({"From": "whatsapp:"},
         {"sender": None, "identities": (Identity(kind="whatsapp", value="unknown:SM" + 32 * "1"),)}),
    ],
)  # fmt: skip
def test_a_whatsapp_message_is_read(changes: dict[str, str], expected: dict[str, Any]) -> None:
    event = parsed(SMS | WHATSAPP, **changes)
    assert event.channel == "whatsapp"
    assert {key: getattr(event, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"MessageStatus": "accepted"}, {"status": "queued"}),
        ({"MessageStatus": "partially_delivered"}, {"status": "delivered"}),
        ({"MessageStatus": "canceled"}, {"status": "canceled"}),
        ({"MessageStatus": "pondering"}, {"status": "unknown"}),
        ({"MessageStatus": None, "SmsStatus": "sent"}, {"status": "sent"}),
        ({"ErrorCode": "0"}, {"error_code": None, "error_message": None}),
        ({"MessageStatus": "failed", "ErrorCode": "30017"}, {"error_code": "30017"}),
        ({"MessageStatus": "delivered", "EventType": "READ"}, {"external_id": "SM" + 32 * "2" + ":delivered:read"}),
        ({"MessageStatus": "read", "EventType": "READ"}, {"external_id": "SM" + 32 * "2" + ":read"}),
        ({"From": "whatsapp:+13125550188"}, {"channel": "whatsapp", "address": "+13125550188"}),
    ],
)  # fmt: skip
def test_a_status_is_read(changes: dict[str, str | None], expected: dict[str, Any]) -> None:
    event = parsed(STATUS, **changes)
    assert isinstance(event, StatusUpdate)
    assert {key: getattr(event, key) for key in expected} == expected


def test_a_status_brings_back_what_its_url_was_given() -> None:
    (event,) = ADAPTER.parse(form_post(list(STATUS.items()), f"{URL}?reference=msg_1"), {})
    assert isinstance(event, StatusUpdate)
    assert event.extra["callback_data"] == "msg_1"


def test_a_status_of_a_messaging_service_goes_to_that_service() -> None:
    service = "MG" + 32 * "8"
    (event,) = ADAPTER.parse(form_post(list(STATUS.items()), f"{URL}?reference=msg_1&service={service}"), {})
    assert isinstance(event, StatusUpdate)
    assert (event.address, event.extra["callback_data"]) == (service, "msg_1")


def test_what_is_no_message_is_taken_note_of_or_malformed() -> None:
    assert isinstance(parsed({"AccountSid": TWILIO_ACCOUNT, "CallSid": "CA1"}), Other)
    assert isinstance(parsed(STATUS, MessageStatus="received"), Other)
    for changes in ({"MessageSid": None}, {"From": "messenger:1"}, {"From": ""} | {"To": "fax:1"}):
        with pytest.raises(PayloadMalformed):
            parsed(SMS, **changes)


def test_the_acknowledgement_says_nothing_to_the_customer() -> None:
    answer = ADAPTER.acknowledgement
    assert (answer.status, answer.headers.get("content-type")) == (200, "text/xml")
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
