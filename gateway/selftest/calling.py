"""Sending one probe to this gateway's own public URL, and telling apart how that can go wrong.

The URL is the operator's own, so it may be anywhere, inside or outside: no other URL is ever called from here.
"""

import ssl
from dataclasses import dataclass

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
)
from yarl import URL

from channels.http import HttpRequest
from gateway.problems import CONTENT_TYPE
from gateway.selftest.probes import Seen

SECONDS = 10.0
ANSWER_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a probe has no answer of ours.

    Attributes:
        kind: name, refused, certificate, tls, time, broken, redirect, elsewhere, not_found.
        detail: more of it: an error's words, a status, a place.
    """

    kind: str
    detail: str


async def call(request: HttpRequest, nonce: str) -> Seen | Trouble:
    """Send a probe, without following redirects and past any proxy of the environment.

    Args:
        request: with the probe's proof.
        nonce: of the probe.
    """
    timeout = ClientTimeout(total=SECONDS)
    try:
        async with (
            ClientSession(timeout=timeout, trust_env=False, cookie_jar=DummyCookieJar()) as session,
            session.request(
                request.method,
                URL(request.url, encoded=True),
                headers={**request.headers.as_dict(), "Accept-Encoding": "identity"},
                data=request.body,
                allow_redirects=False,
            ) as answer,
        ):
            seen = Seen.read(await _bounded(answer))
            if seen is not None and seen.nonce == nonce:
                return seen
            return _elsewhere(answer.status, answer.content_type, answer.headers.get("Location", ""))
    except (ClientError, TimeoutError, OSError) as error:
        return _trouble(error)


def _trouble(error: Exception) -> Trouble:
    """Tell apart why there was no answer at all; the order matters, these are kinds of each other."""
    match error:
        case ClientConnectorDNSError():
            return Trouble("name", _words(error.os_error))
        case ClientConnectorCertificateError():
            return Trouble("certificate", _of_certificate(error.certificate_error))
        case ClientSSLError():
            return Trouble("tls", _words(error))
        case ClientConnectorError():
            return Trouble("refused", _words(error.os_error))
        case TimeoutError():
            return Trouble("time", f"{SECONDS:.0f} seconds")
        case _:
            return Trouble("broken", _words(error))


async def _bounded(answer: ClientResponse) -> bytes:
    """Read the beginning of an answer: ours are short, and somebody else's may have no end."""
    text = b""
    async for chunk in answer.content.iter_any():
        text += chunk
        if len(text) > ANSWER_LIMIT:
            break
    return text


def _elsewhere(status: int, content_type: str, location: str) -> Trouble:
    if 300 <= status < 400:
        return Trouble("redirect", f"{status} to {location[:300]}")
    if status == 404 and content_type == CONTENT_TYPE:
        return Trouble("not_found", str(status))
    return Trouble("elsewhere", f"status {status}, {content_type}")


def _of_certificate(error: Exception) -> str:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else _words(error)


def _words(error: BaseException) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or type(error).__name__)
