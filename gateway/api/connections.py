"""``/api/v1/connections`` and ``/api/v1/channels``: a tenant's connections to its providers, and their addresses."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from aiohttp import web

from channels.adapter import Adapter
from channels.registry import ADAPTERS
from gateway.alarms import logins
from gateway.alarms.telling import Teller
from gateway.api.channels import ChannelBody, ChannelChange, checked_channel
from gateway.api.connection_bodies import ConnectionBody, ConnectionChange, Values
from gateway.api.credentials import checked, leads_elsewhere, merged, opened, require_entered, rotated, sealed
from gateway.api.services import Services
from gateway.model.connection import Channel, Connection, ConnectionPage, StandingAlarm
from gateway.model.ids import public
from gateway.model.log import Entry, iso
from gateway.model.provider import described
from gateway.openapi import Answer, Api, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import Fault, Invalid, NotFound
from gateway.store import connections as store
from gateway.store import log, standing_alarms
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Connections"
CREATED = "channel.created"
UPDATED = "channel.updated"

LIST = Operation(
    method="GET",
    path="/api/v1/connections",
    name="list_connections",
    tag=TAG,
    summary="List the connections to providers.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, the oldest first.", ConnectionPage)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/connections",
    name="create_connection",
    tag=TAG,
    summary="Connect a provider.",
    description="For owners and admins. Writes channel.created to the log for each channel.",
    query=NoQuery,
    body=ConnectionBody,
    permission="connections.write",
    example={
        "provider": "twilio",
        "name": "Text messages",
        "credentials": {"account_sid": "AC" + "0" * 32, "auth_token": "0" * 32},
        "channels": [{"kind": "sms", "address": "+12025550100"}],
    },
    answers={201: Answer("The connection, with the URL and the steps to take at the provider.", Connection)},
)
GET = Operation(
    method="GET",
    path="/api/v1/connections/{id}",
    name="get_connection",
    tag=TAG,
    summary="Get a connection.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("The connection.", Connection)},
    id_prefix="int",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/connections/{id}",
    name="change_connection",
    tag=TAG,
    summary="Change a connection: its name, credentials, settings, or whether it is in use.",
    description="For owners and admins. Writes channel.updated for each channel when its status changes, and"
    " channel.alarm when a new login ends the alarm of the old one. A change of"
    " base_url, host or url to another server needs all stored secrets anew: they are not sent to where nobody entered"
    " them for.",
    query=NoQuery,
    body=ConnectionChange,
    permission="connections.write",
    example={"name": "Support line", "report_only": False},
    answers={200: Answer("The connection as it is now.", Connection)},
    id_prefix="int",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/connections/{id}",
    name="remove_connection",
    tag=TAG,
    summary="Remove a connection with its channels, and destroy its credentials.",
    description="For owners and admins. Its conversations stay. Writes channel.updated for each channel.",
    query=NoQuery,
    body=NoBody,
    permission="connections.write",
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="int",
)
ADD_CHANNEL = Operation(
    method="POST",
    path="/api/v1/connections/{id}/channels",
    name="add_channel",
    tag=TAG,
    summary="Add an address to a connection.",
    description="For owners and admins. Writes channel.created to the log; one that was removed before comes back"
    " with its conversations, and is told of by channel.updated.",
    query=NoQuery,
    body=ChannelBody,
    permission="connections.write",
    example={"kind": "whatsapp", "address": "106540352242922", "name": "Support"},
    answers={201: Answer("The channel.", Channel)},
    id_prefix="int",
)
RENAME_CHANNEL = Operation(
    method="PATCH",
    path="/api/v1/channels/{id}",
    name="change_channel",
    tag=TAG,
    summary="Change a channel's name.",
    description="For owners and admins. Writes channel.updated to the log.",
    query=NoQuery,
    body=ChannelChange,
    permission="connections.write",
    example={"name": "Sales"},
    answers={200: Answer("The channel as it is now.", Channel)},
    id_prefix="ch",
)
REMOVE_CHANNEL = Operation(
    method="DELETE",
    path="/api/v1/channels/{id}",
    name="remove_channel",
    tag=TAG,
    summary="Take an address off its connection.",
    description="For owners and admins. Its conversations stay. Writes channel.updated to the log.",
    query=NoQuery,
    body=NoBody,
    permission="connections.write",
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="ch",
)


class Connections:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._teller = Teller(services.pool, services.announce, services.clock, self._new_id)

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all connections."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            views = await self._views(tx, await store.all_of(tx))
        return json_answer(ConnectionPage(data=views, next_cursor=None))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one connection."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return json_answer(await self._view(tx, call.id))

    async def create(self, call: Call[NoQuery, ConnectionBody]) -> web.StreamResponse:
        """Store a new connection with its channels."""
        body = call.body
        adapter = _adapter(body.provider)
        credentials, settings = merged({}, body.credentials), _settings(adapter, merged({}, body.settings))
        checked(adapter.credentials, credentials, "credentials")
        channels = [checked_channel(adapter, one, f"/channels/{place}") for place, one in enumerate(body.channels)]
        connection_id = self._new_id()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            key = await store.data_key(tx)
            secret = await sealed(self._services.keyring, key, credentials, tx.tenant_id, connection_id)
            name = body.name or adapter.setup.title
            await store.add(
                tx, connection_id, adapter.provider, name, key.id, secret, settings, report_only=body.report_only
            )
            connection = _there(await store.get(tx, connection_id))
            for place, channel in enumerate(channels):
                await self._add(tx, connection, channel, f"/channels/{place}")
            entries = await self._tell(tx, CREATED, await store.channels_of(tx, connection_id))
            view = await self._view(tx, connection_id)
        self._done(connection_id, entries)
        return json_answer(view, 201)

    async def change(self, call: Call[NoQuery, ConnectionChange]) -> web.StreamResponse:
        """Store what is to be changed."""
        body = call.body
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            connection = _there(await store.lock(tx, call.id))
            adapter = _adapter(connection.provider)
            status = body.status or connection.status
            settings = _settings(adapter, merged(connection.settings, body.settings))
            await store.change(
                tx,
                connection.id,
                name=body.name or connection.name,
                status=status,
                report_only=connection.report_only if body.report_only is None else body.report_only,
                settings=settings,
                credentials_sealed=await self._changed_credentials(tx, adapter, connection, body, settings),
            )
            if body.silence is not None:
                await standing_alarms.mind(tx, connection.id, body.silence)
            mended = await self._mended(tx, adapter, connection, body)
            changed = await store.channels_of(tx, connection.id) if status != connection.status else ()
            entries = await self._tell(tx, UPDATED, changed)
            view = await self._view(tx, connection.id)
        if mended is not None:
            self._teller.told(mended, connection.id, logins.WELL)
        self._done(connection.id, entries)
        return json_answer(view)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Remove a connection with its channels."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _there(await store.lock(tx, call.id))
            entries = await self._tell(tx, UPDATED, await store.remove(tx, call.id))
        self._done(call.id, entries)
        return web.Response(status=204)

    async def add_channel(self, call: Call[NoQuery, ChannelBody]) -> web.StreamResponse:
        """Add an address to a connection."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            connection = _there(await store.lock(tx, call.id))
            channel_id, new = await self._add(
                tx, connection, checked_channel(_adapter(connection.provider), call.body, ""), ""
            )
            entries = await self._tell(tx, CREATED if new else UPDATED, [channel_id])
        self._done(connection.id, entries)
        return json_answer(entries[0].data, 201)

    async def rename_channel(self, call: Call[NoQuery, ChannelChange]) -> web.StreamResponse:
        """Name a channel anew."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if not await store.rename_channel(tx, call.id, call.body.name):
                raise NotFound("there is no such channel")
            entries = await self._tell(tx, UPDATED, [call.id])
        self._services.announce(entries)
        return json_answer(entries[0].data)

    async def remove_channel(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Take an address off its connection."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            connection_id = await store.remove_channel(tx, call.id)
            if connection_id is None:
                raise NotFound("there is no such channel")
            entries = await self._tell(tx, UPDATED, [call.id])
        self._done(connection_id, entries)
        return web.Response(status=204)

    async def _changed_credentials(
        self, tx: TenantTx, adapter: Adapter, connection: store.Connection, body: ConnectionChange, settings: Values
    ) -> bytes:
        """Return the credentials as they are to be stored; they are opened only where that matters.

        Raises:
            Invalid: when they are not acceptable, or would be sent to a server that they were not entered for.
        """
        moved = leads_elsewhere(connection.settings, settings)
        if not body.credentials and not moved:
            return connection.credentials_sealed
        stored = await opened(self._services.keyring, connection, tx.tenant_id)
        changes = rotated(adapter.credentials, stored, body.credentials) if body.keep_previous else body.credentials
        credentials = merged(stored, changes)
        if moved or leads_elsewhere(stored, credentials):
            require_entered(adapter.credentials, stored, body.credentials)
        checked(adapter.credentials, credentials, "credentials")
        return await sealed(self._services.keyring, connection.key, credentials, tx.tenant_id, connection.id)

    async def _mended(
        self, tx: TenantTx, adapter: Adapter, connection: store.Connection, body: ConnectionChange
    ) -> Entry | None:
        """End the alarm of a login that is entered anew; returns what the log says of that."""
        if adapter.operations.renewed_by not in body.credentials:
            return None
        return await self._teller.end_in(tx, connection.id, logins.KIND, logins.ENTERED, logins.WELL)

    async def _add(self, tx: TenantTx, to: store.Connection, channel: ChannelBody, pointer: str) -> tuple[UUID, bool]:
        """Add a channel; returns its id, and whether it never was there before."""
        new_id = self._new_id()
        channel_id = await store.add_channel(
            tx, to, new_id, channel.kind, channel.address, channel.name or channel.address
        )
        if channel_id is None:
            taken = Fault("body", f"{pointer}/address", "this connection has this address already")
            raise Invalid("this channel is there already", [taken])
        return channel_id, channel_id == new_id

    async def _tell(self, tx: TenantTx, kind: str, channels: Sequence[UUID]) -> Sequence[Entry]:
        """Write of channels to the log; its lock is taken last, as every writer does."""
        if not channels:
            return []
        await log.lock_head(tx)
        return [
            await log.append(tx, kind, None, shown, self._new_id()) for shown in await store.channels_json(tx, channels)
        ]

    def _done(self, connection_id: UUID, entries: Sequence[Entry]) -> None:
        """Tell everybody, after the commit."""
        self._services.connection_changed(connection_id)
        if entries:
            self._services.announce(entries)

    async def _view(self, tx: TenantTx, connection_id: UUID) -> Connection:
        [view] = await self._views(tx, [_there(await store.get(tx, connection_id))])
        return view

    async def _views(self, tx: TenantTx, found: Sequence[store.Connection]) -> Sequence[Connection]:
        last = await store.last_webhooks(tx)
        alarms = await standing_alarms.all_of(tx)
        return [
            await self._shown(
                tx.tenant_id, one, iso(last[one.id]) if one.id in last else None, [shown(a) for a in alarms[one.id]]
            )
            for one in found
        ]

    async def _shown(
        self,
        tenant_id: UUID,
        connection: store.Connection,
        last_webhook_at: str | None,
        alarms: Sequence[StandingAlarm],
    ) -> Connection:
        key = public("int", connection.id)
        adapter = ADAPTERS.get(connection.provider)  # None: this version of the gateway does not know it
        provider = described(adapter, self._services.public_url, key) if adapter else None
        credentials = await opened(self._services.keyring, connection, tenant_id)
        return Connection(
            id=key,
            provider=connection.provider,
            name=connection.name,
            status=connection.status,
            error=connection.error_message,
            report_only=connection.report_only,
            settings=dict(connection.settings),
            credentials_set=sorted(name for name, value in credentials.items() if value not in (None, "", [])),
            hook_url=provider and provider.hook_url,
            steps=provider.steps if provider else [],
            channels=orjson.loads(connection.channels),
            silence=connection.silence,
            alarms=list(alarms),
            last_webhook_at=last_webhook_at,
            created_at=iso(connection.created_at),
            updated_at=iso(connection.updated_at),
        )

    def _new_id(self) -> UUID:
        return self._services.new_id(int(self._services.clock().timestamp() * 1000))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Connections(services)
    api.add(LIST, handlers.list)
    api.add(CREATE, handlers.create)
    api.add(GET, handlers.get)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)
    api.add(ADD_CHANNEL, handlers.add_channel)
    api.add(RENAME_CHANNEL, handlers.rename_channel)
    api.add(REMOVE_CHANNEL, handlers.remove_channel)


def shown(alarm: standing_alarms.Alarm) -> StandingAlarm:
    """Return an alarm as it is shown."""
    expires_at = None if alarm.expires_at is None else iso(alarm.expires_at)
    return StandingAlarm.model_validate(
        {"kind": alarm.kind, "level": alarm.level, "sentence": alarm.sentence, "since": iso(alarm.since)}
        | {"expires_at": expires_at}
    )


def _there(found: store.Connection | None) -> store.Connection:
    if found is None:
        raise NotFound("there is no such connection")
    return found


def _adapter(provider: str) -> Adapter:
    adapter = ADAPTERS.get(provider)
    if adapter is None:
        raise Invalid("this provider can't be connected", [Fault("body", "/provider", "there is no such provider")])
    return adapter


def _settings(adapter: Adapter, settings: Values) -> Values:
    """Check settings; Postgres takes no NUL in a text."""
    checked(adapter.settings, settings, "settings")
    if b"\\u0000" in orjson.dumps(settings):
        raise Invalid("some settings are not acceptable", [Fault("body", "/settings", "a text holds a NUL")])
    return settings
