"""360dialog: how its webhooks are proven, and where its API differs from Meta's."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import Media
from channels.http import Headers, HttpRequest, HttpResponse, basic_authorization
from channels.operations import Receipt
from channels.outbound import Accepted, OutboundMessage, Refused, Template
from channels.providers.dialog360 import ADAPTER, Dialog360Credentials
from tests.channels.dialogues import played
from tests.channels.fixtures import NOW, one

ROOT = "https://waba-v2.360dialog.io"
BASIC = {"username": "postgate", "password": "long-and-random"}
KEY = Dialog360Credentials.model_validate({**BASIC, "api_key": "key-1"})
NO_KEY = Dialog360Credentials.model_validate(BASIC)
OUTBOUND = OutboundMessage(reference="msg_1", sender="300000000000001", recipient="+12025550142", text="hi")
SIGNED = one("360dialog", "text")


def credentials(**given: Any) -> Dialog360Credentials:
    return Dialog360Credentials.model_validate(given)


@pytest.mark.parametrize(
    "given",
    [
        {}, {"api_key": "x"}, {"username": "x"}, {"password": "x"}, {"webhook_secret": "x", "username": "x"},
        {"webhook_secret": ""}, {"username": "", "password": "x"}, {"previous_webhook_secret": ["x"]},
    ],
)  # fmt: skip
def test_a_connection_that_could_prove_nothing_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        credentials(**given)


def test_where_both_are_configured_both_have_to_be_right() -> None:
    both = credentials(**SIGNED.credentials, **BASIC)
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(SIGNED.request, both, NOW)
    logged_in = {"authorization": basic_authorization("postgate", "long-and-random")}
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(replace(SIGNED.request, headers=Headers.of(logged_in)), both, NOW)
    whole = replace(SIGNED.request, headers=SIGNED.request.headers.with_fields(logged_in))
    ADAPTER.verify(whole, both, NOW)


@pytest.mark.parametrize("header", ["sha1={0}", "sha256=sha256={0}", "SHA256={0}", " {0}", "{0} "])
def test_only_the_two_spellings_that_are_known_count(header: str) -> None:
    right = SIGNED.request.headers.get("x-360dialog-signature")
    request = replace(SIGNED.request, headers=Headers.of({"x-360dialog-signature": header.format(right)}))
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(request, credentials(**SIGNED.credentials), NOW)


@pytest.mark.parametrize("name", ["text", "text_direct_client", "image_with_url"])
def test_we_sign_as_360dialog_does(name: str) -> None:
    case = one("360dialog", name)
    own = credentials(**case.credentials)
    assert ADAPTER.sign
    signed = ADAPTER.sign(HttpRequest("POST", case.request.url, body=case.request.body), own, NOW)
    ADAPTER.verify(signed, own, NOW)
    for header in ("x-360dialog-signature", "authorization"):
        assert signed.headers.get(header) == case.request.headers.get(header)


def test_posts_are_read_and_divided_as_meta_writes_them() -> None:
    assert ADAPTER.divide
    assert ADAPTER.divide(SIGNED.request) == [("300000000000001", SIGNED.request.body)]
    for body in (b"", b"{}", b'{"object":"page"}'):
        with pytest.raises(PayloadMalformed):
            ADAPTER.parse(HttpRequest("POST", "", body=body), {})


def test_a_message_is_sent_by_key_without_a_number_in_the_path() -> None:
    request = ADAPTER.build(OUTBOUND, KEY)
    assert (request.method, request.url) == ("POST", f"{ROOT}/messages")
    assert request.headers.as_dict() == {"d360-api-key": "key-1", "content-type": "application/json"}
    body = orjson.loads(request.body)
    assert (body["to"], body["text"]["body"], body["biz_opaque_callback_data"]) == ("+12025550142", "hi", "msg_1")
    template = replace(OUTBOUND, content=Template(name="sale", language="en"))
    assert orjson.loads(ADAPTER.build(template, KEY).body)["template"]["name"] == "sale"


def test_nothing_is_sent_without_a_key_or_text() -> None:
    with pytest.raises(CannotSend) as refused:
        ADAPTER.build(OUTBOUND, NO_KEY)
    assert refused.value.code == "credentials_incomplete"
    with pytest.raises(CannotSend):
        ADAPTER.build(replace(OUTBOUND, text=None), KEY)


@pytest.mark.parametrize(
    ("status", "document", "code", "retryable", "words"),
    [
        (400, {"error": {"code": 131047, "message": "Re-engagement"}}, "131047", False, "24 hours"),
        (429, {"error": {"code": 130429}}, "130429", True, "no more messages"),
        (401, {"meta": {"http_code": 401, "developer_message": "Invalid api key"}}, "http_401", False,
         "(Invalid api key)"),
        (404, [], "http_404", False, "refused"),
    ],
)  # fmt: skip
def test_a_refusal_is_in_metas_words_or_in_360dialogs(
    status: int, document: Any, code: str, retryable: bool, words: str
) -> None:
    found = ADAPTER.read(HttpResponse(status, orjson.dumps(document)))
    assert isinstance(found, Refused)
    assert (found.code, found.retryable, found.unknown) == (code, retryable, False)
    assert words in found.reason


def test_an_accepted_message_has_metas_id() -> None:
    assert ADAPTER.read(HttpResponse(201, b'{"messages":[{"id":"wamid.1"}]}')) == Accepted("wamid.1")
    lost = ADAPTER.read(HttpResponse(502, b"<html>"))
    assert isinstance(lost, Refused)
    assert lost.unknown


def test_receipts_and_uploads_go_the_same_way() -> None:
    operations = ADAPTER.operations
    assert operations.mark_read
    assert operations.upload
    ok = HttpResponse(200, b'{"success":true}')
    result, (read,) = played(operations.mark_read(Receipt(sender="3", message_ref="wamid.1", typing=True), KEY), ok)
    assert (result, read.url) == (None, f"{ROOT}/messages")
    picture = Media(type="image", mime_type="image/png", content=b"x")
    media_id, (kept,) = played(operations.upload(picture, "3", KEY), HttpResponse(200, b'{"id":"5001"}'))
    assert (media_id, kept.url, kept.headers.get("d360-api-key")) == ("5001", f"{ROOT}/media", "key-1")


def test_templates_are_listed_by_offset() -> None:
    item = {"name": "sale", "language": "en", "status": "approved", "category": "UTILITY", "id": "6",
            "components": [{"type": "BODY", "text": "Hi"}]}  # fmt: skip
    assert ADAPTER.operations.templates
    full = HttpResponse(200, orjson.dumps({"waba_templates": [item] * 1000}))
    last = HttpResponse(200, orjson.dumps({"waba_templates": [item, 7]}))
    found, asked = played(ADAPTER.operations.templates("", KEY), full, last)
    assert [request.url for request in asked] == [
        f"{ROOT}/v1/configs/templates?limit=1000&offset=0",
        f"{ROOT}/v1/configs/templates?limit=1000&offset=1000",
    ]
    assert (len(found), found[0].status, found[0].category, found[0].body) == (1001, "approved", "utility", "Hi")


def test_templates_may_be_refused() -> None:
    assert ADAPTER.operations.templates
    result, _ = played(ADAPTER.operations.templates("", KEY), HttpResponse(401))
    assert result.code == "http_401"
    result, asked = played(ADAPTER.operations.templates("", NO_KEY))
    assert (result.code, asked) == ("credentials_incomplete", [])
