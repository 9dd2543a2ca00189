"""Which connection a webhook belongs to, its credentials, and which of its channels each event is for."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from pydantic import ValidationError

from channels.adapter import Adapter, Credentials
from channels.events import InboundMessage, Other, StatusUpdate
from channels.registry import ADAPTERS
from gateway.keys import Keyring, KeyShredded, KeyUnusable, WrappedKey, credentials_of, unseal
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable
from gateway.store.raw_webhooks import Sealing

log = structlog.get_logger(__name__)

CACHE_SECONDS = 30.0
CACHE_LIMIT = 50_000

ROUTE_OF_HOOK = "SELECT * FROM route_of_hook($1)"
ROUTE_OF = "SELECT * FROM route_of($1, true)"
ROUTES_OF_PROVIDER = "SELECT * FROM routes_of_provider($1)"
MAIL_CLAIMS = "SELECT * FROM mail_claims($1, $2, $3)"
DATA_KEY_OF = "SELECT * FROM data_key_of($1)"
ROUTE_OF_APP = "SELECT * FROM route_of_app($1)"

CHANNEL_KIND = {"whatsapp": "whatsapp", "sms": "sms", "mms": "sms", "email": "email"}


@dataclass(frozen=True, slots=True)
class Route:
    """A tenant's connection, ready to verify with."""

    tenant_id: UUID
    integration_id: UUID
    adapter: Adapter
    credentials: Credentials
    report_only: bool
    context: Mapping[str, Any]
    channels: Mapping[tuple[str, str], UUID]
    sealing: Sealing

    def channel_of(self, event: InboundMessage | StatusUpdate | Other) -> UUID | None:
        """Return the channel that an event names; None when this connection has no such address.

        Mail may reach us for any mailbox of a domain, and news on sent mail name no address of ours: these belong to
        the only mailbox there is.
        """
        kind = CHANNEL_KIND[event.channel]
        if event.address is not None:
            if kind != "email":
                return self.channels.get((kind, event.address))
            address = event.address.lower()
            local, _, domain = address.rpartition("@")
            for spelling in (address, f"{local.partition('+')[0]}@{domain}"):  # what stands behind a plus is theirs
                if (found := self.channels.get((kind, spelling))) is not None:
                    return found
        candidates = [channel for (other, _), channel in self.channels.items() if other == kind]
        return candidates[0] if len(candidates) == 1 else None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What the SMTP listener takes mail for: one mailbox, or all that fit a pattern of reply addresses.

    Attributes:
        tenant_id: whose it is.
        integration_id: its connection.
        name: the mailbox, or the pattern.
        reply_pattern: the pattern, if it is one.
        serves: whether it takes mail now.
    """

    tenant_id: UUID
    integration_id: UUID
    name: str
    reply_pattern: str | None = None
    serves: bool = True


@dataclass(frozen=True, slots=True)
class SharedApp:
    """A provider app that tenants share, and which connection each address belongs to."""

    app_id: UUID
    adapter: Adapter
    credentials: Credentials
    routes: Mapping[str, UUID]


class Directory:
    """Connections and shared apps by id, cached in the process; also remembers for a while what does not exist.

    Args:
        pool: connections as the role ``hook``.
        keyring: opens the credentials.
        monotonic: seconds that only grow.
    """

    def __init__(self, pool: asyncpg.Pool, keyring: Keyring, monotonic: Callable[[], float]) -> None:
        self._pool = pool
        self._keyring = keyring
        self._monotonic = monotonic
        self._cache: dict[UUID, tuple[float, Route | SharedApp | None]] = {}
        self._loading: dict[UUID, asyncio.Task[Route | SharedApp | None]] = {}

    def cached(self, integration_id: UUID) -> Route | None:
        """Return a connection if it is at hand: the common case, without a task switch."""
        known = self._cache.get(integration_id)
        if known is None or known[0] < self._monotonic() or not isinstance(known[1], Route):
            return None
        return known[1]

    async def route(self, integration_id: UUID) -> Route | None:
        """Return a connection; None when there is none.

        Raises:
            DatabaseUnavailable: when it is not cached and can't be looked up.
        """
        found = await self._find(integration_id, self._load_route)
        return found if isinstance(found, Route) else None

    async def route_of_stored(self, integration_id: UUID) -> Route | None:
        """Return a connection for what it acknowledged: that is read also after it was disabled.

        Raises:
            DatabaseUnavailable: when it is not cached and can't be looked up.
        """
        return await self.route(integration_id) or await self._load_route(integration_id, ROUTE_OF)

    async def routes_of(self, provider: str) -> list[Route]:
        """Return all connections of a provider. One whose credentials can't be opened is left out, and told.

        Raises:
            DatabaseUnavailable: when they can't be looked up.
            KeysUnavailable: when the service that unwraps keys does not answer.
        """
        found = []
        for row in await self._rows(ROUTES_OF_PROVIDER, provider):
            try:
                found.append(await self._route(row["id"], row, ADAPTERS[provider]))
            except (KeyUnusable, ValidationError) as error:
                log.warning("routing.connection_unusable", integration=str(row["id"]), error=type(error).__name__)
        return found

    async def mailboxes(self, recipient: str, bare: str, domain: str) -> list[Mailbox]:
        """Return what may tell whose a recipient is, held longest first: also the first mailbox of the domain.

        Args:
            recipient: in lower case.
            bare: without what stands behind a plus.
            domain: of both.

        Raises:
            DatabaseUnavailable: when they can't be looked up.
        """
        return [
            Mailbox(
                row["tenant_id"],
                row["integration_id"],
                row["mailbox"] or row["reply_pattern"],
                row["reply_pattern"],
                row["serves"],
            )
            for row in await self._rows(MAIL_CLAIMS, recipient, bare, domain)
        ]

    async def app(self, app_id: UUID) -> SharedApp | None:
        """Return a shared app; None when there is none."""
        found = await self._find(app_id, self._load_app)
        return found if isinstance(found, SharedApp) else None

    def forget(self, connection_id: UUID) -> None:
        """Look it up anew next time: somebody changed it."""
        self._cache.pop(connection_id, None)

    def changed(self, told: str) -> None:
        """Take a notification that a connection was changed: its id, or anything else for all of them."""
        try:
            self.forget(UUID(told))
        except ValueError:
            self._cache.clear()

    async def _find(self, key: UUID, load: Callable[[UUID], Any]) -> Route | SharedApp | None:
        known = self._cache.get(key)
        if known is not None and known[0] >= self._monotonic():
            return known[1]
        if key not in self._loading:  # many requests for one connection look it up once
            task = asyncio.ensure_future(load(key))
            task.add_done_callback(lambda _: self._loading.pop(key, None))
            self._loading[key] = task
        found: Route | SharedApp | None = await asyncio.shield(self._loading[key])
        if len(self._cache) >= CACHE_LIMIT:
            self._cache.clear()  # ids that nobody has come from outside; memory must not grow with them
        self._cache[key] = (self._monotonic() + CACHE_SECONDS, found)
        return found

    async def _row(self, statement: str, key: UUID) -> asyncpg.Record | None:
        try:
            return await self._pool.fetchrow(statement, key, timeout=10)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the connection can't be looked up") from error

    async def _rows(self, statement: str, *arguments: str) -> list[asyncpg.Record]:
        try:
            rows: list[asyncpg.Record] = await self._pool.fetch(statement, *arguments, timeout=10)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the connections can't be looked up") from error
        return rows

    async def _load_route(self, integration_id: UUID, statement: str = ROUTE_OF_HOOK) -> Route | None:
        row = await self._row(statement, integration_id)
        adapter = ADAPTERS.get(row["provider"]) if row is not None else None
        if row is None or adapter is None:
            return None
        return await self._route(integration_id, row, adapter)

    async def _route(self, integration_id: UUID, row: asyncpg.Record, adapter: Adapter) -> Route:
        place = credentials_of(row["tenant_id"], integration_id)
        return Route(
            row["tenant_id"],
            integration_id,
            adapter,
            await self._credentials(adapter, row, place),
            row["report_only"],
            orjson.loads(row["config"]),
            {(c["kind"], c["address"]): UUID(c["id"]) for c in orjson.loads(row["channels"])},
            await self._sealing(row["tenant_id"]),
        )

    async def _sealing(self, tenant_id: UUID) -> Sealing:
        """Return what seals a tenant's raw webhooks: the newest of its data keys.

        Raises:
            KeyShredded: when it has none any more.
        """
        row = await self._row(DATA_KEY_OF, tenant_id)
        if row is None:
            raise KeyShredded("the tenant's data keys were destroyed")
        key = await self._keyring.unwrap(WrappedKey(row["wrapped_key"], row["master_key_id"]))
        return Sealing(tenant_id, row["id"], key)

    async def _load_app(self, app_id: UUID) -> SharedApp | None:
        row = await self._row(ROUTE_OF_APP, app_id)
        if row is None or row["provider"] not in ADAPTERS:
            return None
        adapter = ADAPTERS[row["provider"]]
        credentials = await self._credentials(adapter, row, credentials_of("app", app_id))
        routes = {address: UUID(text) for address, text in orjson.loads(row["routes"]).items()}
        return SharedApp(app_id, adapter, credentials, routes)

    async def _credentials(self, adapter: Adapter, row: asyncpg.Record, place: str) -> Credentials:
        key = await self._keyring.unwrap(WrappedKey(row["wrapped_key"], row["master_key_id"]))
        opened = unseal(key, row["credentials_sealed"], place)
        return adapter.credentials.model_validate_json(opened)
