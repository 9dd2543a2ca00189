"""``/api/v1/retention``: how long a tenant keeps what."""

from dataclasses import replace
from typing import Annotated

import orjson
from aiohttp import web
from pydantic import Field

from gateway.api.services import Services
from gateway.model.log import iso
from gateway.model.retention import Retention
from gateway.openapi import Answer, Api, BodyModel, Call, NoBody, NoQuery, Operation, QueryModel, json_answer
from gateway.problems import Fault, Invalid
from gateway.store import tenant_retention
from gateway.store.pool import TenantTx, tenant_tx
from gateway.store.retention import Choice, Keeping
from gateway.store.tenant_retention import Own

TAG = "Retention"
KINDS = ("webhooks", "deliveries", "events")

CHOSEN = ("conversations", "attachments", "notes")

Days = Annotated[int, Field(ge=7, le=3650)]
Month = Annotated[int, Field(ge=30, le=3650)]
FOR_EVER = "null: for ever. Left out: as it is."


class RetentionBody(BodyModel):
    """For how many days each kind is kept; null: as long as the operator says."""

    webhooks_days: Days | None = Field(description="Raw webhooks.")
    deliveries_days: Days | None = Field(description="Deliveries that are done, with their attempts.")
    events_days: Days | None = Field(description="Events; at least as long as deliveries.")
    conversations_days: Month | None = Field(default=None, description=f"Resolved conversations. {FOR_EVER}")
    attachments_days: Days | None = Field(default=None, description=f"Files of messages. {FOR_EVER}")
    notes_days: Days | None = Field(default=None, description=f"Notes on customers. {FOR_EVER}")


class SetQuery(QueryModel):
    """Whether it is meant."""

    dry_run: bool = Field(default=False, description="Only tell what would go: nothing is changed.")


GET = Operation(
    method="GET",
    path="/api/v1/retention",
    name="get_retention",
    tag=TAG,
    summary="Tell how long things are kept, and what is about to go.",
    query=NoQuery,
    body=NoBody,
    permission="tenant.write",
    answers={200: Answer("What holds now.", Retention)},
)
SET = Operation(
    method="PUT",
    path="/api/v1/retention",
    name="set_retention",
    tag=TAG,
    summary="Say how long things are kept.",
    description="What is older goes within the hour or so, for good. With dry_run it is counted, and nothing changes."
    " What is needed stays: webhooks that wait for a look, and events that are still owed to an endpoint.",
    query=SetQuery,
    body=RetentionBody,
    permission="tenant.write",
    example={"webhooks_days": 30, "deliveries_days": None, "events_days": 180},
    answers={200: Answer("What holds now, or would.", Retention)},
)


class RetentionOfTenant:
    """Their handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer what holds."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            own, choice = await tenant_retention.own(tx), await tenant_retention.choice(tx)
            return await self._shown(tx, own, choice, dry_run=False)

    async def set(self, call: Call[SetQuery, RetentionBody]) -> web.StreamResponse:
        """Set what holds, or tell what that would mean."""
        body, dry_run = call.body, call.query.dry_run
        wanted = Own(body.webhooks_days, body.deliveries_days, body.events_days)
        keeping = wanted.over(self._services.keeping)
        if keeping.events_days < keeping.deliveries_days:
            wrong = f"deliveries are kept for {keeping.deliveries_days} days and can be sent again until then"
            raise Invalid("events have to be kept as long as deliveries", [Fault("body", "/events_days", wrong)])
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            choice = _chosen(body, await tenant_retention.choice(tx))
            if not dry_run:
                await tenant_retention.set_own(tx, wanted, call.caller.user_id)
                await tenant_retention.set_choice(tx, choice, call.caller.user_id)
            return await self._shown(tx, wanted, choice, dry_run=dry_run)

    async def _shown(self, tx: TenantTx, own: Own, choice: Choice, *, dry_run: bool) -> web.StreamResponse:
        defaults = self._services.keeping
        keeping = own.over(defaults)
        due = await tenant_retention.preview(tx, keeping)
        examples = await tenant_retention.examples(tx, keeping, choice)
        shown: dict[str, object] = {
            kind: {
                "days": days,
                "own_days": own_days,
                "default_days": default_days,
                "amount": due[kind].amount,
                "oldest": None if (oldest := due[kind].oldest) is None else iso(oldest),
                "held": due[kind].held,
                "examples": examples.get(kind, []),
            }
            for kind, days, own_days, default_days in zip(
                KINDS, _days(keeping), _days(own), _days(defaults), strict=True
            )
        }
        chosen = await tenant_retention.choice_preview(tx, choice)
        for kind in CHOSEN:
            days, found = getattr(choice, f"{kind}_days"), chosen[kind]
            came = None if found.oldest is None else iso(found.oldest)
            shown[kind] = {"days": days, "own_days": days, "default_days": None, "amount": found.amount,
                "oldest": came, "held": found.held, "examples": examples.get(kind, [])}  # fmt: skip
        return json_answer(orjson.dumps({**shown, "dry_run": dry_run}).decode())


def _chosen(body: RetentionBody, now: Choice) -> Choice:
    """Return what a body says of what is kept for ever otherwise; what it leaves out stays."""
    days = {name: getattr(body, name) for name in body.model_fields_set if name.removesuffix("_days") in CHOSEN}
    return replace(now, **days)


def _days(of: Keeping | Own) -> tuple[int | None, int | None, int | None]:
    return of.webhooks_days, of.deliveries_days, of.events_days


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = RetentionOfTenant(services)
    api.add(GET, handlers.get)
    api.add(SET, handlers.set)
