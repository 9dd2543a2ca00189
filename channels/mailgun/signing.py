"""Mailgun's signature on everything it posts.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks

An HMAC of the time-stamp and a token, with nothing between them and NOTHING OF THE BODY: whoever got hold of one post
can put its three values on any other body. What stands against that: https; the window of 12 hours, since Mailgun
repeats a post for 8; and the token, which is for one use. The store refuses a token that it knows with another body
(``Adapter.nonce``), and a mail's token is its external id besides.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import digest
from typing import Any
from urllib.parse import urlencode

import orjson

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.http import HttpRequest
from channels.json_fields import object_in
from channels.mailgun.posts import is_event, read_event, read_form
from channels.multipart import FormPart, write_multipart
from channels.signatures import require_fresh, require_hmac_sha256

PAST_SECONDS = 12 * 3600
FUTURE_SECONDS = 300
#: Until no proof with a used token can be fresh, and an hour for clocks that differ.
NONCE_KEPT = timedelta(seconds=PAST_SECONDS + FUTURE_SECONDS + 3600)
#: Where one ends and the other begins is not signed, so that their shapes have to tell.
TIMESTAMP = re.compile(r"[0-9]{10}")
TOKEN = re.compile(r"[0-9A-Za-z]{50}")
NAMES = ("timestamp", "token", "signature")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a post proves itself with; ``parent`` is by the key of the account above, for those of a sub-account."""

    timestamp: str
    token: str
    signature: str
    parent: str


def proof_of(request: HttpRequest) -> Proof:
    """Return the proof that a post carries.

    Raises:
        SignatureInvalid: when it carries none that could be right.
    """
    try:
        timestamp, token, signature, parent = _values(request)
    except PayloadMalformed as error:
        raise SignatureInvalid("body_unreadable", "the body that should hold the signature can't be read") from error
    if TIMESTAMP.fullmatch(timestamp) is None or TOKEN.fullmatch(token) is None:
        raise SignatureInvalid("signature_missing", "the time-stamp or the token is missing or misshapen")
    return Proof(timestamp, token, signature, parent)


def require_signature(request: HttpRequest, secrets: Sequence[bytes], now: datetime) -> None:
    """Check the signature and its age.

    Raises:
        SignatureInvalid: when it is stale, malformed, or made with none of the secrets.
    """
    proof = proof_of(request)
    require_fresh(proof.timestamp, now, past=PAST_SECONDS, future=FUTURE_SECONDS)
    signed = (proof.timestamp + proof.token).encode()
    try:
        require_hmac_sha256(secrets, signed, proof.signature)
    except SignatureInvalid:
        if not proof.parent:
            raise
        require_hmac_sha256(secrets, signed, proof.parent)


def signed(request: HttpRequest, secret: bytes, now: datetime) -> HttpRequest:
    """Return a post with a proof of its own, in place of any that it had; its token is a hash of the body."""
    timestamp, token = f"{int(now.timestamp()):010}", hashlib.sha256(request.body).hexdigest()[:50]
    signature = digest(secret, (timestamp + token).encode(), "sha256").hex()
    proof = dict(zip(NAMES, (timestamp, token, signature), strict=True))
    if is_event(request):
        return replace(request, body=orjson.dumps({**read_event(request), "signature": proof}))
    form = read_form(request)
    if request.media_type.startswith("multipart/"):
        kept = [part for part in form.parts if part.name not in NAMES]
        kind, body = write_multipart([*kept, *(FormPart(name, value.encode()) for name, value in proof.items())])
        return replace(request, headers=request.headers.with_fields({"Content-Type": kind}), body=body)
    fields = [(part.name, part.body) for part in form.parts if part.name not in NAMES]
    return replace(request, body=urlencode([*fields, *proof.items()]).encode())


def _values(request: HttpRequest) -> tuple[str, str, str, str]:
    if not is_event(request):
        form = read_form(request)
        timestamp, token, signature = (form.text(name) for name in NAMES)
        return timestamp, token, signature, ""
    found = object_in(read_event(request), "signature")
    timestamp, token, signature, parent = (_text(found.get(name)) for name in (*NAMES, "parent-signature"))
    return timestamp, token, signature, parent


def _text(value: Any) -> str:  # Any: what JSON may hold
    return value if isinstance(value, str) else ""
