"""A fault in our own reading of a webhook costs the provider nothing, and keeps the raw bytes."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from channels.errors import PayloadMalformed
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Route
from tests.ingest.test_writer import webhook


def parsed(failure: Exception) -> Any:
    """Have a webhook parsed by an adapter that fails."""

    def parse(*_arguments: object) -> None:
        raise failure

    receiver = Receiver(
        cast("Any", None),
        cast("Any", None),
        cast("Any", None),
        lambda: None,
        cast("Any", None),
        cast("Any", None),
        lambda: datetime(2026, 1, 1, tzinfo=UTC),
        lambda _: UUID(int=9),
    )
    route = SimpleNamespace(adapter=SimpleNamespace(parse=parse), context=None)
    return receiver.parsed(webhook(), cast("Route", route))


@pytest.mark.parametrize("failure", [RecursionError("too deep"), KeyError("entry"), ZeroDivisionError()], ids=repr)
def test_a_fault_of_ours_is_quarantined(failure: Exception) -> None:
    kept = parsed(failure)
    assert (kept.error_code, kept.request.body) == ("parser_failed", b"{}")
    assert type(failure).__name__ in kept.error_detail


def test_a_payload_that_is_no_good_keeps_its_reason() -> None:
    assert parsed(PayloadMalformed("json_invalid", "line 1")).error_code == "json_invalid"
