"""``/api/v1/webhook-endpoints/{id}/ping``: an event of its own that tries an endpoint out."""

from uuid import UUID

import orjson
from aiohttp import web

from gateway.api.endpoints.managing import TAG, locked
from gateway.api.services import Services
from gateway.model.delivery import Delivery
from gateway.model.event_types import PING
from gateway.model.ids import public
from gateway.model.log import Entry, entry_json
from gateway.openapi import Answer, Api, Audit, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import TooManyRequests
from gateway.store import pings
from gateway.store.pool import TenantTx, tenant_tx

#: Of one endpoint. They are let through whatever state it is in.
MOST_WAITING = 10
RETRY_SECONDS = 10

SEND = Operation(
    method="POST",
    path="/api/v1/webhook-endpoints/{id}/ping",
    name="ping_webhook_endpoint",
    tag=TAG,
    summary="Send a test event to an endpoint.",
    description="It has the type webhook_endpoint.ping, and comes whatever the endpoint's types and filters are, also "
    "while it is disabled or left alone for a while. What came of it shows its delivery.",
    query=NoQuery,
    body=NoBody,
    permission="endpoints.write",
    audit=Audit("read", "webhook_deliveries"),
    answers={202: Answer("The delivery, which is attempted at once.", Delivery)},
    problems=(TooManyRequests,),
    id_prefix="ep",
)


class Pings:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def send(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Let one be sent."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await locked(tx, call.id)
            delivery = await add_ping(tx, call.id, self._services)
        self._services.endpoint_changed(call.id)
        return json_answer(delivery, 202)


async def add_ping(tx: TenantTx, endpoint_id: UUID, services: Services, secret_id: str | None = None) -> str:
    """Make a ping of a locked endpoint; returns its delivery as JSON text.

    Args:
        tx: the transaction that holds the lock.
        endpoint_id: of the endpoint.
        services: the API's surroundings.
        secret_id: the only secret that signs it; None: all of them.

    Raises:
        TooManyRequests: when too many wait already.
    """
    if await pings.waiting(tx, endpoint_id) >= MOST_WAITING:
        raise TooManyRequests(f"{MOST_WAITING} pings wait already", retry_after=RETRY_SECONDS)
    now = services.clock()
    delivery_id, event_id = (services.new_id(int(now.timestamp() * 1000)) for _ in range(2))
    data = orjson.dumps({"endpoint_id": public("ep", endpoint_id)}).decode()
    body = entry_json(Entry(tx.tenant_id, 0, event_id, PING, None, now, data)).decode()
    return await pings.add(tx, delivery_id, endpoint_id, event_id, PING, body, secret_id)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    api.add(SEND, Pings(services).send)
