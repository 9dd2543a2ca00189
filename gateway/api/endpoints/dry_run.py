"""``/api/v1/webhook-endpoints/dry-run``: what an endpoint would have got of past events; nothing is sent."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoints.bodies import CHANNEL_IDS, EVENT_TYPES, LABEL_IDS, Channels, EventPatterns, Labels
from gateway.api.endpoints.managing import TAG
from gateway.api.endpoints.setting_up import check_filters, ids_of
from gateway.api.services import Services
from gateway.model.endpoint import DryRun
from gateway.model.event_types import like
from gateway.model.ids import sample_id
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoQuery, Operation, json_answer
from gateway.problems import NotFound
from gateway.store import dry_runs
from gateway.store.dry_runs import Filters
from gateway.store.pool import TenantTx, tenant_tx

MOST_EVENTS = 10_000
DESCRIPTION = (
    "Looks at the newest events as deliveries are made: by their type, and by the channel and the labels that their "
    "conversations have now. Nothing is sent or stored."
)


class DryRunBody(BodyModel):
    """Filters, and how far back to look."""

    event_types: EventPatterns | None = Field(default=None, description=EVENT_TYPES)
    channel_ids: Channels | None = Field(default=None, description=CHANNEL_IDS)
    label_ids: Labels | None = Field(default=None, description=LABEL_IDS)
    limit: Annotated[int, Field(ge=1, le=MOST_EVENTS, description="How many events at most.")] = 1000
    since_seq: Annotated[int, Field(ge=0, le=2**62, description="Only what comes after this position.")] = 0


UNSAVED = Operation(
    method="POST",
    path="/api/v1/webhook-endpoints/dry-run",
    name="try_webhook_filters",
    tag=TAG,
    summary="Try filters out on past events.",
    description=f"{DESCRIPTION} Left out, event types and filters let everything through.",
    query=NoQuery,
    body=DryRunBody,
    permission="endpoints.write",
    audit=Audit("read", "events"),
    example={
        "event_types": ["message.*"],
        "channel_ids": [sample_id("ch")],
        "label_ids": [sample_id("lbl")],
        "limit": 500,
    },
    answers={200: Answer("What would have come.", DryRun)},
)
SAVED = Operation(
    method="POST",
    path="/api/v1/webhook-endpoints/{id}/dry-run",
    name="try_webhook_endpoint",
    tag=TAG,
    summary="Try an endpoint's filters out on past events, as they are or changed.",
    description=f"{DESCRIPTION} Left out, event types and filters are the endpoint's.",
    query=NoQuery,
    body=DryRunBody,
    permission="endpoints.write",
    audit=Audit("read", "events"),
    example={"event_types": ["*.updated"], "channel_ids": [sample_id("ch")]},
    answers={200: Answer("What would have come.", DryRun)},
    id_prefix="ep",
)


class DryRuns:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def unsaved(self, call: Call[NoQuery, DryRunBody]) -> web.StreamResponse:
        """Try filters out."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return json_answer(await _judged(tx, Filters(["%"], None, None), call.body))

    async def saved(self, call: Call[NoQuery, DryRunBody]) -> web.StreamResponse:
        """Try an endpoint's filters out."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            filters = await dry_runs.filters_of(tx, call.id)
            if filters is None:
                raise NotFound("there is no such endpoint")
            return json_answer(await _judged(tx, filters, call.body))


async def _judged(tx: TenantTx, filters: Filters, body: DryRunBody) -> str:
    await check_filters(tx, body.channel_ids, body.label_ids)
    given = body.model_fields_set
    wanted = Filters(
        filters.type_patterns if body.event_types is None else [like(one) for one in body.event_types],
        ids_of("ch", body.channel_ids) if "channel_ids" in given else filters.channel_ids,
        ids_of("lbl", body.label_ids) if "label_ids" in given else filters.label_ids,
    )
    return await dry_runs.judge(tx, wanted, body.since_seq, body.limit)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = DryRuns(services)
    api.add(UNSAVED, handlers.unsaved)
    api.add(SAVED, handlers.saved)
