"""How the SMS API signs: a hash of the sorted fields, sent among them as ``sig``.

https://developer.vonage.com/en/getting-started/concepts/signing-messages
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from channels.errors import SignatureInvalid
from channels.http import HttpRequest
from channels.signatures import matches, require_fresh
from channels.vonage.sms_fields import Fields, FieldsInvalid, fields_of, with_fields

SIGNATURE = "sig"
TIMESTAMP = "timestamp"
NONCE = "nonce"
HEX = re.compile(r"[0-9a-fA-F]{32,128}")

#: What would tell fields apart becomes this within a value.
SEPARATORS = str.maketrans("&=", "__")

#: How old a request may be, or how far ahead of our clock, in seconds.
TOLERANCE = 300


class Method(StrEnum):
    """What the account's settings call the ways to sign. ``md5hash`` is no keyed hash: the secret stands at the end."""

    MD5HASH = "md5hash"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


def require_signature(request: HttpRequest, secrets: Sequence[bytes], method: Method, now: datetime) -> None:
    """Check the signature over all fields, in either case of its digits; then their time.

    Raises:
        SignatureInvalid: when it is missing, made otherwise, or not of the last minutes.
    """
    try:
        fields = fields_of(request)
    except FieldsInvalid as error:
        raise SignatureInvalid("fields_malformed", f"the fields can't be what Vonage signed: {error}") from error
    given = fields.get(SIGNATURE, "")
    if HEX.fullmatch(given) is None:
        raise SignatureInvalid("signature_malformed", f"{SIGNATURE!r} is missing or isn't in hexadecimal digits")
    expected = [signature_of(fields, secret, method).encode() for secret in secrets]
    if not matches(expected, given.lower()):
        raise SignatureInvalid("signature_mismatch", "the signature doesn't match the fields")
    require_fresh(fields.get(TIMESTAMP, ""), now, past=TOLERANCE, future=TOLERANCE)


def with_signature(request: HttpRequest, secret: bytes, method: Method, now: datetime) -> HttpRequest:
    """Sign a request as Vonage does, now; it keeps the nonce that it has. One that can't be read stays as it is."""
    bare = replace(request, body=request.body.strip())
    try:
        fields = {name: value for name, value in fields_of(bare).items() if name != SIGNATURE}
    except FieldsInvalid:
        return request
    stamp = str(int(now.timestamp()))
    fresh = hashlib.sha256(stamp.encode() + request.body + request.query.encode()).hexdigest()[:32]
    fields |= {TIMESTAMP: stamp, NONCE: fields.get(NONCE) or fresh}
    return with_fields(bare, fields | {SIGNATURE: signature_of(fields, secret, method)})


def signature_of(fields: Fields, secret: bytes, method: Method) -> str:
    """Return the signature of all fields but the one that holds it, in lower-case hexadecimal digits."""
    named = sorted((name, value) for name, value in fields.items() if name != SIGNATURE)
    text = "".join(f"&{name}={value.translate(SEPARATORS)}" for name, value in named).encode()
    if method is Method.MD5HASH:
        return hashlib.md5(text + secret, usedforsecurity=False).hexdigest()  # the provider's choice, not ours
    return hmac.digest(secret, text, method.value).hex()
