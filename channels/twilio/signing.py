"""Twilio's signature: a keyed hash of the public URL and the sorted form, made with the package's own validator.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from channels.errors import SignatureInvalid
from channels.http import HttpRequest
from channels.signatures import matches
from channels.twilio.forms import Form, TooManyFields, holds_json, read_form
from channels.twilio.urls import signed_urls

BODY_HASH = "bodySHA256"
HEADER = "x-twilio-signature"
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
SHA1 = "HMAC_SHA1"
SHA256 = "HMAC_SHA256"
SHARED_SETTINGS = f"key=webhooks_sharedkey,algorithm={SHA256}"

#: What base64 of a digest looks like: 20 bytes for SHA-1, 32 for SHA-256.
SHAPES = {SHA1: re.compile(r"[A-Za-z0-9+/]{27}="), SHA256: re.compile(r"[A-Za-z0-9+/]{43}=")}


def signed_form(request: HttpRequest) -> Form:
    """Return the form that belongs to the signed text; empty for a GET and for a JSON body.

    Raises:
        SignatureInvalid: when the body can't be what Twilio signed.
    """
    if request.method == "GET" or holds_json(request):
        return Form()
    try:
        return read_form(request.body.decode())
    except (UnicodeDecodeError, TooManyFields) as error:
        raise SignatureInvalid("body_malformed", "the body is no form that Twilio signs") from error


def require_signature(
    request: HttpRequest, form: Form, auth_tokens: Sequence[bytes], shared_keys: Sequence[bytes]
) -> None:
    """Check the signature with the secrets that its algorithm belongs to.

    The header names the algorithm, but never chooses the secret: SHA-1 goes with the auth token alone, SHA-256 with a
    shared key alone. A JSON body is covered by its hash in the URL; one without it is not signed at all.

    Raises:
        SignatureInvalid: when it is missing, malformed, or made otherwise.
    """
    algorithm = _algorithm(request.headers.get(SETTINGS_HEADER))
    signature = request.headers.get(HEADER)
    if not request.url.isascii():
        raise SignatureInvalid("url_malformed", "the URL has characters that Twilio would have escaped")
    if SHAPES[algorithm].fullmatch(signature) is None:
        raise SignatureInvalid("signature_malformed", "X-Twilio-Signature is missing or of another shape")
    if holds_json(request):
        _require_body_hash(request)
    secrets = shared_keys if algorithm == SHA256 else auth_tokens
    if not any(_fits(secret, request.url, form, signature, algorithm) for secret in secrets):
        raise SignatureInvalid("signature_mismatch", "the signature doesn't match the URL and the form")


def signed(request: HttpRequest, auth_token: bytes | None, shared_key: bytes | None) -> HttpRequest:
    """Sign a request as Twilio does: with the shared key where there is no auth token, or the headers ask for it.

    A JSON body comes with its hash in the URL, which is put there.

    Raises:
        SignatureInvalid: when the body is nothing that Twilio signs.
    """
    asked = _algorithm(request.headers.get(SETTINGS_HEADER))
    shared = shared_key is not None and (asked == SHA256 or auth_token is None)
    secret = shared_key if shared else auth_token
    if secret is None:
        raise SignatureInvalid("secret_missing", "there is no secret to sign with")
    if holds_json(request):
        request = replace(request, url=_with_body_hash(request))
    algorithm = SHA256 if shared else SHA1
    fields = {HEADER: _signature(secret, next(signed_urls(request.url)), signed_form(request), algorithm)}
    if shared and asked != SHA256:
        fields[SETTINGS_HEADER] = SHARED_SETTINGS
    return replace(request, headers=request.headers.with_fields(fields))


def _with_body_hash(request: HttpRequest) -> str:
    hashed = hashlib.sha256(request.body).hexdigest()
    if _claimed_hash(request) == hashed:
        return request.url
    bare, mark, fragment = request.url.partition("#")
    place, _, query = bare.partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != BODY_HASH]
    return f"{place}?{'&'.join([*kept, f'{BODY_HASH}={hashed}'])}{mark}{fragment}"


def _algorithm(settings: str) -> str:
    from twilio.request_validator import get_signature_algorithm  # noqa: PLC0415 - importing takes 0.04 s or more

    algorithm: str = get_signature_algorithm(settings)
    if algorithm not in SHAPES:
        raise SignatureInvalid("algorithm_unknown", "the signature's algorithm isn't one that Twilio documents")
    return algorithm


def _require_body_hash(request: HttpRequest) -> None:
    expected = hashlib.sha256(request.body).hexdigest().encode()
    claimed = _claimed_hash(request)
    if claimed is None:
        raise SignatureInvalid("body_not_signed", "the URL holds no hash of the body, so that nothing proves it")
    if not matches((expected,), claimed):
        raise SignatureInvalid("body_mismatch", "the body isn't the one whose hash was signed")


def _claimed_hash(request: HttpRequest) -> str | None:
    try:
        return read_form(request.query).first(BODY_HASH)
    except TooManyFields:
        return None


def _fits(secret: bytes, url: str, form: Form, signature: str, algorithm: str) -> bool:
    return any(
        matches((_signature(secret, spelling, form, algorithm).encode(),), signature) for spelling in signed_urls(url)
    )


def _signature(secret: bytes, url: str, form: Form, algorithm: str) -> str:
    from twilio.request_validator import RequestValidator  # noqa: PLC0415 - see _algorithm

    signature: str = RequestValidator(secret.decode()).compute_signature(url, form, algorithm)
    return signature
