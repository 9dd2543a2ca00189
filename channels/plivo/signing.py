"""Plivo's signatures: keyed hashes of the public URL and a nonce (V2), and of all fields besides (V3).

https://www.plivo.com/docs/messaging/concepts/signature-validation
https://github.com/plivo/plivo-python/blob/master/plivo/utils/signature_v3.py
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from channels.errors import SignatureInvalid
from channels.forms import FormInvalid, pairs_of, read_pairs
from channels.http import HttpRequest
from channels.signatures import matches

LONGEST_NONCE = 200

#: A header lists one signature for each token of the account that is live.
MOST_SIGNATURES = 10


@dataclass(frozen=True, slots=True)
class Scheme:
    """One version of the signature, and the headers it comes in.

    Attributes:
        by_owner: made with the token of the account or sub-account that owns the number.
        by_main: made with the main account's token.
        nonce: what makes each request another one.
    """

    by_owner: str
    by_main: str
    nonce: str

    def is_used(self, request: HttpRequest) -> bool:
        """Tell whether a request carries a signature of this version."""
        return self.by_owner in request.headers or self.by_main in request.headers


V2 = Scheme("x-plivo-signature-v2", "x-plivo-signature-ma-v2", "x-plivo-signature-v2-nonce")
V3 = Scheme("x-plivo-signature-v3", "x-plivo-signature-ma-v3", "x-plivo-signature-v3-nonce")


def require_signature(request: HttpRequest, tokens: Sequence[bytes]) -> None:
    """Check the best signature that a request carries, made with any of the tokens.

    V3 covers the fields and V2 does not, so that a request with both is judged by V3 alone.

    Raises:
        SignatureInvalid: when there is none, or it doesn't fit.
    """
    scheme = V3 if V3.is_used(request) else V2
    nonce = request.headers.get(scheme.nonce)
    if not nonce or not nonce.isascii() or len(nonce) > LONGEST_NONCE:
        raise SignatureInvalid("nonce_missing", f"there is no {scheme.nonce} of a usable length")
    text = _signed_text(scheme, request, nonce)
    expected = [_hash(token, text).encode() for token in tokens]
    given = ",".join(request.headers.get(name) for name in (scheme.by_owner, scheme.by_main))
    if not any(matches(expected, one.strip()) for one in given.split(",", MOST_SIGNATURES)):
        raise SignatureInvalid("signature_mismatch", f"no signature in {scheme.by_owner} fits")


def unsigned_body_nonce(request: HttpRequest) -> str | None:
    """Return the nonce of V2, which proves no content; None when there is none.

    It counts beside V3 as well: whoever got hold of such a request could leave the signature of V3 out.
    """
    return request.headers.get(V2.nonce) or None


def signed(request: HttpRequest, token: bytes, now: datetime) -> HttpRequest:
    """Sign a request in both versions, with the nonces that it carries or new ones.

    Raises:
        FormInvalid: when its fields can't be read.
    """
    fresh = f"{int.from_bytes(hashlib.sha256(request.body + now.isoformat().encode()).digest()[:8]):020}"
    fields: dict[str, str] = {}
    for scheme in (V2, V3):
        nonce = request.headers.get(scheme.nonce) or fresh
        fields |= {scheme.nonce: nonce, scheme.by_owner: _hash(token, _text_of(scheme, request, nonce))}
    return replace(request, headers=request.headers.with_fields(fields))


def _signed_text(scheme: Scheme, request: HttpRequest, nonce: str) -> bytes:
    try:
        return _text_of(scheme, request, nonce)
    except FormInvalid as error:
        raise SignatureInvalid("fields_malformed", "the fields can't be what Plivo signed") from error


def _text_of(scheme: Scheme, request: HttpRequest, nonce: str) -> bytes:
    url = request.url.partition("#")[0].partition("?")[0]
    text = url + nonce if scheme is V2 else f"{_url_and_fields(url, request)}.{nonce}"
    return text.encode("utf-8", "surrogatepass")


def _url_and_fields(url: str, request: HttpRequest) -> str:
    """Join URL, sorted query and sorted form as V3 does: the marks between them depend on what is there."""
    query = sorted(read_pairs(request.query))
    form = sorted(pairs_of(request)) if request.method != "GET" else []
    mark = "?" if query or form else ""
    dot = "." if query and form else ""
    written_query = "&".join(f"{name}={value}" for name, value in query)
    return f"{url}{mark}{written_query}{dot}{''.join(name + value for name, value in form)}"


def _hash(token: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.digest(token, text, "sha256")).decode()
