"""``postgate verify-webhook`` and ``sign-webhook``: an answer in JSON for everything, and never a secret in it."""

import base64
import os
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import orjson
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook
from typer.testing import CliRunner

from gateway.cli.sign_webhook import sign_webhook
from gateway.cli.verify_webhook import verify_webhook
from tests.receivers.recorded import Recorded, recorded

CASES = recorded()
PUBLISHED = CASES[0]
SECRET = PUBLISHED.line["secrets"][0]
SIGNED = PUBLISHED.line["headers"]
ARGUMENTS = ["-", "--secret", SECRET, *(part for item in SIGNED.items() for part in ("--header", ": ".join(item)))]
AT = ["--now", "1614265330"]


def app_of(command: Callable[..., None]) -> typer.Typer:
    app = typer.Typer()
    app.command()(command)
    return app


VERIFY, SIGN = app_of(verify_webhook), app_of(sign_webhook)


def run(app: typer.Typer, *arguments: str, stdin: bytes = PUBLISHED.body) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert not isinstance(result.exception, Exception), result.exception
    return result.exit_code, orjson.loads(result.stdout_bytes)


def batch(app: typer.Typer, lines: list[bytes]) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["--batch", "-"], input=b"\n".join(lines) + b"\n")
    assert result.exit_code == 0, result.output
    answers = [orjson.loads(answer) for answer in result.stdout_bytes.splitlines()]
    assert len(answers) == len(lines)
    return answers


def test_a_batch_says_what_each_recorded_delivery_is() -> None:
    for case, answer in zip(CASES, batch(VERIFY, [orjson.dumps(case.line) for case in CASES]), strict=True):
        assert answer["valid"] is (case.error is None), str(case)
        assert (answer["error"] and answer["error"]["code"]) == case.error, str(case)


def from_arguments(case: Recorded) -> list[str]:
    fields = [part for name, value in case.line["headers"].items() for part in ("--header", f"{name}: {value}")]
    secrets = [part for secret in case.line["secrets"] for part in ("--secret", secret)]
    tolerance = ["--tolerance", str(case.line["tolerance"])] if "tolerance" in case.line else []
    return ["-", *secrets, *fields, *tolerance, "--now", str(case.line["now"])]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_arguments_say_the_same_and_the_exit_status_sums_it_up(case: Recorded) -> None:
    status, answer = run(VERIFY, *from_arguments(case), stdin=case.body)
    assert (answer["error"] and answer["error"]["code"]) == case.error
    assert status == (0 if case.error is None else 2 if case.error.startswith("secret_") else 1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([*ARGUMENTS, "--tolerance", "-1"], "tolerance_invalid"),
        ([*ARGUMENTS, "--tolerance", "nan"], "tolerance_invalid"),
        ([*ARGUMENTS, "--tolerance", "inf"], "tolerance_invalid"),
        ([*ARGUMENTS, "--tolerance", "soon"], "tolerance_invalid"),
        ([*ARGUMENTS, "--now", "yesterday"], "now_invalid"),
        ([*ARGUMENTS, "--header", "no colon"], "headers_invalid"),
        ([*ARGUMENTS, "--header", ": no name"], "headers_invalid"),
        (["/nowhere/at/all", *ARGUMENTS[1:]], "file_unreadable"),
        (["a\x00b", *ARGUMENTS[1:]], "file_unreadable"),
        (ARGUMENTS[1:], "file_missing"),
        (["--batch", "/nowhere/at/all"], "file_unreadable"),
    ],
)
def test_arguments_that_make_no_case_are_answered_too(arguments: list[str], code: str) -> None:
    status, answer = run(VERIFY, *arguments)
    assert (status, answer["valid"], answer["error"]["code"]) == (2, False, code)


WORDS = st.sampled_from(["secrets", "headers", "body_base64", "now", "tolerance", "id", "timestamp", "webhook-id"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
SPOILT = st.dictionaries(WORDS, VALUES, max_size=3).map(lambda changes: orjson.dumps(PUBLISHED.line | changes))
LINES = st.binary(max_size=40).filter(lambda line: b"\n" not in line and b"\r" not in line) | SPOILT


@given(st.lists(LINES, min_size=1, max_size=8))
def test_any_line_gets_an_answer_in_its_place(lines: list[bytes]) -> None:
    for answer in batch(VERIFY, lines):
        assert set(answer) == {"valid", "error"}
        assert answer["valid"] is (answer["error"] is None)
    for answer in batch(SIGN, lines):
        assert set(answer) in ({"webhook-id", "webhook-timestamp", "webhook-signature"}, {"error"})


IDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), min_size=1, max_size=30).filter(str.isprintable)


@given(IDS, st.integers(0, 10**11), st.binary(max_size=60), st.lists(st.binary(min_size=1), min_size=1, max_size=3))
def test_what_is_signed_is_verified(message_id: str, stamp: int, body: bytes, keys: list[bytes]) -> None:
    secrets = [f"whsec_{base64.b64encode(key).decode()}" for key in keys]
    case = {"secrets": secrets, "id": message_id, "timestamp": stamp, "body_base64": base64.b64encode(body).decode()}
    [headers] = batch(SIGN, [orjson.dumps(case)])
    for secret in secrets:
        [answer] = batch(VERIFY, [orjson.dumps(case | {"secrets": [secret], "headers": headers, "now": stamp})])
        assert answer == {"valid": True, "error": None}


def test_it_signs_what_was_published_and_what_the_reference_verifies() -> None:
    status, headers = run(SIGN, "-", "--secret", SECRET, "--id", SIGNED["webhook-id"], "--timestamp", "1614265330")
    assert (status, headers) == (0, SIGNED)
    status, headers = run(SIGN, "-", "--secret", "whsec_b3RoZXI=", "--secret", SECRET, "--id", "msg_1")
    Webhook(SECRET).verify(PUBLISHED.body, headers)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--secret", SECRET], "id_missing"),
        (["--secret", SECRET, "--id", ""], "id_missing"),
        (["--secret", SECRET, "--id", "two\nlines"], "id_invalid"),
        (["--secret", SECRET, "--id", " msg_1"], "id_invalid"),
        (["--secret", SECRET, "--id", "msg_1", "--timestamp", "1.5"], "timestamp_invalid"),
        (["--secret", SECRET, "--id", "msg_1", "--timestamp", "-5"], "timestamp_invalid"),
        (["--secret", SECRET, "--id", "msg_1", "--timestamp", "9" * 13], "timestamp_invalid"),
        (["--secret", "%%%", "--id", "msg_1"], "secret_unusable"),
        (["--secret", CASES[1].line["secrets"][0], "--id", "msg_1"], "secret_unusable"),
        (["--id", "msg_1"], "secret_missing"),
    ],
)
def test_what_cannot_be_signed_is_said(arguments: list[str], code: str) -> None:
    status, answer = run(SIGN, "-", *arguments)
    assert (status, answer["error"]["code"]) == (2, code)


def test_no_secret_is_told_and_arguments_may_be_any_bytes() -> None:
    odd = os.fsdecode(b"\xff")
    for secret, header in (
        (SECRET + "%", "webhook-id: msg_1"),
        (odd, "webhook-id: msg_1"),
        (SECRET, f"webhook-id: {odd}"),
    ):
        status, answer = run(VERIFY, "-", "--secret", secret, "--header", header)
        assert (status, answer["valid"]) == ((1 if secret == SECRET else 2), False)
        assert SECRET[6:20] not in str(answer)
    assert run(SIGN, "-", "--secret", SECRET, "--id", odd) == (2, {"error": ANY})
