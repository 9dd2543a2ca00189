"""``postgate check-url``: the verdict on every URL that somebody may think of, always as JSON."""

import socket
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gateway.cli.check_url import check_url
from gateway.outgoing.egress import Guard
from gateway.outgoing.registration import judge
from gateway.outgoing.target import UrlUnusable, target_of

APP = typer.Typer()
APP.command()(check_url)
URLS = Path(__file__).parent / "fixtures" / "urls.jsonl"
NOTHING_ALLOWED = {"POSTGATE_ALLOW_PRIVATE": ""}


def run(*arguments: str, env: dict[str, str] | None = None, stdin: bytes | None = None) -> tuple[int, list[Any]]:
    result = CliRunner().invoke(APP, list(arguments), env=env or NOTHING_ALLOWED, input=stdin)
    assert not isinstance(result.exception, Exception), result.exception
    return result.exit_code, [orjson.loads(line) for line in result.stdout_bytes.splitlines()]


def test_each_url_of_a_batch_gets_its_verdict() -> None:
    lines = [orjson.loads(line) for line in URLS.read_bytes().splitlines()]
    assert len(lines) > 250
    status, answers = run("--batch", str(URLS))
    assert status == 0
    assert [(answer["url"], answer["verdict"]) for answer in answers] == [
        (line["url"], line["verdict"]) for line in lines
    ]
    for answer in answers:
        assert set(answer) == {"url", "verdict", "reason", "addresses"}
        assert (answer["reason"] is None) == (answer["verdict"] == "allowed")
        assert answer["addresses"] or answer["verdict"] != "allowed"


def test_one_url_is_judged_by_what_it_is_said_to_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("https://a.test/", "--resolve", "A.test.=1.1.1.1,2606:4700:0::1") == (
        0,
        [{"url": "https://a.test/", "verdict": "allowed", "reason": None, "addresses": ["1.1.1.1", "2606:4700::1"]}],
    )
    told = ("--resolve", "a.test=1.1.1.1", "--resolve", "a.test=10.0.0.1", "--resolve", "b.test=1.1.1.1")
    status, [answer] = run("https://a.test/", *told)
    assert (status, answer["verdict"], answer["addresses"]) == (1, "blocked", ["1.1.1.1", "10.0.0.1"])
    assert answer["reason"] == "a.test must not be called: its address is blocked (private)"
    status, [answer] = run("https://c.test/", *told)
    assert (status, answer["verdict"], answer["reason"]) == (1, "blocked", "c.test has no address")
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.9.8.7", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    assert run("https://c.test/")[1][0]["addresses"] == ["10.9.8.7"]


def test_what_the_operator_allowed_is_allowed() -> None:
    allowed = {"POSTGATE_ALLOW_PRIVATE": "10.1.0.0/16, ::1/128"}
    for url, verdict in (
        ("https://db.internal/", "allowed"),
        ("http://db.internal:8080/", "allowed"),
        ("http://10.1.2.3/", "allowed"),
        ("http://[::1]/", "allowed"),
        ("https://10.2.0.1/", "blocked"),
        ("http://10.2.0.1/", "rejected"),
        ("http://public.test/", "rejected"),
        ("https://public.test/", "allowed"),
        ("https://both.internal/", "blocked"),
        ("http://both.internal/", "rejected"),
    ):
        names = ("db.internal=10.1.2.3", "public.test=1.1.1.1", "both.internal=10.1.2.3,1.1.1.1")
        _, [answer] = run(url, *(word for name in names for word in ("--resolve", name)), env=allowed)
        assert answer["verdict"] == verdict, answer
    result = CliRunner().invoke(APP, ["https://a.test/"], env={"POSTGATE_ALLOW_PRIVATE": "everything"})
    assert result.exit_code == 2
    assert "POSTGATE_ALLOW_PRIVATE" in result.stderr


def test_lines_that_are_none_are_answered_in_their_place() -> None:
    lines = [
        b"nonsense", b"", b"[]", b"{}", b'{"url": 5}', b'{"url": "https://a.test/", "dns": []}',
        b'{"url": "https://a.test/", "dns": {"a.test": "1.1.1.1"}}',
        b'{"url": "https://a.test/", "dns": {"a.test": [1]}}',
        b'{"url": "\\ud800"}', b"\xff\xfe",
        b'{"url": "https://a.test/", "dns": {"!": ["1.1.1.1"], "a.test": ["1.1.1.1"]}}',
    ]  # fmt: skip
    status, answers = run("--batch", "-", stdin=b"\n".join(lines))
    assert status == 0
    assert [answer["verdict"] for answer in answers] == ["rejected"] * 10 + ["allowed"]
    codes = [answer["error"]["code"] for answer in answers[:10]]
    assert codes == ["line_invalid"] * 3 + ["url_invalid"] * 2 + ["dns_invalid"] * 3 + ["line_invalid"] * 2
    for arguments in (
        (),
        ("https://a.test/", "--resolve", "a.test"),
        ("https://a\udcff.test/", "--resolve", "\udcff=\udcff"),
    ):
        status, [answer] = run(*arguments)
        assert (status, answer["verdict"]) == (1, "rejected")
    status, [answer] = run("--batch", "/nowhere/at/all")
    assert (status, answer["verdict"]) == (2, "rejected")


@given(st.text() | st.text(alphabet="htps:/@.[]%#\\ 0127xfa-", max_size=40).map("https://".__add__))
async def test_whatever_is_given_is_judged(url: str) -> None:
    async def nobody(_host: str) -> list[str]:
        raise OSError("nobody answers")

    verdict = await judge(url, Guard(), Guard(public=False), nobody)
    try:
        target = target_of(url)
    except UrlUnusable:
        assert verdict.verdict == "rejected"
        return
    assert verdict.verdict != "allowed" or target.literals
    assert target.host.isascii()
    assert 1 <= target.port <= 65535
