"""Slips: signed notes that a browser carries between two steps of coming in, so that nothing needs to be stored."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from gateway.keys import Keyring

UNTIL = "until"


def write(keyring: Keyring, purpose: str, values: Mapping[str, str], until: datetime) -> str:
    """Write a slip, which counts for one purpose until a moment."""
    body = orjson.dumps({**values, UNTIL: int(until.timestamp())})
    return f"{base64.urlsafe_b64encode(body).decode()}.{keyring.mac(purpose, body)}"


def read(keyring: Keyring, purpose: str, slip: str, now: datetime) -> Mapping[str, str] | None:
    """Return what stands on a slip; None when it is forged, for another purpose, or too old."""
    text, _, proof = slip.partition(".")
    try:
        body = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    if not keyring.proves(purpose, body, proof):
        return None
    values = orjson.loads(body)
    until = datetime.fromtimestamp(values.pop(UNTIL), UTC)
    return values if now < until else None
