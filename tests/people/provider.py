"""A small OpenID Connect provider on a real socket, which can be told to lie."""

import base64
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT, SECRET = "postgate", "s3cret &= value"
Json = dict[str, Any]
#: Changes an ID token's claims before it is signed.
Change = Callable[[Json], Json]


@dataclass
class Key:
    """A key of the provider."""

    id: str
    algorithm: str
    private: Any

    @classmethod
    def rsa(cls, name: str) -> "Key":
        return cls(name, "RS256", rsa.generate_private_key(65537, 2048))

    @classmethod
    def ec(cls, name: str) -> "Key":
        return cls(name, "ES256", ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> Json:
        """As in the provider's list."""
        of = RSAAlgorithm if self.algorithm == "RS256" else ECAlgorithm
        return {**of.to_jwk(self.private.public_key(), as_dict=True), "kid": self.id, "use": "sig"}


@dataclass
class Provider:
    """The provider: knows one person, and signs what it is told to.

    Attributes:
        claims: of the person.
        change: what is done to an ID token's claims.
        forge: makes the token from its claims, instead of signing it.
        listed: the keys that it names; the last one signs.
        issuer: what it calls itself, if not its URL.
        looked: how often its keys were asked for.
    """

    claims: Json = field(default_factory=lambda: {"email": "kim@example.org", "email_verified": True, "name": "Kim"})
    change: Change = lambda claims: claims
    forge: Callable[[Json], str] | None = None
    listed: list[Key] = field(default_factory=lambda: [Key.rsa("first")])
    issuer: str | None = None
    looked: int = 0
    url: str = ""
    _codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def sign_in(self, address: str) -> str:
        """Do what a browser and a person do at ``address``; returns where the browser is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert query["client_id"] == CLIENT
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        return f"{query['redirect_uri']}?code={code}&state={query['state']}&session_state=x"

    async def describe(self, _request: web.Request) -> web.Response:
        """Answer the discovery document."""
        return web.json_response(
            {
                "issuer": self.issuer or self.url,
                "authorization_endpoint": f"{self.url}/authorize?realm=staff",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def keys(self, _request: web.Request) -> web.Response:
        """Answer the keys, and one that is of no use."""
        self.looked += 1
        return web.json_response(
            {"keys": [*(key.public for key in self.listed), {"kty": "oct", "k": "eA", "kid": "e"}]}
        )

    async def token(self, request: web.Request) -> web.Response:
        """Redeem a code, once, for whoever proves to have begun."""
        form = await request.post()
        asked = self._codes.pop(str(form["code"]), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        verifier = str(form["code_verifier"]).encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
            or request.headers["Authorization"] != f"Basic {basic}"
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = self.change(
            {
                "iss": self.url, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"],
                **self.claims,
            }
        )  # fmt: skip
        return web.json_response({"access_token": "x", "id_token": (self.forge or self.signed)(claims)})

    def signed(self, claims: Json) -> str:
        """Sign an ID token."""
        key = self.listed[-1]
        return jwt.encode(claims, key.private, key.algorithm, headers={"kid": key.id})


@asynccontextmanager
async def running(provider: Provider) -> AsyncIterator[Provider]:
    """Serve a provider."""
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", provider.describe)
    app.router.add_get("/keys", provider.keys)
    app.router.add_post("/token", provider.token)
    server = TestServer(app)
    await server.start_server()
    provider.url = str(server.make_url("")).rstrip("/")
    yield provider
    await server.close()
