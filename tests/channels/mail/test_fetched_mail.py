"""What Resend and Brevo only point at is fetched, and from nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.events import InboundMessage, Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import Refused
from tests.channels.fixtures import Recorded, one, recorded

NOW = datetime(2026, 9, 15, 10, tzinfo=UTC)


def answer(status: int, document: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, orjson.dumps(document), Headers.of(headers))


def complete(case: Recorded, *answers: HttpResponse, **fields: Any) -> tuple[list[HttpRequest], Any]:
    """Drive the dialogue of a recording with answers; return what was asked, and what came of it."""
    assert case.adapter.operations.complete is not None
    keys = case.adapter.credentials.model_validate({**case.credentials, "api_key": "key", **fields})
    dialogue, asked, left = case.adapter.operations.complete(case.request, keys, NOW), [], list(answers)
    try:
        asked.append(next(dialogue))
        while True:
            asked.append(dialogue.send(left.pop(0)))
    except StopIteration as end:
        return asked, end.value


RAW = (
    b"From: Jane <jane@example.org>\r\nTo: support@acme-inbox.example\r\nSubject: Question\r\n"
    b"Message-ID: <rs-1@mail.example.org>\r\nIn-Reply-To: <out-1@acme-inbox.example>\r\n\r\nThe whole mail.\r\n"
)
LINK = "https://cdn.resend.example/raw/1?Signature=x"
FOUND = answer(200, {"raw": {"download_url": LINK}})


def test_a_mail_of_resend_is_fetched_and_read_as_it_was_sent() -> None:
    case = one("resend", "inbound_received")
    asked, fetched = complete(case, FOUND, HttpResponse(200, RAW))
    assert [(request.method, request.url) for request in asked] == [
        ("GET", "https://api.resend.com/emails/receiving/99991188-7520-42d8-8898-ff6fc54ce618"),
        ("GET", LINK),
    ]
    assert asked[0].headers.get("authorization") == "Bearer key"
    assert asked[1].headers.as_dict() == {}
    (event,) = case.adapter.parse(case.request, {"fetched": fetched})
    assert isinstance(event, InboundMessage)
    assert event.mail is not None
    assert (event.text, event.in_reply_to, event.mail["fetch"]) == ("The whole mail.", "out-1@acme-inbox.example", None)
    assert event.external_id == case.request.headers.get("svix-id")


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        "http://cdn.resend.example/raw",
        "https://127.0.0.1/raw",
        "https://[::1]/raw",
        "https://localhost/raw",
        "https://user:pass@cdn.resend.example/raw",
        "https://cdn.resend.example:8443/raw",
        "https://cdn.resend.example@evil.example/raw",
        "https://cdn.resend.example/\nraw",
        "file:///etc/passwd",
    ],
)
def test_a_download_from_anywhere_else_is_not_followed(link: str | None) -> None:
    asked, fetched = complete(one("resend", "inbound_received"), answer(200, {"raw": {"download_url": link}}))
    assert len(asked) == 1
    assert isinstance(fetched, Refused)
    assert not fetched.retryable


@pytest.mark.parametrize(
    ("answers", "retryable"),
    [
        ((HttpResponse(404, b"{}"),), False),
        ((HttpResponse(401, b"{}"),), False),
        ((HttpResponse(429, b"{}"),), True),
        ((HttpResponse(503, b"<html>"),), True),
        ((HttpResponse(599, failure="timed out"),), True),
        ((FOUND, HttpResponse(403, b"expired")), True),
        ((FOUND, HttpResponse(200, b" ")), True),
    ],
)
def test_a_mail_that_can_not_be_fetched_is_asked_for_again_or_given_up(
    answers: tuple[HttpResponse, ...], *, retryable: bool
) -> None:
    _, fetched = complete(one("resend", "inbound_received"), *answers)
    assert isinstance(fetched, Refused)
    assert fetched.retryable is retryable


@pytest.mark.parametrize(("provider", "name"), [("resend", "event_bounced"), ("brevo", "event_blocked")])
def test_nothing_is_fetched_for_an_event(provider: str, name: str) -> None:
    assert complete(one(provider, name)) == ([], {})


@pytest.mark.parametrize(("provider", "name"), [("resend", "inbound_received"), ("brevo", "inbound_items")])
def test_nothing_is_fetched_without_a_key(provider: str, name: str) -> None:
    assert complete(one(provider, name), api_key=None) == ([], {})


def test_files_of_brevo_are_fetched_and_put_where_they_belong() -> None:
    case = one("brevo", "inbound_items")
    asked, fetched = complete(case, HttpResponse(200, b"\x89PNG\r\n\x1a\n"))
    assert [request.url for request in asked] == ["https://api.brevo.com/v3/inbound/attachments/eyTOKEN1"]
    assert asked[0].headers.get("api-key") == "key"
    event = next(iter(case.adapter.parse(case.request, {"fetched": fetched})))
    assert isinstance(event, InboundMessage)
    (file,) = event.attachments
    assert isinstance(file, Media)
    assert (file.content, file.inline, "fetch" in file.extra) == (b"\x89PNG\r\n\x1a\n", True, False)


@pytest.mark.parametrize(
    ("token", "place"),
    [
        ("a/../b?c=1#d", "/inbound/attachments/a%2F..%2Fb%3Fc%3D1%23d"),
        ("...", "/inbound/attachments/..."),
        ("..", None),
        (".", None),
        ("", None),
        (7, None),
    ],
)
def test_a_token_of_brevo_leads_nowhere_else(token: Any, place: str | None) -> None:
    case = one("brevo", "inbound_items")
    document = orjson.loads(case.request.body)
    document["items"][0]["Attachments"][0]["DownloadToken"] = token
    changed = replace(case, request=replace(case.request, body=orjson.dumps(document)))
    asked, _ = complete(changed, *([HttpResponse(404)] if place else []))
    assert [request.url for request in asked] == ([f"https://api.brevo.com/v3{place}"] if place else [])
    event = next(iter(case.adapter.parse(changed.request, {})))
    assert isinstance(event, InboundMessage)
    (file,) = event.attachments
    assert isinstance(file, Media)
    assert file.extra.get("fetch") == (f"GET {place}" if place else None)


@pytest.mark.parametrize(
    ("response", "wanted"),
    [
        (HttpResponse(404), {}),
        (HttpResponse(401), False),
        (HttpResponse(429), True),
        (HttpResponse(500), True),
        (HttpResponse(599, failure="timed out"), True),
        (HttpResponse(200, bytes(26 * 1024 * 1024)), {}),
    ],
    ids=["gone", "no access", "throttled", "trouble", "no answer", "larger than said"],
)
def test_a_file_of_brevo_that_can_not_be_fetched(response: HttpResponse, wanted: Any) -> None:
    _, fetched = complete(one("brevo", "inbound_items"), response)
    assert (fetched.retryable if isinstance(fetched, Refused) else fetched) == wanted


def test_files_of_brevo_that_are_too_large_in_all_are_not_fetched() -> None:
    case = one("brevo", "inbound_items")
    document = orjson.loads(case.request.body)
    document["items"][0]["Attachments"][0]["ContentLength"] = 26 * 1024 * 1024
    large = replace(case, request=replace(case.request, body=orjson.dumps(document)))
    assert complete(large) == ([], {})


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=200), provider=st.sampled_from(["resend", "brevo"]))
def test_no_body_makes_fetching_fail(body: bytes, provider: str) -> None:
    case = next(case for case in recorded(provider) if case.valid)
    keys = case.adapter.credentials.model_validate({**case.credentials, "api_key": "key"})
    operation = case.adapter.operations.complete
    assert operation is not None
    with pytest.raises(StopIteration) as end:
        next(operation(HttpRequest("POST", "", body=body), keys, NOW))
    assert end.value.value == {}
