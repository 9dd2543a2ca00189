"""Whatever a stranger sends, reading it raises nothing but what an adapter may raise."""

import base64
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, InboundMessage, StatusUpdate
from channels.http import HttpRequest
from channels.providers import postmark, smtp
from tests.channels.mail.cases import as_recorded, raw, recorded

MAILS = [raw("eml", case["file"]) for case in recorded("eml") if case["name"] != "deep_nesting"]
POSTS = [raw("postmark", case["request"]["body"]) for case in recorded("postmark")]
CONTEXT: dict[str, Any] = recorded("eml")[0]["context"]
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-Type")
OTHERS = ("Content-Transfer-Encoding", "Content-Disposition", "Authentication-Results", "Received", "Auto-Submitted")
PIECES = st.sampled_from(
    (
        b"\r\n|\n|\r\n\r\n|--b\r\n|--b--\r\n|<|>|\"|(|)|@|;|,|:|=?|=?utf-8?b?|?=|utf-8''%|*0*=|charset=|boundary=b|"
        b"multipart/mixed|\x00|\xff|message/rfc822|multipart/report|message/delivery-status|text/calendar|"
        b"BEGIN:VEVENT\n"
    ).split(b"|")
)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read_mail(body: bytes) -> list[ChannelEvent]:
    try:
        events = list(smtp.parse(HttpRequest("SMTP", "", body=body), CONTEXT))
    except PayloadMalformed:
        return []
    for event in events:
        check(event)
    return events


def read_post(body: bytes) -> list[ChannelEvent]:
    try:
        events = list(postmark.parse(HttpRequest("POST", "", body=body), CONTEXT))
    except PayloadMalformed:
        return []
    for event in events:
        check(event)
    return events


def check(event: ChannelEvent) -> None:
    """An event can be written as JSON and kept in PostgreSQL, which refuses NUL."""
    assert isinstance(event, InboundMessage | StatusUpdate)
    written = orjson.dumps(as_recorded(event))
    assert not [text for text in texts_in(orjson.loads(written)) if "\x00" in text]


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in texts_in(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts_in(one)]
    return [value] if isinstance(value, str) else []


@quick
@given(st.binary(max_size=600))
def test_random_bytes_are_a_mail_or_malformed(body: bytes) -> None:
    read_mail(body)
    read_post(body)


@quick
@given(st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=60), st.sampled_from(HEADERS + OTHERS))
def test_any_header_may_hold_anything(pieces: list[bytes], name: str) -> None:
    read_mail(name.encode() + b": " + b"".join(pieces) + b"\r\nMIME-Version: 1.0\r\n\r\nbody")


@quick
@given(st.sampled_from(MAILS), st.lists(st.tuples(st.floats(0, 1), PIECES, st.integers(0, 40)), max_size=12))
def test_a_mutated_mail_is_read_as_far_as_it_goes(mail: bytes, edits: list[tuple[float, bytes, int]]) -> None:
    for where, piece, cut in edits:
        at = int(where * len(mail))
        mail = mail[:at] + piece + mail[at + cut :]
    read_mail(mail)
    read_mail(mail.replace(b"\r\n", b"\n"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@quick
@given(st.sampled_from(POSTS), st.lists(st.tuples(st.integers(0, 60), json_values), max_size=6))
def test_a_field_of_a_post_may_hold_anything(post: bytes, edits: list[tuple[int, Any]]) -> None:
    values = orjson.loads(post)
    names = sorted(values)
    for number, value in edits:
        values[names[number % len(names)]] = value
    try:
        body = orjson.dumps(values)
    except TypeError:  # a number beyond 64 bits
        return
    read_post(body)


@quick
@given(st.sampled_from(MAILS), st.integers(0, 2**32))
def test_a_raw_mail_within_a_post_may_be_cut_anywhere(mail: bytes, cut: int) -> None:
    text = mail[: cut % (len(mail) + 1)].decode("utf-8", "replace")
    read_post(orjson.dumps({"MessageID": "m", "RawEmail": text, "Headers": [{"Name": "X"}, 1, {"Value": "y"}]}))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"1", b'"x"', b"{}", b'{"RecordType":"Bounce"}', b"[" * 100000])
def test_a_post_that_says_nothing_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        postmark.parse(HttpRequest("POST", "", body=body), {})


@pytest.mark.parametrize("body", [b"", b"\r\n \r\n"])
def test_an_empty_mail_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        smtp.parse(HttpRequest("SMTP", "", body=body), {})


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"envelope": None},
        {"envelope": {"from": 1, "to": 2}},
        {"trusted_authserv_ids": "x"},
        {"reply_address_pattern": "<token><token>"},
        {"own_message_id_domains": [1, None]},
    ],
    ids=str,
)
def test_settings_of_the_wrong_type_are_taken_as_missing(context: dict[str, Any]) -> None:
    (event,) = smtp.parse(HttpRequest("SMTP", "", body=b"From: a@example.org\r\n\r\nx"), context)
    assert isinstance(event, InboundMessage)
    assert event.text == "x"


def test_an_attachment_that_is_no_base64_is_read_leniently() -> None:
    post = {"MessageID": "m", "Attachments": [{"Name": "a", "Content": "dGVz*dA"}, {"Content": 5}]}
    (event,) = postmark.parse(HttpRequest("POST", "", body=orjson.dumps(post)), {})
    assert isinstance(event, InboundMessage)
    assert [getattr(item, "content", None) for item in event.attachments] == [base64.b64decode("dGVzdA=="), b""]
