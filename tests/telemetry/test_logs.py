"""Log lines: one JSON object each, whoever writes it, and nothing in them that must not be there."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest
import structlog
from pydantic import BaseModel, ValidationError

from gateway import logs
from gateway.line_budget import Budget

TEXT = "Meet me at the old mill"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to standard error by lines at debug level."""
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    level = root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logs.configure_logs("debug")
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)


def read(lines: io.StringIO) -> list[dict[str, Any]]:
    """Read all lines."""
    return [json.loads(line) for line in lines.getvalue().splitlines()]


class Form(BaseModel):
    """Something that somebody fills in."""

    age: int


def test_what_must_not_be_in_a_line_is_taken_out(lines: io.StringIO) -> None:
    structlog.get_logger().info(
        "careless",
        password="correct horse",
        access_token="EAAGm0PX4ZCps",
        credentials={"app_secret": "0f1e2d", "number": "12025550142"},
        text=TEXT,
        message={"subject": TEXT, "id": "msg_1", "nested": {"deep": {"deeper": {"deepest": TEXT}}}},
        raw=TEXT.encode(),
        url="https://media.test/f/1?sig=abcdef&e=1",
        dsn="postgresql://postgate_app:hunter22@db/postgate",
        header="Authorization: Bearer abcdef012345",
        words="from ana@example.org or +12025550142",
        refused="provider answered 190 to EAAGm0PX4ZCpsBAJZC01",
        paid="with 4111 1111 1111 1111 or from DE89370400440532013000",
        secrets=["s1", "s2"],
        many=[f"basic dXNlcjpwYXNz{n}" for n in range(80)],
        status=200,
        tenant="0193a1f0-0000-7000-8000-000000000000",
    )
    [line] = read(lines)
    assert (line["status"], line["tenant"], line["event"]) == (200, "0193a1f0-0000-7000-8000-000000000000", "careless")
    assert line["message"]["id"] == "msg_1"
    assert line["url"] == "https://media.test/f/1?[hidden]"
    for word in ("correct", "EAAG", "0f1e2d", "2025550142", TEXT, "sig=", "hunter22", "abcdef", "ana@", "dXNl", "s1",
        "1111 1", "04400532"):  # fmt: skip
        assert word not in lines.getvalue()


def test_an_exception_is_told_without_the_values_that_it_repeats(lines: io.StringIO) -> None:
    log = structlog.get_logger()
    try:
        Form.model_validate({"age": TEXT})
    except ValidationError:
        log.exception("careless")
    try:
        try:
            raise asyncpg.UniqueViolationError(f"Key (text)=({TEXT}) already exists.")
        except asyncpg.PostgresError as error:
            raise ValueError("no room for Bearer abcdef012345") from error
    except ValueError:
        log.exception("careless")
    nobodys: dict[str, int] = {}
    repeating: list[Callable[[], int]] = [lambda: int(TEXT), lambda: nobodys[TEXT]]
    for careless in repeating:
        try:
            careless()
        except (LookupError, ValueError):
            log.exception("careless")
    validated, failed, *others = read(lines)
    assert len(others) == 2
    assert "ValueError: invalid literal for int() with base 10: [hidden]" in others[0]["exception"]
    assert "ValidationError" in validated["exception"]
    assert "UniqueViolationError 23505" in failed["exception"]
    assert "ValueError: no room for Bearer [hidden]" in failed["exception"]
    assert "test_logs.py" in failed["exception"]
    assert TEXT not in lines.getvalue()


def test_an_exception_from_far_below_is_told_to_its_end(lines: io.StringIO) -> None:
    def fall(deep: int) -> None:
        if deep:
            fall(deep - 1)
        raise LookupError("down here")

    try:
        fall(20)
    except LookupError:
        structlog.get_logger().exception("careless")
    [line] = read(lines)
    assert line["exception"].count(".fall") == 21
    assert line["exception"].endswith("LookupError: down here")


def test_libraries_write_the_same_lines(lines: io.StringIO) -> None:
    logging.getLogger("asyncio").error('Unclosed "connection" to %s', "https://a.test/x?key=1")
    logging.getLogger("aiohttp.access").info("GET /?token=abc")  # of no interest, whatever the level
    broken = OSError("it broke")
    logging.getLogger("aiohttp.server").error("Error handling request", exc_info=broken)
    first, second = read(lines)
    assert (first["event"], first["logger"], first["level"]) == ("library", "asyncio", "error")
    assert first["words"] == 'Unclosed "connection" to https://a.test/x?[hidden]'
    assert "OSError: it broke" in second["exception"]


def test_as_many_lines_of_a_kind_are_written_as_people_read() -> None:
    budget = Budget(lines=2)
    assert [budget.take("taken", 7.0 + n / 10) for n in range(5)] == [0, 0, None, None, None]
    assert budget.take("refused", 7.6) == 0
    assert budget.take("taken", 8.0) == 3
    assert budget.take("taken", 8.1) == 0
