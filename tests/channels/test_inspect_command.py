"""``postgate inspect``: an answer in JSON for everything, and never a secret in it."""

import base64
import hashlib
import hmac
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.inspect import inspect
from tests.channels.fixtures import FIXTURES, PROVIDERS, Recorded, all_recorded, forgeries, one, recorded
from tests.channels.matching import differences

APP = typer.Typer()
APP.command()(inspect)
CASES = recorded(*PROVIDERS)


def line(case: Recorded, **changes: Any) -> dict[str, Any]:
    """Write a recording as a line of a batch."""
    request = changes.pop("request", case.request)
    return {
        "provider": case.provider, "method": request.method, "url": request.url,
        "headers": request.headers.as_dict(), "body_base64": base64.b64encode(request.body).decode(),
        "credentials": case.credentials, "now": case.now.isoformat(), "context": case.context,
    } | changes  # fmt: skip


def batch(*lines: Any) -> list[dict[str, Any]]:
    written = [item if isinstance(item, bytes) else orjson.dumps(item) for item in lines]
    result = CliRunner().invoke(APP, ["--batch", "-"], input=b"\n".join(written) + b"\n")
    assert result.exit_code == 0, result.output
    answers = [orjson.loads(answer) for answer in result.stdout_bytes.splitlines()]
    assert len(answers) == len(lines)
    return answers


def run(*arguments: str, stdin: bytes | None = None) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(APP, list(arguments), input=stdin)
    assert not isinstance(result.exception, Exception), result.exception
    return result.exit_code, orjson.loads(result.stdout_bytes)


def arguments(case: Recorded) -> list[str]:
    headers = [
        part for name, value in case.request.headers.as_dict().items() for part in ("--header", f"{name}: {value}")
    ]
    credentials = orjson.dumps(case.credentials).decode()
    return [case.provider, "-", *headers, "--url", case.request.url, "--credentials", credentials]


def test_a_batch_answers_every_recording_of_every_provider_in_order() -> None:
    cases = all_recorded()
    for case, answer in zip(cases, batch(*(line(case) for case in cases)), strict=True):
        assert answer["verified"] is case.valid, str(case)
        assert answer["status"] in (case.status if isinstance(case.status, list) else [case.status]), str(case)
        assert (answer["error"] is None) is case.valid, str(case)
        assert differences(case.events, answer["events"]) == [], str(case)


def test_a_forged_webhook_is_answered_with_401_and_has_no_events() -> None:
    forged = [(case, request) for case in CASES for word, request in forgeries(case) if word != "not even text"]
    for answer in batch(*(line(case, request=request) for case, request in forged)):
        assert (answer["verified"], answer["status"], answer["events"]) == (False, 401, [])
        assert answer["error"]["code"]


@pytest.mark.parametrize(
    "case", [one("whatsapp_cloud", "text_unicode_raw_utf8"), one("twilio", "sms_userinfo_url")], ids=str
)
def test_one_case_comes_from_the_arguments(case: Recorded) -> None:
    code, answer = run(*arguments(case), stdin=case.request.body)
    assert (code, answer["verified"]) == (0, True)
    assert differences(case.events, answer["events"]) == []
    assert set(answer) == {"verified", "error", "status", "events"}


def signed(body: bytes) -> list[str]:
    signature = hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()
    headers = ["--header", f"X-Hub-Signature-256: sha256={signature}"]
    return ["whatsapp_cloud", "-", *headers, "--credentials", '{"app_secret":"app-secret"}']


def test_the_exit_code_tells_a_forgery_from_a_malformed_body() -> None:
    assert run(*signed(b"one body"), stdin=b"another")[0] == 1
    code, answer = run(*signed(b"[]"), stdin=b"[]")
    assert (code, answer["verified"], answer["status"], answer["events"]) == (2, True, 200, [])
    assert answer["error"]["code"] == "not_whatsapp"


def test_what_is_quarantined_is_listed_beside_the_events() -> None:
    body = b'{"object":"whatsapp_business_account","entry":[7,{"id":"1","changes":[{"field":"new","value":{}}]}]}'
    code, answer = run(*signed(body), stdin=body)
    assert (code, len(answer["events"]), answer["error"]) == (0, 1, None)
    assert answer["quarantined"][0]["reason"] == "entry_malformed"
    body = b'{"object":"whatsapp_business_account","entry":[7]}'
    code, answer = run(*signed(body), stdin=body)
    assert (code, answer["events"], answer["error"]["code"]) == (2, [], "entry_malformed")


HANDSHAKE = "https://gw.example.test/h?hub.mode=subscribe&hub.challenge=77&hub.verify_token="
TOKENS = '{"app_secret":"x","verify_token":"right"}'


@pytest.mark.parametrize(("token", "expected"), [("right", (0, True, 200)), ("wrong", (1, False, 403))])
def test_a_get_tries_the_handshake(token: str, expected: tuple[int, bool, int]) -> None:
    given = ("--method", "get", "--url", HANDSHAKE + token, "--credentials", TOKENS)
    code, answer = run("whatsapp_cloud", "-", *given, stdin=b"")
    assert (code, answer["verified"], answer["status"]) == expected
    assert answer["events"] == []


def test_a_raw_mail_needs_no_signature() -> None:
    mail = b"From: Jane <jane@example.org>\r\nTo: support@acme.test\r\nSubject: Hello\r\n\r\nhi\r\n"
    context = '{"envelope":{"from":"jane@example.org","to":["support@acme.test"]}}'
    code, answer = run("smtp", "-", "--context", context, stdin=mail)
    assert (code, answer["verified"]) == (0, True)
    assert (answer["events"][0]["subject"], answer["events"][0]["account"]) == ("Hello", "support@acme.test")


