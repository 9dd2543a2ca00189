"""``/api/v1/webhook-endpoints/{id}/why``: why an endpoint got an event, or did not."""

from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.api import delivery_reasons
from gateway.api.delivery_reasons import Reason
from gateway.api.services import Services
from gateway.model.delivery import Delivery
from gateway.model.fields import EventId
from gateway.model.ids import parse, public
from gateway.model.why import Why
from gateway.openapi import PLAIN_DIGITS, Answer, Api, Audit, Call, NoBody, Operation, QueryModel, json_answer
from gateway.problems import Fault, Invalid, NotFound
from gateway.store import why
from gateway.store.pool import tenant_tx
from gateway.store.why import EndpointNow


class WhyQuery(QueryModel):
    """Which event; one of the two."""

    event_id: EventId | None = Field(default=None, description="What receivers see as webhook-id.")
    seq: Annotated[int, Field(ge=1), PLAIN_DIGITS] | None = Field(default=None, description="Its place in the log.")


WHY = Operation(
    method="GET",
    path="/api/v1/webhook-endpoints/{id}/why",
    name="why_not_delivered",
    tag="Deliveries",
    summary="Tell why an endpoint got an event, or did not.",
    description="For any event and any endpoint; give its event_id or its seq. The filters are those of now.",
    query=WhyQuery,
    body=NoBody,
    permission="webhooks.read",
    audit=Audit("read", "webhook_deliveries"),
    answers={200: Answer("What became of it, and what can be done.", Why)},
    id_prefix="ep",
)


class Whys:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def why(self, call: Call[WhyQuery, NoBody]) -> web.StreamResponse:
        """Look for the delivery, then for the event."""
        event_id = parse("evt", call.query.event_id) if call.query.event_id else None
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            endpoint = await why.endpoint(tx, call.id)
            if endpoint is None:
                raise NotFound("there is no such endpoint")
            if (event_id is None) == (call.query.seq is None):
                raise Invalid("name one event", [Fault("query", "/event_id", "give either this or seq")])
            found = await why.delivery(tx, call.id, call.query.seq, event_id)
            if found is not None:
                return json_answer(_owed(call.id, Delivery.model_validate_json(found), endpoint))
            seq = call.query.seq if event_id is None else await why.seq_of(tx, event_id)
            event = None if seq is None else await why.event(tx, call.id, seq)
        if event is None:
            reason = delivery_reasons.no_such_event(event_id is not None)
            return json_answer(_shown(call.id, event_id, None, reason))
        return json_answer(_shown(call.id, event.id, event.seq, delivery_reasons.of_event(event, endpoint)))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""
    api.add(WHY, Whys(services).why)


def _owed(endpoint_id: UUID, delivery: Delivery, endpoint: EndpointNow) -> Why:
    reason = delivery_reasons.of_delivery(delivery, endpoint)
    return _shown(endpoint_id, parse("evt", delivery.event_id), delivery.seq, reason, delivery)


def _shown(
    endpoint_id: UUID, event_id: UUID | None, seq: int | None, reason: Reason, delivery: Delivery | None = None
) -> Why:
    verdict, sentence, next_step = reason
    return Why(
        endpoint_id=public("ep", endpoint_id),
        event_id=event_id and public("evt", event_id),
        seq=seq,
        verdict=verdict,
        reason=sentence,
        next_step=next_step,
        delivery=delivery,
    )
