"""Who gets a copy of a mail stands in the request of every provider of mail."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from channels.errors import CannotSend
from channels.outbound import OutboundMessage
from channels.registry import ADAPTERS
from gateway.demo.accounts import account_at

MAIL = [name for name, adapter in ADAPTERS.items() if adapter.capabilities.channels == ("email",)]
#: What it takes to send, where the demo's accounts only receive.
SENDING: dict[str, dict[str, Any]] = {
    "smtp": {"host": "mx.example.org"},
    "ses": {"region": "eu-west-1", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "wrong"},
}


def built(name: str, *cc: str, bcc: Sequence[str] = ()) -> bytes:
    """Return the request that sends a mail with copies; what it holds in base64 is readable."""
    adapter = ADAPTERS[name]
    values = {**account_at(adapter, ()).credentials, **SENDING.get(name, {})}
    message = OutboundMessage(
        reference="m1@shop.test", sender="support@shop.test", recipient="jane@example.org", text="Hello", subject="Hi",
        cc=cc, bcc=bcc, sent_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    request = adapter.build(message, adapter.credentials.model_validate_json(orjson.dumps(values)))
    body = request.body
    if name == "ses":
        body += base64.b64decode(orjson.loads(body)["Content"]["Raw"]["Data"])
    return body + request.headers.get("rcpt-to").encode()


@pytest.mark.parametrize("name", MAIL)
def test_each_copy_is_named(name: str) -> None:
    assert len(MAIL) >= 8
    with_copies, without = built(name, "jo@example.org", "Kim <kim@example.org>"), built(name)
    assert b"jane@example.org" in without
    for address in (b"jo@example.org", b"kim@example.org"):
        assert address in with_copies
        assert address not in without
    assert b"cc" in with_copies.lower()


@pytest.mark.parametrize("name", MAIL)
def test_a_blind_copy_goes_out_and_the_mail_itself_names_it_nowhere(name: str) -> None:
    request = built(name, bcc=["jo@example.org"])  # the envelope, and the mail as it was rendered
    assert request.count(b"jo@example.org") == 1


@pytest.mark.parametrize("name", MAIL)
def test_what_is_no_address_gets_none(name: str) -> None:
    with pytest.raises(CannotSend):
        built(name, "nobody")
    with pytest.raises(CannotSend):
        built(name, bcc=["nobody"])


def test_an_smtp_envelope_names_everybody() -> None:
    assert built("smtp", "jo@example.org").endswith(b"jane@example.org,jo@example.org")
