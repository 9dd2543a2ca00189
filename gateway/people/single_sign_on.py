"""Signing in through an identity provider (OpenID Connect Core 1.0): the code flow with PKCE, state and nonce.

The provider is the operator's. What it says is believed only as an ID token that it signed, for us, just now, and for
this sign-in; and an address only if it says that the address is verified.
"""

import base64
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import orjson

from channels.http import Headers, HttpRequest, HttpResponse, basic_authorization

#: Signatures by the provider's private key. None of them can be made with what is public, or without any key.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SCOPE = "openid email profile"
ANSWER_LIMIT = 256 * 1024
KEPT = timedelta(hours=1)
#: A token signed with an unknown key has the keys read anew, but no more often than this.
LOOK_AGAIN = timedelta(seconds=30)
LEEWAY = timedelta(minutes=1)
MAILBOX = re.compile(r"[^\x00-\x20\x7f@]+@[^\x00-\x20\x7f@]+")

Call = Callable[[HttpRequest, int], Awaitable[HttpResponse]]
Json = Mapping[str, Any]  # Any: a JSON object of somebody else


class SignInRefused(Exception):
    """A sign-in that comes to nothing; the text says why, for the log, and ``code`` for the page.

    Args:
        code: ``provider_unavailable``, ``not_believed``, ``email_not_verified`` or ``domain_not_allowed``.
        reason: in words, without anything that came from the browser.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Client:
    """What the operator configured.

    Attributes:
        issuer: the provider's URL.
        client_id: ours, there.
        client_secret: ours, there; None for a client that is public.
        name: of the provider, for the button.
        domains: of e-mail addresses that may come in; none means all.
    """

    issuer: str
    client_id: str
    client_secret: str | None
    name: str
    domains: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one sign-in began with, and must end with."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says that somebody is; the address is theirs."""

    email: str
    name: str


def new_attempt() -> Attempt:
    """Begin a sign-in: three values that nobody can guess."""
    return Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


