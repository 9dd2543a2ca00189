"""Probes: requests of our own to a hook URL. The hook recognises one, stores nothing, and answers what it saw.

Anybody may post to a hook URL, so a probe carries a proof that only this installation can make: a MAC under a key
derived from the master key, over the connection and the time.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web

from channels.adapter import Adapter, Credentials
from channels.errors import SignatureInvalid
from channels.http import HttpRequest
from gateway.keys import Keyring

HEADER = "Postgate-Probe"
PURPOSE = "probe of a hook"
#: Clocks of two processes may differ by this much, and the self-test tells by how much they do.
LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Seen:
    """A probe as it reached the hook.

    Attributes:
        nonce: of the probe, by which its answer is known.
        scheme, host: by which the gateway was called; a proxy may have others in front of it.
        forwarded_scheme, forwarded_host: what a proxy says of itself; empty when it says nothing.
        target: path and query, still percent-encoded.
        body: SHA-256 of it.
        headers: SHA-256 of each value, by lower-case name.
        refusal: why the adapter did not accept it: a code and a sentence; None when it did.
        time: by the clock of the process that answered.
    """

    nonce: str
    scheme: str
    host: str
    forwarded_scheme: str
    forwarded_host: str
    target: str
    body: str
    headers: Mapping[str, str]
    refusal: tuple[str, str] | None
    time: datetime

    @classmethod
    def read(cls, text: bytes) -> "Seen | None":
        """Read the answer to a probe; None when it is something else."""
        try:
            fields: dict[str, Any] = orjson.loads(text)["postgate_probe"]
            refusal = fields.pop("refusal")
            time = datetime.fromisoformat(fields.pop("time"))
            return cls(**fields, refusal=refusal and (refusal[0], refusal[1]), time=time)
        except (ValueError, TypeError, KeyError, IndexError):
            return None

    def write(self) -> bytes:
        """Write it as the answer to a probe."""
        return orjson.dumps({"postgate_probe": self})


class Probes:
    """Makes the proofs of probes, and recognises them.

    Args:
        keyring: holds the master keys.
        clock: the time, in UTC.
    """

    def __init__(self, keyring: Keyring, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._clock = clock

    def proof(self, connection_id: UUID, nonce: str) -> str:
        """Return the header's value for one probe of one connection."""
        seconds = str(int(self._clock().timestamp()))
        return f"{seconds}.{nonce}.{self._keyring.mac(PURPOSE, _signed(connection_id, seconds, nonce))}"

    def answer(
        self, request: web.Request, hook: HttpRequest, connection_id: UUID, adapter: Adapter, credentials: Credentials
    ) -> web.Response | None:
        """Answer a probe; None for everything else. Costs a webhook one look for the header."""
        given = request.headers.get(HEADER)
        nonce = given and self._nonce(given, connection_id)
        if not nonce:
            return None
        seen = Seen(
            nonce=nonce,
            scheme=request.scheme,
            host=request.host,
            forwarded_scheme=_first(request, "X-Forwarded-Proto"),
            forwarded_host=_first(request, "X-Forwarded-Host"),
            target=request.raw_path,
            body=digest(hook.body),
            headers={name: digest(value) for name, value in hook.headers.as_dict().items()},
            refusal=self._refusal(hook, adapter, credentials),
            time=self._clock(),
        )
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=seen.write(), content_type="application/json", headers=headers)

    def _nonce(self, given: str, connection_id: UUID) -> str | None:
        seconds, _, rest = given.partition(".")
        nonce, _, mac = rest.partition(".")
        if not seconds.isascii() or not seconds.isdigit() or len(seconds) > 11:
            return None
        if not self._keyring.proves(PURPOSE, _signed(connection_id, seconds, nonce), mac):
            return None
        made = datetime.fromtimestamp(int(seconds), UTC)
        return nonce if abs(self._clock() - made) <= LASTS else None

    def _refusal(self, hook: HttpRequest, adapter: Adapter, credentials: Credentials) -> tuple[str, str] | None:
        try:
            adapter.verify(hook, credentials, self._clock())
        except SignatureInvalid as error:
            return error.code, error.detail
        return None


def url_seen(request: web.Request) -> str:
    """Return the URL by which a request came, as far as proxies tell; without its query, which may hold a password."""
    scheme = _first(request, "X-Forwarded-Proto") or request.scheme
    host = _first(request, "X-Forwarded-Host") or request.host
    return f"{scheme}://{host}{request.raw_path.partition('?')[0]}"


def digest(value: bytes | str) -> str:
    """Return the SHA-256 of a value that is not to be shown."""
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return hashlib.sha256(data).hexdigest()


def _signed(connection_id: UUID, seconds: str, nonce: str) -> bytes:
    return f"{connection_id.hex}.{seconds}.{nonce}".encode("utf-8", "surrogateescape")


def _first(request: web.Request, name: str) -> str:
    """Return the first of the values that proxies have appended to each other: the outermost one's."""
    return request.headers.get(name, "").partition(",")[0].strip()
