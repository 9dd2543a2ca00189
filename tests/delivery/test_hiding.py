"""Logins are taken out of answers however a receiver spells them."""

import base64
import html
import json
from urllib.parse import quote

import pytest

from gateway.delivery.caller import Answer
from gateway.delivery.hiding import hidden_of, without

PASSWORD = "BASICpw/dead&beef+9'9=="
TOKEN = "Abc/Def+Ghi/SECRET=="
BASIC = {"authorization": "Basic " + base64.b64encode(f"bob:{PASSWORD}".encode()).decode()}
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "said",
    [
        TOKEN,
        json.dumps({"authorization": f"Bearer {TOKEN}"}).replace("/", "\\/"),
        f"https://example.org/?token={quote(TOKEN, safe='')}",
        quote(TOKEN, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d"),
        html.escape(TOKEN),
        TOKEN.rstrip("="),
        TOKEN.replace("/", r"\u002f").replace("+", r"\u002B").replace("=", r"\u003d"),
        TOKEN.replace("/", "&#x2F;").replace("+", "&#43;").replace("=", "&#61;"),
        quote(quote(TOKEN, safe=""), safe=""),
        TOKEN[:9] + "\r\n " + TOKEN[9:],
        TOKEN.lower(),
        base64.b64encode(f"authorization: Bearer {TOKEN}".encode()).decode(),
    ],
)
def test_a_token_is_hidden_in_each_spelling(said: str) -> None:
    answer = without(Answer(status=500, body=f"saw {said} there", total_ms=0.0), hidden_of(BEARER))
    assert "secret" not in answer.body.lower()
    assert said not in answer.body
    assert "[hidden]" in answer.body


@pytest.mark.parametrize(
    "said",
    [
        json.dumps({"PHP_AUTH_USER": "bob", "PHP_AUTH_PW": PASSWORD}),
        f"no such login: bob:{PASSWORD}",
        html.escape(f"wrong password {PASSWORD}"),
        quote(PASSWORD),
        f"begun and cut: {PASSWORD[:12]}",
    ],
)
def test_of_a_pair_the_password_is_hidden_alone_too(said: str) -> None:
    answer = without(Answer(status=401, body=said, headers={"x-echo": said}, total_ms=0.0), hidden_of(BASIC))
    assert "BASICpw" not in answer.body
    assert "dead" not in answer.body


def test_nothing_else_is_touched() -> None:
    said, told = "fine & dandy 100% \\u00", {"x-request-id": "7", "content-type": "text/plain"}
    for login in (BASIC, BEARER, {"x-key": "short"}, {"x-key": "key"}, {}):
        answer = without(Answer(status=200, body=said, headers=told, total_ms=0.0), hidden_of(login))
        assert (answer.body, answer.headers) == (said, told)


def test_a_header_that_only_looks_like_a_pair_is_hidden_whole() -> None:
    hidden = hidden_of({"x-login": "Basic no-base64-at-all!"})
    assert without(Answer(status=200, body="a no-base64-at-all! b", total_ms=0.0), hidden).body == "a [hidden] b"
