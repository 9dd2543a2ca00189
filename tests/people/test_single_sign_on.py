"""What an identity provider says, and when it is believed."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.outgoing.http import Calls
from gateway.people.single_sign_on import Client, Identity, SignInRefused, SingleSignOn, new_attempt
from tests.people.provider import CLIENT, SECRET, Json, Key, Provider, running

CALLBACK = "http://gateway.test/api/v1/login/oidc/callback"
LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


class Clock:
    """The time, which can be set ahead."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running(Provider()) as served:
        yield served


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    async with Calls(LOOPBACK) as opened:
        yield opened


Configure = Callable[..., SingleSignOn]


@pytest.fixture
def configure(provider: Provider, clock: Clock, calls: Calls) -> Configure:
    def made(**changed: Any) -> SingleSignOn:
        values = {"issuer": provider.url, "client_id": CLIENT, "client_secret": SECRET, "name": "Staff", **changed}
        return SingleSignOn(Client(**values), lambda request, limit: calls.send(request, limit=limit), clock)

    return made


async def sign_in(provider: Provider, at: SingleSignOn) -> Identity:
    """Go through it as a browser does."""
    attempt = new_attempt()
    back = provider.sign_in(await at.address(attempt, CALLBACK))
    code = back.partition("code=")[2].partition("&")[0]
    return await at.identity(attempt, code, CALLBACK)


async def refused(provider: Provider, at: SingleSignOn) -> str:
    with pytest.raises(SignInRefused) as error:
        await sign_in(provider, at)
    return error.value.code


async def test_somebody_signs_in(provider: Provider, configure: Configure) -> None:
    at = configure()
    assert await sign_in(provider, at) == Identity("kim@example.org", "Kim")
    assert await sign_in(provider, at) == Identity("kim@example.org", "Kim")
    assert provider.looked == 1


def nonce(claims: Json) -> Json:
    return {**claims, "nonce": "another"}


def without(name: str) -> Callable[[Json], Json]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def shifted(**by: int) -> Callable[[Json], Json]:
    return lambda claims: {**claims, **{name: claims[name] + seconds for name, seconds in by.items()}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (nonce, "not_believed"),
        *((without(name), "not_believed") for name in ("nonce", "exp", "iat", "aud", "iss", "sub")),
        (shifted(exp=-400), "not_believed"),
        (shifted(iat=400, exp=400), "not_believed"),
        (lambda claims: {**claims, "exp": "tomorrow"}, "not_believed"),
        (lambda claims: {**claims, "aud": "somebody"}, "not_believed"),
        (lambda claims: {**claims, "aud": [CLIENT, "somebody"]}, "not_believed"),
        (lambda claims: {**claims, "aud": [CLIENT], "azp": "somebody"}, "not_believed"),
        (lambda claims: {**claims, "iss": "https://evil.test"}, "not_believed"),
        (without("email"), "email_not_verified"),
        (without("email_verified"), "email_not_verified"),
        (lambda claims: {**claims, "email_verified": False}, "email_not_verified"),
        (lambda claims: {**claims, "email_verified": "true"}, "email_not_verified"),
        (lambda claims: {**claims, "email": ["kim@example.org"]}, "email_not_verified"),
        (lambda claims: {**claims, "email": "kim@example.org\0"}, "not_believed"),
        (lambda claims: {**claims, "email": " kim@example.org"}, "not_believed"),
        (lambda claims: {**claims, "email": "\u212aim@example.org"}, "not_believed"),
        (lambda claims: {**claims, "email": ""}, "not_believed"),
    ],
)
async def test_a_token_that_says_anything_else_is_not_believed(
    provider: Provider, configure: Configure, change: Callable[[Json], Json], code: str
) -> None:
    provider.change = change
    assert await refused(provider, configure()) == code


async def test_a_token_for_several_names_us(provider: Provider, configure: Configure) -> None:
    provider.change = lambda claims: {**claims, "aud": [CLIENT, "other"], "azp": CLIENT}
    assert (await sign_in(provider, configure())).email == "kim@example.org"


