"""What is posted to a receiver to learn whether it is right. Pure: time, ids and chance come in."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from channels.http import Headers, HttpRequest
from channels.standard_webhooks import PRIVATE, keys_of
from gateway.model.delivery import USER_AGENT
from gateway.model.event_types import PING
from gateway.model.log import iso

#: A type that no version has.
UNKNOWN_TYPE = "webhook_endpoint.certified"
KEY_BYTES = 32
LARGE_BYTES = 256 * 1024
STALE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Probe:
    """A delivery, or what pretends to be one.

    Attributes:
        name: a stable word.
        genuine: whether it has to be taken; otherwise it has to be refused.
        event_id: told as webhook-id.
        body: as it is signed.
        secrets: each signs it; none leaves it unsigned.
        age: how long ago it was signed.
        sent: the body that is sent, where that is another.
        attempt: which one it is.
    """

    name: str
    genuine: bool
    event_id: str
    body: bytes
    secrets: Sequence[str]
    age: timedelta = timedelta()
    sent: bytes | None = None
    attempt: int = 1

    def request(self, url: str, now: datetime) -> HttpRequest:
        """Return the request that is posted.

        Raises:
            SignatureInvalid: when a secret can't be read.
        """
        stamp = str(int((now - self.age).timestamp()))
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "webhook-id": self.event_id,
            "webhook-timestamp": stamp,
            "postgate-attempt": str(self.attempt),
        }
        if self.secrets:
            keys = keys_of([secret.encode() for secret in self.secrets])
            headers["webhook-signature"] = keys.signatures(self.event_id, stamp, self.body)
        return HttpRequest("POST", url, Headers.of(headers), self.body if self.sent is None else self.sent)


def probes(secret: str, now: datetime, new_id: Callable[[], str], random: Callable[[int], bytes]) -> Sequence[Probe]:
    """Return all probes, in the order in which they are posted.

    Args:
        secret: that the receiver verifies with, or the private key that belongs to its public one.
        now: the clock.
        new_id: makes 32 hexadecimal digits that nobody had before.
        random: makes that many random bytes.
    """
    prefix = PRIVATE.decode() if secret.startswith(PRIVATE.decode()) else "whsec_"
    stranger = prefix + base64.b64encode(random(KEY_BYTES)).decode()

    def probe(name: str, *, genuine: bool, kind: str = PING, filling: str = "", **how: Any) -> Probe:
        event_id = f"evt_{new_id()}"
        return Probe(name, genuine, event_id, _event(event_id, kind, now, filling), **{"secrets": [secret], **how})

    genuine = probe("genuine", genuine=True)
    tampered = probe("tampered", genuine=False)
    return (
        genuine,
        Probe("repeated", True, genuine.event_id, genuine.body, [secret], attempt=2),
        probe("rotated", genuine=True, secrets=[stranger, secret]),
        probe("large", genuine=True, filling="x" * LARGE_BYTES),
        probe("unknown_type", genuine=True, kind=UNKNOWN_TYPE),
        probe("stale", genuine=False, age=STALE),
        Probe("tampered", False, tampered.event_id, tampered.body, [secret], sent=_changed(tampered.body)),
        probe("wrong_secret", genuine=False, secrets=[stranger]),
        probe("unsigned", genuine=False, secrets=[]),
    )


def _event(event_id: str, kind: str, now: datetime, filling: str) -> bytes:
    nobody = "0" * 32
    data = {"endpoint_id": f"ep_{nobody}", "test": True} | ({"filling": filling} if filling else {})
    return orjson.dumps(
        {
            "id": event_id,
            "seq": 0,
            "type": kind,
            "timestamp": iso(now),
            "tenant_id": nobody,
            "conversation_id": None,
            "data": data,
        }
    )


def _changed(body: bytes) -> bytes:
    """Return another body that is JSON as well."""
    return body.replace(b'"test":true', b'"test":null')
