"""Who calls: a browser with a session cookie, or a program with an API key.

Both tokens carry their tenant in clear, so that they are looked up inside it; the database holds only their
SHA-256. They are 32 random bytes, so a plain hash is enough: there is nothing to guess.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from aiohttp import web

from gateway.permissions import Permission, of_key
from gateway.problems import Forbidden, NotFound, OriginMismatch, Unauthenticated
from gateway.store import api_keys, sessions
from gateway.store.pool import tenant_tx

COOKIE = "postgate_session"
#: A cookie of this name is believed by browsers from this host only, over https: no neighbour's page can set one
#: (https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html, section 4.1.3.2).
HOST_PREFIX = "__Host-"
KEY_PREFIX = "pgk"
TENANT_BYTES = 16
SECRET_BYTES = 32
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": 80, "https": 443}
#: The role of an API key: it is nobody's membership.
API_KEY_ROLE = "api_key"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from.

    Attributes:
        tenant_id: the one tenant that this request may see.
        user_id: the person; None for an API key.
        role: of the person in the tenant, or ``api_key``.
        permissions: what they may do.
        token_hash: of the session's token, or of the API key: tells it from others.
        key_id: of the API key; None for a person.
    """

    tenant_id: UUID
    user_id: UUID | None
    role: str
    permissions: frozenset[Permission]
    token_hash: bytes
    key_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """What is needed to know a caller.

    Attributes:
        pool: of the role ``app``.
        public_url: the base URL that browsers use.
        clock: the time, in UTC.
    """

    pool: asyncpg.Pool
    public_url: str
    clock: Callable[[], datetime]


GATE = web.AppKey("gate", Gate)
#: What every delivery carries.
DELIVERY = "postgate-delivery"


async def identify(request: web.Request) -> Caller:
    """Say who calls. An ``Authorization`` header counts before a cookie.

    Raises:
        Unauthenticated: when nobody is to be recognised.
        OriginMismatch: when a cookie came with a change that another site may have asked for.
        Forbidden: when a delivery of ours comes back to us: it could make the next one, without end.
        DatabaseUnavailable: when it can't be looked up.
    """
    if DELIVERY in request.headers:
        raise Forbidden("an endpoint must not lead to the gateway's own API")
    gate = request.config_dict[GATE]
    if "Authorization" in request.headers:
        return await _by_key(gate, request.headers["Authorization"])
    caller = await _by_session(gate, request.cookies.get(cookie_name(COOKIE, gate.public_url), ""))
    if request.method not in SAFE_METHODS:
        require_same_origin(request, gate.public_url)
    return caller


def require(caller: Caller, permission: Permission) -> None:
    """Let only those go on who may.

    Raises:
        Forbidden: for everybody else.
    """
    if permission not in caller.permissions:
        raise Forbidden(f"this account, or this API key, lacks the permission {permission}")


def require_same_origin(request: web.Request, public_url: str) -> None:
    """Refuse what another site's page may have sent; cookies go along with that too.

    ``Origin`` and ``Sec-Fetch-Site`` are both set by the browser and can't be set by a page
    (https://fetch.spec.whatwg.org/#forbidden-request-header).

    Raises:
        OriginMismatch: when neither header proves that the request is the own page's.
    """
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return
    if origin_of(request.headers.get("Origin", "")) != origin_of(public_url):
        raise OriginMismatch("a cookie only counts for changes that the gateway's own page asks for")


def cookie_name(name: str, public_url: str) -> str:
    """Return how a cookie is called at a public URL; its path has to be ``/``."""
    return f"{HOST_PREFIX}{name}" if public_url.startswith("https:") else name


def origin_of(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of a URL, or None when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def new_session_token(tenant_id: UUID, secret: bytes) -> str:
    """Write a session's token.

    Args:
        tenant_id: the tenant it opens.
        secret: 32 random bytes.
    """
    return _encoded(tenant_id.bytes + secret)


def new_api_key(tenant_id: UUID, secret: bytes) -> str:
    """Write an API key; its second part, eight digits, may be shown to tell keys apart.

    Args:
        tenant_id: the tenant it opens.
        secret: 32 random bytes.
    """
    shown = hashlib.sha256(secret).hexdigest()[:8]
    return f"{KEY_PREFIX}_{shown}_{_encoded(tenant_id.bytes + secret)}"


def new_link_token(tenant_id: UUID, secret: bytes) -> str:
    """Write the token of a link that lets somebody into a tenant.

    Args:
        tenant_id: the tenant.
        secret: 32 random bytes.
    """
    return _encoded(tenant_id.bytes + secret)


def new_reset_token(secret: bytes) -> str:
    """Write the token of a link that sets a password; people belong to no one tenant.

    Args:
        secret: 32 random bytes.
    """
    return _encoded(secret)


def token_hash(token: str) -> bytes:
    """Return what the database knows of a session's token, an API key or a link's token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def tenant_of_session(token: str) -> UUID:
    """Return the tenant that a session's token names.

    Raises:
        Unauthenticated: when it is no token.
    """
    return _tenant_in(token)


def tenant_of_link(token: str) -> UUID:
    """Return the tenant that a link's token names.

    Raises:
        NotFound: when it is no token.
    """
    try:
        return _tenant_in(token)
    except Unauthenticated:
        raise NotFound("this link is not complete") from None


def tenant_of_key(key: str) -> UUID:
    """Return the tenant that an API key names.

    Raises:
        Unauthenticated: when it is no key.
    """
    prefix, _, rest = key.partition("_")
    shown, _, token = rest.partition("_")
    if prefix != KEY_PREFIX or len(shown) != 8:
        raise Unauthenticated("this is not an API key of this gateway")
    return _tenant_in(token)


async def _by_key(gate: Gate, header: str) -> Caller:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("send the API key as: Authorization: Bearer pgk_…")
    tenant_id = tenant_of_key(token.strip())
    digest = token_hash(token.strip())
    async with tenant_tx(gate.pool, tenant_id) as tx:
        key = await api_keys.known(tx, digest, gate.clock())
    if key is None:
        raise Unauthenticated("this API key is unknown or revoked")
    return Caller(tenant_id, None, API_KEY_ROLE, of_key(key.scopes), digest, key.id)


async def _by_session(gate: Gate, token: str) -> Caller:
    if not token:
        raise Unauthenticated("this needs a login or an API key")
    tenant_id = tenant_of_session(token)
    digest = token_hash(token)
    async with tenant_tx(gate.pool, tenant_id) as tx:
        member = await sessions.member_of(tx, digest, gate.clock())
    if member is None:
        raise Unauthenticated("this login has ended")
    return Caller(tenant_id, member.user_id, member.role, member.permissions, digest)


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _tenant_in(token: str) -> UUID:
    try:
        value = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        value = b""
    if len(value) != TENANT_BYTES + SECRET_BYTES:
        raise Unauthenticated("this needs a login or an API key")
    return UUID(bytes=value[:TENANT_BYTES])
