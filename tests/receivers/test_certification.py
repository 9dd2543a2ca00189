"""Receivers that are right, and each kind of wrong one, are certified over real sockets."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import orjson
import pytest
import typer
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs
from typer.testing import CliRunner

from channels.errors import SignatureInvalid
from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse
from channels.standard_webhooks import verify
from gateway.cli.certify import certify_receiver
from gateway.receivers.certifying import certify
from gateway.receivers.findings import POINTS
from gateway.receivers.probes import probes

APP = typer.Typer()
APP.command()(certify_receiver)
SECRET = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
PRIVATE = f"whsk_{base64.b64encode(bytes(range(32))).decode()}"

#: Answers a post: its headers by small names, and its body.
Answer = Callable[[dict[str, str], bytes], int]


def by_reference(headers: dict[str, str], body: bytes) -> int:
    """Verify with the package of the scheme's authors, as a receiver is likely to."""
    try:
        Webhook(SECRET).verify(body, headers)
    except WebhookVerificationError:
        return 401
    return 204


def by_public_key(headers: dict[str, str], body: bytes) -> int:
    try:
        verify(Headers.of(headers), body, [PRIVATE.encode()], datetime.now(UTC))
    except SignatureInvalid:
        return 400
    return 200


def believing(_headers: dict[str, str], _body: bytes) -> int:
    return 200


def of_any_age(headers: dict[str, str], body: bytes) -> int:
    stamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    right = Webhook(SECRET).sign(headers["webhook-id"], stamp, body.decode())
    return 200 if right in headers.get("webhook-signature", "").split(" ") else 401


def of_the_first_signature(headers: dict[str, str], body: bytes) -> int:
    first = headers.get("webhook-signature", "v1,").split(" ")[0]
    return by_reference({**headers, "webhook-signature": first}, body)


def of_the_id_alone(headers: dict[str, str], _body: bytes) -> int:
    """Verify nothing but that the signature is there, and stems from whoever knows the secret: the body goes unread."""
    return 204 if "webhook-signature" in headers else 401


def breaking(headers: dict[str, str], body: bytes) -> int:
    return 500 if by_reference(headers, body) == 401 else 200


def of_known_types(headers: dict[str, str], body: bytes) -> int:
    known = orjson.loads(body)["type"] == "webhook_endpoint.ping"
    return by_reference(headers, body) if known else 422


def of_short_bodies(headers: dict[str, str], body: bytes) -> int:
    return by_reference(headers, body) if len(body) < 100 * 1024 else 413


def leading_on(_headers: dict[str, str], _body: bytes) -> int:
    return 308


def refusing(_headers: dict[str, str], _body: bytes) -> int:
    return 401


def once_only() -> Answer:
    seen: set[str] = set()

    def answer(headers: dict[str, str], body: bytes) -> int:
        twice = headers["webhook-id"] in seen
        seen.add(headers["webhook-id"])
        return 409 if twice else by_reference(headers, body)

    return answer


