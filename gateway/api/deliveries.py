"""``/api/v1/deliveries``: what endpoints are owed, what became of it, and sending it again."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, get_args

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import list_json, position_of
from gateway.api.services import Services
from gateway.keys import Keyring
from gateway.keys.stand_ins import stand_ins
from gateway.model.delivery import AttemptPage, Delivery, DeliveryInFull, DeliveryPage, DeliveryStatus
from gateway.model.event_types import like
from gateway.model.fields import ConversationId, EndpointId, EventId, Moment
from gateway.model.ids import IdInvalid, parse
from gateway.model.log import entry_json
from gateway.model.texts import storable
from gateway.openapi import Answer, Api, Audit, Call, Limit, NoBody, NoQuery, Operation, QueryModel, json_answer
from gateway.pii.events import masked_event
from gateway.problems import CursorInvalid, NotFound, WrongState
from gateway.store import delivery_lists, log, pii_rules, webhook_deliveries
from gateway.store.delivery_lists import IdPrefix, Wanted
from gateway.store.pool import TenantTx, tenant_tx
from gateway.store.webhook_deliveries import EndpointGone, EventGone

TAG = "Deliveries"
ID_PREFIXES: Sequence[IdPrefix] = get_args(IdPrefix)
LONGEST = 200
TYPE = re.compile(r"[a-z_*]+(\.[a-z_*]+)+", re.ASCII)

EventTypes = Annotated[str, Field(pattern=r"^[a-z_.*]{1,80}$", examples=["message.*"])]


class DeliveryQuery(QueryModel):
    """Which deliveries; all that is given has to be true of each."""

    endpoint_id: EndpointId | None = Field(default=None, description="To this endpoint.")
    status: list[DeliveryStatus] = Field(default=[], max_length=4, description="May be repeated; none means all.")
    event_type: list[EventTypes] = Field(
        default=[], max_length=20, description="May be repeated; an asterisk stands for any characters."
    )
    conversation_id: ConversationId | None = Field(default=None, description="Of events in this conversation.")
    event_id: EventId | None = Field(default=None, description="Of this event: what receivers see as webhook-id.")
    since: Moment | None = Field(default=None, description="Made then or later.")
    until: Moment | None = Field(default=None, description="Made before.")
    error_kind: str | None = Field(
        default=None, pattern="^[a-z0-9_]{1,40}$", description="What went wrong at the last attempt."
    )
    held: bool = Field(
        default=False, description="true: only what waits for an endpoint that is disabled or backs off."
    )
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST,
        description="The id of a delivery (dlv_…), an event (evt_…), a conversation (cnv_…) or an endpoint (ep_…); a"
        " type of events; or what the error of the last attempt begins with.",
    )
    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


class AttemptQuery(QueryModel):
    """Which page."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


LIST = Operation(
    method="GET",
    path="/api/v1/deliveries",
    name="list_deliveries",
    tag=TAG,
    summary="List deliveries, newest first.",
    description="A page may hold fewer than limit, even none, while next_cursor tells that more was not looked at yet:"
    " where little of much passes the filters.",
    query=DeliveryQuery,
    body=NoBody,
    permission="webhooks.read",
    audit=Audit("read", "webhook_deliveries"),
    answers={200: Answer("A page.", DeliveryPage)},
    problems=(CursorInvalid,),
)
GET = Operation(
    method="GET",
    path="/api/v1/deliveries/{id}",
    name="get_delivery",
    tag=TAG,
    summary="Get a delivery with what is sent.",
    query=NoQuery,
    body=NoBody,
    permission="webhooks.read",
    audit=Audit("read", "webhook_deliveries", "messages", "conversations", "customers"),
    answers={200: Answer("The delivery.", DeliveryInFull)},
    id_prefix="dlv",
)
ATTEMPTS = Operation(
    method="GET",
    path="/api/v1/deliveries/{id}/attempts",
    name="list_delivery_attempts",
    tag=TAG,
    summary="List the attempts of a delivery, newest first.",
    description="With the request, the beginning of the answer, the address that was dialled, and how long each part"
    " took. They are kept for 30 days.",
    query=AttemptQuery,
    body=NoBody,
    permission="webhooks.read",
    audit=Audit("read", "webhook_deliveries"),
    answers={200: Answer("A page.", AttemptPage)},
    problems=(CursorInvalid,),
    id_prefix="dlv",
)
REDELIVER = Operation(
    method="POST",
    path="/api/v1/deliveries/{id}/redeliver",
    name="redeliver",
    tag=TAG,
    summary="Send a delivery again.",
    description="Whatever became of it; with the same webhook-id, and with all attempts of the endpoint's schedule."
    " What waits for its next attempt is due now. While its endpoint is disabled it is held; one that is left alone is"
    " tried at once, with what has waited longest.",
    query=NoQuery,
    body=NoBody,
    permission="webhooks.replay",
    audit=Audit("replay", "webhook_deliveries"),
    answers={202: Answer("The delivery, waiting.", Delivery)},
    problems=(WrongState,),
    id_prefix="dlv",
)