TEXT = one("whatsapp_cloud", "text")
WRONG_LINES: list[tuple[Any, str]] = [
    (b"{", "line_invalid"),
    (b"", "line_invalid"),
    (b"\xff", "line_invalid"),
    (b"[]", "line_invalid"),
    ({}, "case_invalid"),
    (line(TEXT, provider="nobody"), "provider_unknown"),
    (line(TEXT, provider=["whatsapp_cloud"]), "case_invalid"),
    (line(TEXT, method=7), "case_invalid"),
    (line(TEXT, url={}), "case_invalid"),
    (line(TEXT, headers=[]), "headers_invalid"),
    (line(TEXT, headers={"X": 1}), "headers_invalid"),
    (line(TEXT, body_base64="%"), "body_invalid"),
    (line(TEXT, body_base64="é"), "body_invalid"),
    (line(TEXT, body_base64=7), "body_invalid"),
    (line(TEXT, credentials=7), "credentials_invalid"),
    (line(TEXT, credentials={}), "credentials_invalid"),
    (line(TEXT, credentials={"app_secret": ["s3cr3t"]}), "credentials_invalid"),
    (line(TEXT, credentials={"app_secret": "s3cr3t", "s3cr3t": "s3cr3t"}), "credentials_invalid"),
    (line(TEXT, context=7), "context_invalid"),
    (line(TEXT, now="yesterday"), "now_invalid"),
    (line(TEXT, now=True), "now_invalid"),
    (line(TEXT, now=10**18), "now_invalid"),
    (line(TEXT, now=[]), "now_invalid"),
]


def test_a_case_that_can_not_be_tried_says_why_and_costs_no_other() -> None:
    lines = [item for wrong, _ in WRONG_LINES for item in (wrong, line(TEXT))]
    answers = batch(*lines)
    for (wrong, code), answer, after in zip(WRONG_LINES, answers[::2], answers[1::2], strict=True):
        assert (answer["verified"], answer["events"], answer["error"]["code"]) == (False, [], code), wrong
        assert after["verified"]


@pytest.mark.parametrize(
    "now", ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01", "1767225600", 1767225600.5]
)
def test_the_clock_may_be_iso_or_epoch_seconds(now: str | float) -> None:
    assert batch(line(TEXT, now=now))[0]["verified"]


def test_no_answer_repeats_a_secret_or_the_right_signature() -> None:
    secret, right = TEXT.credentials["app_secret"], TEXT.request.headers.get("x-hub-signature-256")
    forged = {"x-hub-signature-256": "sha256=" + 64 * "0"}
    lines = [
        line(TEXT, headers=forged),
        line(TEXT, credentials={"app_secret": secret, "unknown": secret}),
        line(TEXT, credentials={"app_secret": [secret]}),
        line(TEXT, credentials=secret),
        orjson.dumps(line(TEXT))[:-1],
    ]
    for answer in batch(*lines):
        written = orjson.dumps(answer).decode()
        assert secret not in written
        assert right.removeprefix("sha256=") not in written


def test_a_body_beyond_the_limit_is_answered_with_413() -> None:
    limit = TEXT.adapter.max_body
    answer = batch(line(TEXT, body_base64=base64.b64encode(b"x" * (limit + 1)).decode()))[0]
    assert (answer["verified"], answer["status"], answer["error"]["code"]) == (False, 413, "body_too_large")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["whatsapp_cloud", "/nowhere/at/all"], "file_unreadable"),
        (["whatsapp_cloud"], "file_missing"),
        (["nobody", "-"], "provider_unknown"),
        ([], "file_missing"),
        (["whatsapp_cloud", "-", "--header", "no colon"], "headers_invalid"),
        (["whatsapp_cloud", "-", "--credentials", "s3cr3t"], "credentials_invalid"),
        (["whatsapp_cloud", "-", "--context", "[]"], "context_invalid"),
        (["--batch", "/nowhere/at/all"], "file_unreadable"),
    ],
)
def test_arguments_that_make_no_case_exit_with_2(given: list[str], code: str) -> None:
    exit_code, answer = run(*given, stdin=b"")
    assert (exit_code, answer["verified"], answer["error"]["code"]) == (2, False, code)
    assert "s3cr3t" not in orjson.dumps(answer).decode()


def test_a_bug_in_an_adapter_is_named_and_costs_no_other_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_case: object) -> None:
        raise RecursionError

    monkeypatch.setattr("gateway.cli.inspect.examine", fail)
    first, second = batch(line(TEXT), b"{")
    assert (first["error"]["code"], second["error"]["code"]) == ("internal_error", "line_invalid")
    assert "RecursionError" in first["error"]["detail"]


def test_a_file_of_cases_is_read_from_disk_by_a_process_of_its_own(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_bytes(b"\n".join([orjson.dumps(line(TEXT)), b"broken"]))
    program = "import typer; from gateway.cli.inspect import inspect; typer.run(inspect)"
    command = [sys.executable, "-c", program, "--batch", str(cases)]
    done = subprocess.run(command, capture_output=True, timeout=60, cwd=FIXTURES.parents[1], check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [orjson.loads(answer)["verified"] for answer in done.stdout.splitlines()] == [True, False]