class SingleSignOn:
    """The identity provider.

    Args:
        client: what the operator configured.
        call: makes a request, guarded, and reads that many bytes at most.
        clock: the time, in UTC.
    """

    def __init__(self, client: Client, call: Call, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._call = call
        self._clock = clock
        self._described: tuple[datetime, Json] | None = None
        self._keys: tuple[datetime, jwt.PyJWKSet] | None = None

    @property
    def name(self) -> str:
        """The provider's name, for people."""
        return self._client.name

    @property
    def issuer(self) -> str:
        """The provider's own URL."""
        return self._client.issuer

    async def address(self, attempt: Attempt, callback: str) -> str:
        """Return where a browser is sent to sign in.

        Raises:
            SignInRefused: when the provider does not answer.
        """
        endpoint = await self._endpoint("authorization_endpoint")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": callback,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"

    async def identity(self, attempt: Attempt, code: str, callback: str) -> Identity:
        """Redeem a code, and return who signed in.

        Raises:
            SignInRefused: when nobody did who may come in.
        """
        token = await self._redeem(code, attempt, callback)
        claims = await self._claims(token)
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
            raise SignInRefused("not_believed", "the ID token is of another sign-in")
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise SignInRefused("email_not_verified", "the provider does not vouch for the e-mail address")
        if not MAILBOX.fullmatch(email) or any(_looks_plain(letter) for letter in email):
            raise SignInRefused("not_believed", "the e-mail address is none, or is spelled like another one")
        domain = email.rpartition("@")[2].lower()
        if self._client.domains and domain not in self._client.domains:
            raise SignInRefused("domain_not_allowed", "addresses of this domain may not come in")
        name = claims.get("name")
        return Identity(email, name.strip()[:120] if isinstance(name, str) and name.strip() else email)

    async def _redeem(self, code: str, attempt: Attempt, callback: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": attempt.verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if self._client.client_secret is None:
            form["client_id"] = self._client.client_id
        else:
            headers["authorization"] = basic_authorization(self._client.client_id, self._client.client_secret)
        endpoint = await self._endpoint("token_endpoint")
        answer = await self._call(
            HttpRequest("POST", endpoint, Headers.of(headers), urlencode(form).encode()), ANSWER_LIMIT
        )
        token = _object(answer).get("id_token") if answer.status == 200 else None
        if not isinstance(token, str):
            raise SignInRefused("not_believed", f"the provider did not redeem the code: status {answer.status}")
        return token

    async def _claims(self, token: str) -> Json:
        """Check an ID token (section 3.1.3.7)."""
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in ALGORITHMS:
                raise SignInRefused("not_believed", "the ID token is not signed as it has to be")
            key = await self._key(head.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[head["alg"]],
                audience=self._client.client_id,
                issuer=self._client.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise SignInRefused("not_believed", f"the ID token is not good: {type(error).__name__}") from None
        self._require_now(claims)
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", None if several else self._client.client_id) != self._client.client_id:
            raise SignInRefused("not_believed", "the ID token was made for somebody else")
        return claims

    def _require_now(self, claims: Json) -> None:
        """Judge the times of a token by the clock that was given."""
        now, leeway = self._clock().timestamp(), LEEWAY.total_seconds()
        times = claims["exp"], claims["iat"]
        if not all(isinstance(moment, int | float) for moment in times):
            raise SignInRefused("not_believed", "the ID token's times are none")
        if now > claims["exp"] + leeway or now < claims["iat"] - leeway:
            raise SignInRefused("not_believed", "the ID token has expired, or is of the future")

    async def _key(self, key_id: object) -> jwt.PyJWK:
        """Return a key of the provider; keys that are not known may be new ones."""
        now = self._clock()
        kept = self._keys
        found = _named(kept[1], key_id) if kept is not None and now < kept[0] + KEPT else None
        if found is None and (kept is None or now >= kept[0] + LOOK_AGAIN):
            answer = await self._fetched(await self._endpoint("jwks_uri"))
            try:
                self._keys = now, jwt.PyJWKSet.from_dict(dict(answer))
            except (jwt.PyJWTError, AttributeError, TypeError, ValueError):  # a list of what is no key
                raise SignInRefused("provider_unavailable", "the provider's keys can't be read") from None
            found = _named(self._keys[1], key_id)
        if found is None:
            raise SignInRefused("not_believed", "the ID token is signed with a key that the provider does not name")
        return found

    async def _endpoint(self, name: str) -> str:
        described = await self._description()
        endpoint = described.get(name)
        if not isinstance(endpoint, str) or not endpoint.startswith(("https://", "http://")):
            raise SignInRefused("provider_unavailable", f"the provider names no {name}")
        return endpoint

    async def _description(self) -> Json:
        """Return what the provider says of itself (OpenID Connect Discovery 1.0, section 4)."""
        now = self._clock()
        if self._described is not None and now < self._described[0] + KEPT:
            return self._described[1]
        found = await self._fetched(f"{self._client.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self._client.issuer:
            raise SignInRefused("provider_unavailable", "the provider calls itself otherwise")
        self._described = now, found
        return found

    async def _fetched(self, url: str) -> Json:
        answer = await self._call(HttpRequest("GET", url, Headers.of({"accept": "application/json"})), ANSWER_LIMIT)
        if answer.status != 200:
            raise SignInRefused("provider_unavailable", f"the provider answers with status {answer.status}")
        return _object(answer)


def _object(answer: HttpResponse) -> Json:
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise SignInRefused("provider_unavailable", "the provider does not answer in JSON")
    return found


def _named(keys: jwt.PyJWKSet, key_id: object) -> jwt.PyJWK | None:
    """Return the key of a name; a token without one may only be signed with the only key. Shared secrets are none."""
    usable = [key for key in keys.keys if key.public_key_use in {None, "sig"} and key.key_type != "oct"]
    if key_id is None:
        return usable[0] if len(usable) == 1 else None
    return next((key for key in usable if key.key_id == key_id), None)


def _looks_plain(letter: str) -> bool:
    """Tell of a letter beyond ASCII whether it becomes another one where addresses are compared, as the Kelvin sign.

    The provider has vouched for the address as it is, not for that of somebody else which it would become.
    """
    return not letter.isascii() and unicodedata.normalize("NFC", letter).lower().isascii()
