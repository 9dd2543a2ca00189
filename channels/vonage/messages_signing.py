"""How the Messages API signs its webhooks: a JSON Web Token whose claims hold the hash of the body.

https://developer.vonage.com/en/getting-started/concepts/signing-messages
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from channels.errors import SignatureInvalid
from channels.http import HttpRequest
from channels.json_fields import number_in
from channels.signatures import require_fresh
from channels.tokens import require_hash, require_token, signed_token

ALGORITHM = "HS256"
ISSUER = "Vonage"
PAYLOAD_HASH = "payload_hash"

#: How old a token may be, or how far ahead of our clock, in seconds.
TOLERANCE = 300


def bearer_token(request: HttpRequest) -> str | None:
    """Return the token that a request carries; None when it carries none."""
    scheme, _, token = request.headers.get("authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def require_signed_body(request: HttpRequest, token: str, secrets: Sequence[bytes], now: datetime) -> None:
    """Check that a token was signed by the account, is five minutes old at most, and is about this very body.

    Raises:
        SignatureInvalid: when it is not so. A GET has no body that could be signed.
    """
    if request.method == "GET":
        raise SignatureInvalid("body_missing", "the token proves a body, and a GET has none")
    claims = require_token(token, secrets, {ALGORITHM}, now, leeway=TOLERANCE)
    issued = number_in(claims, "iat")
    stamp = str(int(issued)) if issued is not None else ""
    require_fresh(stamp, now, past=TOLERANCE, future=TOLERANCE)
    require_hash(claims, PAYLOAD_HASH, request.body)


def with_token(request: HttpRequest, secret: bytes, now: datetime) -> HttpRequest:
    """Sign a request as Vonage does."""
    digest = hashlib.sha256(request.body).hexdigest()
    issued = int(now.timestamp())
    claims = {"iat": issued, "jti": f"{issued}-{digest[:32]}", "iss": ISSUER, PAYLOAD_HASH: digest}
    token = signed_token(claims, secret, ALGORITHM)
    return replace(request, headers=request.headers.with_fields({"authorization": f"Bearer {token}"}))
