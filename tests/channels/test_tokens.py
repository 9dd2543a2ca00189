"""Tokens that providers sign webhooks with: what counts, and what is refused."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import jwt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import SignatureInvalid
from channels.tokens import HMACS, require_hash, require_token, signed_token

SECRET = b"a-secret-of-more-than-sixty-four-bytes-as-the-longest-hash-asks-for-it"
OTHER = b"another-secret-of-more-than-sixty-four-bytes-which-signed-nothing-here"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT = int(NOW.timestamp())
BYTES = st.text(st.characters(exclude_categories=[]), max_size=60)


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else orjson.dumps(value)).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", sorted(HMACS))
def test_a_token_signed_with_any_live_secret_counts(algorithm: str) -> None:
    token = jwt.encode({"jti": "1", "iat": AT}, SECRET, algorithm)
    assert require_token(token, (OTHER, SECRET), HMACS, NOW) == {"jti": "1", "iat": AT}


@pytest.mark.parametrize("algorithm", sorted(HMACS))
def test_what_we_sign_is_read_by_the_package(algorithm: str) -> None:
    claims = {"jti": "1", "url_hash": "é"}
    assert jwt.decode(signed_token(claims, SECRET, algorithm), SECRET, [algorithm]) == claims


def test_nothing_but_keyed_hashes_is_signed() -> None:
    with pytest.raises(ValueError, match="no keyed hash"):
        signed_token({}, SECRET, "none")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "token_malformed"),
        ("é", "token_malformed"),
        ("a.b.\udcff", "token_malformed"),
        ("a.b.c", "token_mismatch"),
        (jwt.encode({"a": 1}, OTHER, "HS256"), "token_mismatch"),
        (jwt.encode({"a": 1}, SECRET, "HS384"), "token_mismatch"),
        (jwt.encode({"a": 1}, "", "none"), "token_mismatch"),
        (f"{segment({'alg': ['HS256']})}.{segment({})}.{segment(b'x')}", "token_mismatch"),
        (f"{segment({'alg': {}})}.{segment({})}.{segment(b'x')}", "token_mismatch"),
        (f"{segment({'alg': None})}.{segment({})}.", "token_mismatch"),
        (f"{segment(b'[' * 3000)}.{segment({})}.{segment(b'x')}", "token_mismatch"),
        (f"{segment({'alg': 'HS256', 'crit': 1})}.{segment({})}.{segment(b'x')}", "token_mismatch"),
        (jwt.PyJWS().encode(b"no json", SECRET, "HS256"), "token_malformed"),
        (jwt.PyJWS().encode(b"[1]", SECRET, "HS256"), "token_malformed"),
        (jwt.PyJWS().encode(b"[" * 5000, SECRET, "HS256"), "token_malformed"),
        (signed_token({"exp": AT - 2}, SECRET), "token_expired"),
        (signed_token({"exp": AT - 1}, SECRET), "token_expired"),
        (signed_token({"nbf": AT + 2}, SECRET), "token_not_yet_valid"),
        (signed_token({"exp": "soon"}, SECRET), "token_malformed"),
        (signed_token({"exp": None}, SECRET), "token_malformed"),
        (signed_token({"nbf": [AT]}, SECRET), "token_malformed"),
    ],
)
def test_any_other_token_is_refused(token: str, code: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        require_token(token, (SECRET,), {"HS256"}, NOW, leeway=1)
    assert refused.value.code == code


def test_no_secret_lets_nothing_in() -> None:
    with pytest.raises(SignatureInvalid):
        require_token(signed_token({}, SECRET), (), HMACS, NOW)


@pytest.mark.parametrize("claims", [{"exp": AT}, {"nbf": AT + 1}, {"exp": AT + 0.5, "nbf": AT - 0.5}])
def test_clocks_may_differ_by_the_leeway(claims: dict[str, Any]) -> None:
    assert require_token(signed_token(claims, SECRET), (SECRET,), HMACS, NOW, leeway=1) == claims


@pytest.mark.parametrize("claimed", [None, 7, "", "0" * 63, "é" * 64, hashlib.sha256(b"other").hexdigest()])
def test_a_hash_of_anything_else_is_refused(claimed: Any) -> None:
    with pytest.raises(SignatureInvalid):
        require_hash({"payload_hash": claimed}, "payload_hash", b"body")


def test_a_hash_may_be_written_in_either_case() -> None:
    digest = hashlib.sha256(b"body").hexdigest()
    require_hash({"payload_hash": digest}, "payload_hash", b"body")
    require_hash({"payload_hash": digest.upper()}, "payload_hash", b"body")


@given(BYTES, BYTES, BYTES)
def test_random_tokens_are_refused(head: str, claims: str, signature: str) -> None:
    for token in (head, f"{head}.{claims}.{signature}", f"{segment({'alg': 'HS256'})}.{claims}.{signature}"):
        with pytest.raises(SignatureInvalid):
            require_token(token, (SECRET,), HMACS, NOW)


@pytest.mark.filterwarnings("error")
def test_a_secret_may_be_as_short_as_its_provider_made_it() -> None:
    assert require_token(signed_token({"jti": "1"}, b"short"), (b"short",), HMACS, NOW) == {"jti": "1"}