class Deliveries:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[DeliveryQuery, NoBody]) -> web.StreamResponse:
        """Answer a page."""
        mark = _mark(call.query)
        after = position_of(call.query.cursor, mark)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            page = await delivery_lists.newest_first(tx, _wanted(call.query), after, call.query.limit)
        return json_answer(list_json(page, mark))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one delivery, with the event as it is sent."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            shown = _there(await webhook_deliveries.get(tx, call.id))
            event = await _event(tx, await webhook_deliveries.content(tx, call.id), self._services.keyring)
        return json_answer(f'{shown[:-1]},"event":{event}}}')

    async def attempts(self, call: Call[AttemptQuery, NoBody]) -> web.StreamResponse:
        """Answer a page of attempts."""
        mark = ["attempts", call.id.hex]
        after = position_of(call.query.cursor, mark)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _there(await webhook_deliveries.get(tx, call.id))
            page = await webhook_deliveries.attempts(tx, call.id, after, call.query.limit)
        return json_answer(list_json(page, mark))

    async def redeliver(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Make a delivery due."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            try:
                endpoint_id = await webhook_deliveries.redeliver(tx, call.id)
            except EndpointGone:
                raise WrongState("its endpoint was deleted: nothing is sent there any more") from None
            except EventGone:
                raise WrongState("its event is no longer kept: see GET /api/v1/retention") from None
            shown = _there(await webhook_deliveries.get(tx, call.id))
        if endpoint_id is not None:
            self._services.endpoint_changed(endpoint_id)
        return json_answer(shown, 202)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Deliveries(services)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
    api.add(ATTEMPTS, handlers.attempts)
    api.add(REDELIVER, handlers.redeliver)


def _wanted(query: DeliveryQuery) -> Wanted:
    given: Sequence[tuple[IdPrefix, str | None]] = (
        ("ep", query.endpoint_id),
        ("evt", query.event_id),
        ("cnv", query.conversation_id),
    )
    wanted = Wanted(
        ids=[(prefix, parse(prefix, text)) for prefix, text in given if text],
        statuses=sorted(set(query.status)),
        patterns=[like(one) for one in query.event_type],
        error_kind=query.error_kind,
        held=query.held,
        since=query.since,
        until=query.until,
    )
    return _searched(wanted, storable(query.q, LONGEST).strip()) if query.q else wanted


def _searched(wanted: Wanted, q: str) -> Wanted:
    """Narrow by what somebody typed."""
    for prefix in ID_PREFIXES:
        try:
            return replace(wanted, ids=[*wanted.ids, (prefix, parse(prefix, q))])
        except IdInvalid:
            continue
    if TYPE.fullmatch(q):
        return replace(wanted, type=like(q))
    return replace(wanted, error=q.lower())


def _mark(query: DeliveryQuery) -> Sequence[str]:
    """Write down what a cursor is bound to."""
    return [f"{name}={value}" for name, value in query.model_dump(exclude={"cursor", "limit"}).items()]


async def _event(tx: TenantTx, content: webhook_deliveries.Content | None, keyring: Keyring) -> str:
    """Return what a delivery sends, as JSON text."""
    if content is None or content.seq is None:
        return "null" if content is None or content.body is None else content.body
    entries = await log.read(tx, content.seq - 1, content.seq, 1)
    if not entries:
        return "null"
    event = entry_json(entries[0])
    if content.masked:  # beside the event loop: it may hold long texts
        detectors = await pii_rules.detectors(tx)
        event = await asyncio.to_thread(masked_event, event, detectors, stand_ins(keyring, tx.tenant_id))
    return event.decode()


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such delivery")
    return found