@contextmanager
def receiver(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """Serve on this machine; yields where, and the bodies that came."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(answer({name.lower(): value for name, value in self.headers.items()}, bodies[-1]))
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Be silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook", bodies
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine may be called; and logs stay as they are for the other tests."""
    monkeypatch.setattr("gateway.cli.certify.configure_logs", lambda _level: None)
    monkeypatch.setenv("POSTGATE_ALLOW_PRIVATE", "127.0.0.0/8")


def run(url: str, secret: str = SECRET) -> tuple[int, dict[str, Any]]:
    with capture_logs():
        result = CliRunner().invoke(APP, [url, "--secret", secret, "--json"])
    assert not isinstance(result.exception, Exception), result.exception
    return result.exit_code, orjson.loads(result.stdout_bytes)


FORGERIES = ["stale", "tampered", "wrong_secret", "unsigned"]
GENUINE = ["genuine", "repeated", "rotated", "large", "unknown_type"]


@pytest.mark.parametrize(
    ("answer", "secret", "wrong"),
    [
        (by_reference, SECRET, []),
        (by_public_key, PRIVATE, []),
        (believing, SECRET, FORGERIES),
        (of_any_age, SECRET, ["stale"]),
        (of_the_first_signature, SECRET, ["rotated"]),
        (of_the_id_alone, SECRET, ["stale", "tampered", "wrong_secret"]),
        (breaking, SECRET, FORGERIES),
        (of_known_types, SECRET, ["unknown_type"]),
        (of_short_bodies, SECRET, ["large"]),
        (once_only(), SECRET, ["repeated"]),
        (leading_on, SECRET, GENUINE + FORGERIES),
        (refusing, SECRET, GENUINE),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_wrong_is_told_and_nothing_else(answer: Answer, secret: str, wrong: list[str]) -> None:
    with receiver(answer) as (url, bodies):
        status, verdict = run(url, secret)
    assert [point["point"] for point in verdict["points"]] == GENUINE + FORGERIES == list(POINTS)
    assert [point["point"] for point in verdict["points"] if not point["passed"]] == wrong
    assert all((point["advice"] is None) is point["passed"] for point in verdict["points"])
    assert (status, verdict["certified"]) == ((1, False) if wrong else (0, True))
    assert verdict["warnings"] == []
    assert all(orjson.loads(body)["type"].startswith("webhook_endpoint.") for body in bodies)


def test_the_report_for_people_says_what_to_do() -> None:
    with receiver(of_any_age) as (url, _):
        result = CliRunner().invoke(APP, [url, "--secret", SECRET])
    assert result.exit_code == 1
    assert "FAIL  an event that was signed ten minutes ago: answered 200, should be 4xx" in result.stdout
    assert "Refuse a webhook-timestamp that is more than five minutes off" in result.stdout
    assert result.stdout.endswith("not certified: 1 wrong\n")
    assert SECRET not in result.stdout


def test_where_nobody_is_the_first_probe_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(by_reference) as (url, bodies):
        monkeypatch.delenv("POSTGATE_ALLOW_PRIVATE")
        status, verdict = run(url)
        assert (status, verdict["reached"], len(verdict["points"]), bodies) == (2, False, 1, [])
        assert "not among the allowed networks" in verdict["points"][0]["said"]
        assert "POSTGATE_ALLOW_PRIVATE" in verdict["points"][0]["advice"]
    monkeypatch.setenv("POSTGATE_ALLOW_PRIVATE", "127.0.0.0/8")
    status, verdict = run(url)  # it is gone by now
    assert (status, verdict["reached"], len(verdict["points"])) == (2, False, 1)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("ftp://example.org", SECRET),
        ("https://user:pass@example.org", SECRET),
        ("https://example.org", "whsec_%"),
        ("https://example.org", "whpk_" + base64.b64encode(bytes(32)).decode()),
    ],
)
def test_what_cannot_be_tried_is_said(url: str, secret: str) -> None:
    status, answer = run(url, secret)
    assert status == 2
    assert set(answer) == {"error"}


class Clock:
    """Time that passes while a request is answered."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = list(seconds)
        self.now = 0.0

    async def send(self, _request: HttpRequest) -> HttpResponse:
        took = self._seconds.pop(0) if self._seconds else 0.01
        self.now += took
        return HttpResponse(200) if took < 15 else HttpResponse(NO_ANSWER, failure="no answer in time")


@pytest.mark.parametrize(
    ("seconds", "reached", "tried", "said"),
    [
        ([3.5], True, 9, ["genuine took 3.5 s"]),
        ([2.9, 14.0], True, 9, ["repeated took 14.0 s"]),
        ([15.0], True, 1, []),
        ([1.0, 1.0, 15.0], True, 9, []),
    ],
)
async def test_slow_answers_are_told_and_too_slow_ones_are_wrong(
    seconds: list[float], reached: bool, tried: int, said: list[str]
) -> None:
    clock = Clock(*seconds)
    all_of_them = probes(SECRET, datetime.now(UTC), lambda: uuid4().hex, bytes)
    verdict = await certify(
        "https://example.org", all_of_them, clock.send, lambda: datetime.now(UTC), lambda: clock.now
    )
    assert (verdict.reached, len(verdict.findings)) == (reached, tried)
    assert [warning.split(",")[0] for warning in verdict.warnings] == said
    late = [one for one in verdict.findings if one.milliseconds >= 15_000]
    assert all(not one.passed and "Answer within 15 seconds" in str(one.advice) for one in late)
    assert len(late) == sum(second >= 15 for second in seconds)
