"""Every recorded post of Postmark means what was written down beside it."""

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from channels.errors import SignatureInvalid
from channels.http import Headers, HttpRequest
from channels.providers.postmark import PostmarkCredentials, parse, verify
from tests.channels.mail.cases import FIXTURES, as_recorded, differences, raw, recorded

KEYS = orjson.loads((FIXTURES / "postmark" / "keys.json").read_bytes())
CREDENTIALS = PostmarkCredentials(username=KEYS["username"], password=KEYS["password"])
NOW = datetime(2026, 9, 15, 10, 1, tzinfo=UTC)
POSTS = recorded("postmark")
GENUINE = [case for case in POSTS if case["auth"]["valid"]]
REFUSED = [case for case in POSTS if not case["auth"]["valid"]]


def request_of(case: dict[str, Any]) -> HttpRequest:
    sent = case["request"]
    headers = Headers.of({**sent["headers"], "Content-Type": sent["content_type"]})
    return HttpRequest("POST", "https://gateway.example.org/hooks/int_1", headers, raw("postmark", sent["body"]))


def with_login(login: bytes | None, scheme: str = "Basic") -> HttpRequest:
    if login is None:
        return HttpRequest("POST", "")
    encoded = base64.b64encode(login).decode()
    return HttpRequest("POST", "", Headers([("Authorization", f"{scheme} {encoded}")]))


def posted(body: Any) -> HttpRequest:
    return HttpRequest("POST", "", body=body if isinstance(body, bytes) else orjson.dumps(body))


@pytest.mark.parametrize("case", GENUINE, ids=lambda case: case["name"])
def test_a_genuine_post_means_what_was_recorded(case: dict[str, Any]) -> None:
    request = request_of(case)
    verify(request, CREDENTIALS, NOW)
    assert differences(case["events"], [as_recorded(event) for event in parse(request, {})]) == []


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_a_post_without_the_right_login_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(request_of(case), CREDENTIALS, NOW)