def unsigned(claims: Json) -> str:
    return jwt.encode(claims, "", "none")


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_only_the_providers_own_signature_counts(provider: Provider, configure: Configure) -> None:
    at, stranger = configure(), Key.rsa("first")
    public = provider.listed[0].private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged: list[Callable[[Json], str]] = [
        unsigned,
        lambda claims: f"{part({'alg': 'none', 'kid': 'first'})}.{part(claims)}.",
        lambda claims: (
            f"{part({'alg': 'HS256', 'kid': 'e'})}.{part(claims)}."
            + jwt.encode(claims, "x" * 32, "HS256").rpartition(".")[2]
        ),
        lambda claims: jwt.PyJWS().encode(json.dumps(claims).encode(), b"x" * 32 + public[:0], "HS256"),
        lambda claims: jwt.encode(claims, stranger.private, "RS256", headers={"kid": "first"}),
        lambda claims: jwt.encode(claims, stranger.private, "RS256", headers={"kid": "unknown"}),
        lambda claims: provider.signed(claims)[:-4] + "AAAA",
        lambda claims: provider.signed(claims).rpartition(".")[0] + ".",
        lambda _claims: "not a token",
        lambda _claims: "",
    ]
    for forge in forged:
        provider.forge = forge
        assert await refused(provider, at) == "not_believed"
    provider.forge = None
    await sign_in(provider, at)


async def test_a_token_without_a_keys_name_is_signed_with_the_only_key(
    provider: Provider, configure: Configure
) -> None:
    key = provider.listed[0]
    provider.forge = lambda claims: jwt.encode(claims, key.private, "RS256")
    await sign_in(provider, configure())
    provider.listed.append(Key.ec("second"))
    assert await refused(provider, configure()) == "not_believed"


async def test_new_keys_are_found_and_old_ones_forgotten(
    provider: Provider, configure: Configure, clock: Clock
) -> None:
    at, old = configure(), provider.listed[0]
    await sign_in(provider, at)
    provider.listed = [old, Key.ec("second")]
    assert await refused(provider, at) == "not_believed"  # looked at just now: not again for every forged token
    assert provider.looked == 1
    clock.ahead += timedelta(seconds=31)
    await sign_in(provider, at)
    assert provider.looked == 2
    provider.listed = [Key.ec("third")]
    provider.forge = lambda claims: jwt.encode(claims, old.private, "RS256", headers={"kid": old.id})
    clock.ahead += timedelta(minutes=1)
    await sign_in(provider, at)  # still known
    clock.ahead += timedelta(hours=1)
    provider.change = shifted(iat=3700, exp=3700)
    assert await refused(provider, at) == "not_believed"


async def test_a_code_is_redeemed_by_who_began(provider: Provider, configure: Configure) -> None:
    at, attempt = configure(), new_attempt()
    back = provider.sign_in(await at.address(attempt, CALLBACK))
    code = back.partition("code=")[2].partition("&")[0]
    with pytest.raises(SignInRefused, match="did not redeem"):
        await at.identity(new_attempt(), code, CALLBACK)
    with pytest.raises(SignInRefused, match="did not redeem"):
        await at.identity(attempt, code, CALLBACK)  # used up


@pytest.mark.parametrize(("domains", "comes_in"), [((), True), (("example.org",), True), (("example.net",), False)])
async def test_only_some_domains_may_come_in(
    provider: Provider, configure: Configure, domains: tuple[str, ...], comes_in: bool
) -> None:
    at = configure(domains=domains)
    if comes_in:
        await sign_in(provider, at)
    else:
        assert await refused(provider, at) == "domain_not_allowed"


async def test_a_provider_that_calls_itself_otherwise_is_none(provider: Provider, configure: Configure) -> None:
    provider.issuer = "https://evil.test"
    assert await refused(provider, configure()) == "provider_unavailable"


async def test_a_provider_that_is_not_there(configure: Configure, provider: Provider) -> None:
    at = configure(issuer="http://127.0.0.1:9")
    with pytest.raises(SignInRefused) as error:
        await at.address(new_attempt(), CALLBACK)
    assert error.value.code == "provider_unavailable"
    assert provider.looked == 0
