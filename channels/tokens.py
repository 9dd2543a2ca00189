"""JSON Web Tokens (RFC 7519) that a provider signs its webhooks with, by a secret that both sides know.

What such a token proves of a request, it proves through hashes among its claims: check them with ``require_hash``.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.json_bodies import read_json
from channels.json_fields import Object, number_in
from channels.signatures import HEX_SHA256, matches

if TYPE_CHECKING:
    from jwt import PyJWS

#: All that may be allowed: keyed hashes. A token never chooses its own algorithm, least of all ``none``.
HMACS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def require_token(
    token: str, secrets: Sequence[bytes], algorithms: Collection[str], now: datetime, *, leeway: float = 0
) -> Object:
    """Check a token's signature, and that it is valid at this moment where it names a time; return its claims.

    Args:
        token: the token in its compact form, without a scheme before it.
        secrets: those that count now; one of them has to fit.
        algorithms: those that the provider documents, of ``HMACS``.
        now: the time to hold against ``exp`` and ``nbf``.
        leeway: by how many seconds the clocks may differ.

    Raises:
        SignatureInvalid: when it is missing, malformed, forged, signed by another algorithm, expired or not yet valid.
    """
    if not token or not token.isascii():
        raise SignatureInvalid("token_malformed", "the token is missing or isn't a JSON Web Token")
    allowed = sorted(HMACS.keys() & set(algorithms))
    payload = next((found for secret in secrets if (found := _payload(token, secret, allowed)) is not None), None)
    if payload is None:
        raise SignatureInvalid("token_mismatch", "the token isn't signed with this connection's secret")
    claims = _claims(payload)
    _require_valid_now(claims, now.timestamp(), leeway)
    return claims


def require_hash(claims: Object, name: str, content: bytes) -> None:
    """Check that a claim is the SHA-256 of some bytes, written as 64 hexadecimal digits.

    Raises:
        SignatureInvalid: when it is missing, written otherwise, or the hash of something else.
    """
    claimed = claims.get(name)
    if type(claimed) is not str or HEX_SHA256.fullmatch(claimed.lower()) is None:
        raise SignatureInvalid("token_hash_missing", f"the token's {name} is missing or isn't 64 hex digits")
    if not matches((hashlib.sha256(content).hexdigest().encode(),), claimed.lower()):
        raise SignatureInvalid("token_hash_mismatch", f"the token's {name} is the hash of something else")


def signed_token(claims: Mapping[str, Any], secret: bytes, algorithm: str = "HS256") -> str:
    """Sign claims as a provider does.

    Raises:
        ValueError: when the algorithm is not one of ``HMACS``.
    """
    if algorithm not in HMACS:
        raise ValueError(f"{algorithm} is no keyed hash")
    return _keyed_hashes().encode(orjson.dumps(claims), secret, algorithm)


def _payload(token: str, secret: bytes, algorithms: Sequence[str]) -> bytes | None:
    """Return the bytes that a token signs; None when this secret did not sign it by one of the algorithms."""
    from jwt import PyJWTError  # noqa: PLC0415 - see _keyed_hashes

    try:
        payload: bytes = _keyed_hashes().decode_complete(token, secret, algorithms=algorithms)["payload"]
    except (PyJWTError, ValueError, TypeError, RecursionError):  # a header may hold any JSON at all
        return None
    return payload


@cache
def _keyed_hashes() -> "PyJWS":
    """Return what reads and writes tokens, with no other algorithm in it than those of ``HMACS``."""
    from jwt import PyJWS  # noqa: PLC0415 - importing takes 0.1 s, which only connections with tokens pay
    from jwt.algorithms import HMACAlgorithm  # noqa: PLC0415

    class OfAnyLength(HMACAlgorithm):
        """Takes a secret as long as the provider made it; the package would warn of some at every token."""

        def check_key_length(self, key: bytes) -> None:
            """Find nothing to say against a length."""

    tokens = PyJWS(algorithms=[])
    for name, digest in HMACS.items():
        tokens.register_algorithm(name, OfAnyLength(digest))
    return tokens


def _claims(payload: bytes) -> Object:
    try:
        claims = read_json(payload)
    except PayloadMalformed as error:
        raise SignatureInvalid("token_malformed", "the token's claims aren't JSON") from error
    if type(claims) is not dict:
        raise SignatureInvalid("token_malformed", "the token's claims aren't an object")
    return claims


def _require_valid_now(claims: Object, now: float, leeway: float) -> None:
    expires, begins = number_in(claims, "exp"), number_in(claims, "nbf")
    if ("exp" in claims and expires is None) or ("nbf" in claims and begins is None):
        raise SignatureInvalid("token_malformed", "the token's times aren't numbers")
    if expires is not None and now >= expires + leeway:
        raise SignatureInvalid("token_expired", "the token is no longer valid")
    if begins is not None and now < begins - leeway:
        raise SignatureInvalid("token_not_yet_valid", "the token isn't valid yet")
