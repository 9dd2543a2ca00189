"""``/api/v1/recoveries``: sending again what failed, or a stretch of the log, in jobs that can be stopped."""

from typing import Annotated, Self
from uuid import UUID

from aiohttp import web
from pydantic import Field, model_validator

from gateway.api.cursors import list_json, position_of
from gateway.api.endpoints.setting_up import check_filters
from gateway.api.services import Services
from gateway.model.event_types import EventPattern, like
from gateway.model.fields import ChannelId, EndpointId, Moment, Seq
from gateway.model.ids import parse, sample_id
from gateway.model.recovery import Recovery, RecoveryPage
from gateway.openapi import (
    Answer,
    Api,
    Audit,
    BodyModel,
    Call,
    Limit,
    NoBody,
    NoQuery,
    Operation,
    QueryModel,
    json_answer,
)
from gateway.permissions import Permission
from gateway.problems import CursorInvalid, NotFound, Resync, WrongState
from gateway.store import recoveries as store
from gateway.store.lanes import try_now
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Deliveries"
PERMISSION: Permission = "webhooks.replay"
LAST_SEQ = 2**63 - 2

LogPlace = Annotated[Seq, Field(ge=1, le=LAST_SEQ)]


class RecoveryQuery(QueryModel):
    """Which jobs."""

    endpoint_id: EndpointId | None = Field(default=None, description="Of this endpoint.")
    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


class RecoverBody(BodyModel):
    """When what is to be sent again has failed."""

    since: Moment = Field(description="The last attempt was then or later.")
    until: Moment | None = Field(default=None, description="It was before. Left out: until now.")


class ReplayBody(BodyModel):
    """Which part of the log is to be sent; what is left out narrows nothing."""

    from_seq: LogPlace | None = Field(default=None, description="The first position. Either this or since.")
    to_seq: LogPlace | None = Field(default=None, description="The last position. Left out: the newest now.")
    since: Moment | None = Field(default=None, description="Events of then or later.")
    until: Moment | None = Field(default=None, description="Earlier events. Left out: until now.")
    event_types: list[EventPattern] | None = Field(default=None, min_length=1, max_length=50)
    channel_ids: list[ChannelId] | None = Field(default=None, min_length=1, max_length=50)
    missing_only: bool = Field(
        default=False, description="true: only what the endpoint was never owed, for example from before it was made."
    )
    per_second: float | None = Field(default=None, ge=0.1, le=1000, description="How many are queued at most.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.from_seq is None) == (self.since is None):
            raise ValueError("give either from_seq or since")
        if self.from_seq is None and self.to_seq is not None:
            raise ValueError("to_seq goes with from_seq; since goes with until")
        if self.since is None and self.until is not None:
            raise ValueError("until goes with since; from_seq goes with to_seq")
        if (self.from_seq or 0) > (self.to_seq or LAST_SEQ):
            raise ValueError("to_seq is before from_seq")
        return self


RECOVER = Operation(
    method="POST",
    path="/api/v1/webhook-endpoints/{id}/recover",
    name="recover_failed",
    tag=TAG,
    summary="Send again what has failed.",
    description="A job queues all deliveries of the endpoint that were given up, by the time of their last attempt;"
    " each gets all attempts of the endpoint's schedule again. One job of an endpoint runs at a time. It goes no faster"
    " than the endpoint takes it: while 1,000 deliveries are due, it waits.",
    query=NoQuery,
    body=RecoverBody,
    permission=PERMISSION,
    audit=Audit("replay", "webhook_endpoints"),
    example={"since": "2026-01-01T00:00:00Z"},
    answers={202: Answer("The job, running.", Recovery)},
    problems=(WrongState,),
    id_prefix="ep",
)
REPLAY = Operation(
    method="POST",
    path="/api/v1/webhook-endpoints/{id}/replay",
    name="replay_events",
    tag=TAG,
    summary="Send a part of the log to an endpoint.",
    description="By position or by time. Of it the endpoint gets what passes its own filters and those given here: what"
    " it was owed already is sent again, with the same webhook-id; what it was not, for the first time. What comes late"
    " to an endpoint that keeps order has no number in its conversation, and may arrive after what happened later. The"
    " part ends where the log was handed out when the job began: what comes later is delivered anyway.",
    query=NoQuery,
    body=ReplayBody,
    permission=PERMISSION,
    audit=Audit("replay", "webhook_endpoints"),
    example={"from_seq": 1, "event_types": ["message.*"], "channel_ids": [sample_id("ch")], "missing_only": True},
    answers={202: Answer("The job, running.", Recovery)},
    problems=(WrongState, Resync),
    id_prefix="ep",
)
LIST = Operation(
    method="GET",
    path="/api/v1/recoveries",
    name="list_recoveries",
    tag=TAG,
    summary="List jobs that send again, newest first.",
    query=RecoveryQuery,
    body=NoBody,
    permission="webhooks.read",
    answers={200: Answer("A page.", RecoveryPage)},
    problems=(CursorInvalid,),
)
GET = Operation(
    method="GET",
    path="/api/v1/recoveries/{id}",
    name="get_recovery",
    tag=TAG,
    summary="Get a job that sends again, and how far it is.",
    query=NoQuery,
    body=NoBody,
    permission="webhooks.read",
    answers={200: Answer("The job.", Recovery)},
    id_prefix="rcv",
)
CANCEL = Operation(
    method="POST",
    path="/api/v1/recoveries/{id}/cancel",
    name="cancel_recovery",
    tag=TAG,
    summary="Stop a job that sends again.",
    description="It queues nothing more; what it has queued is sent.",
    query=NoQuery,
    body=NoBody,
    permission=PERMISSION,
    answers={200: Answer("The job, canceled.", Recovery)},
    problems=(WrongState,),
    id_prefix="rcv",
)
RESUME = Operation(
    method="POST",
    path="/api/v1/recoveries/{id}/resume",
    name="resume_recovery",
    tag=TAG,
    summary="Let a canceled job go on.",
    description="Where it stopped: nothing is queued twice.",
    query=NoQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("replay", "webhook_endpoints"),
    answers={200: Answer("The job, running.", Recovery)},
    problems=(WrongState,),
    id_prefix="rcv",
)


class Recoveries:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def recover(self, call: Call[NoQuery, RecoverBody]) -> web.StreamResponse:
        """Begin to send again what failed."""
        recovery_id = self._new_id()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await _take(tx, call.id)
            args = (call.body.since, call.body.until, call.caller.user_id)
            await store.begin_recover(tx, recovery_id, call.id, *args)
            shown = _there(await store.get(tx, recovery_id))
        self._services.endpoint_changed(call.id)
        return json_answer(shown, 202)

    async def replay(self, call: Call[NoQuery, ReplayBody]) -> web.StreamResponse:
        """Begin to send a part of the log."""
        recovery_id = self._new_id()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await _take(tx, call.id)
            await check_filters(tx, call.body.channel_ids, None)
            replay = await _replay(tx, call.body)
            await store.begin_replay(tx, recovery_id, call.id, replay, call.caller.user_id)
            call.sends(replay.stretch.from_seq, replay.stretch.to_seq)
            shown = _there(await store.get(tx, recovery_id))
        self._services.endpoint_changed(call.id)
        return json_answer(shown, 202)

    async def list(self, call: Call[RecoveryQuery, NoBody]) -> web.StreamResponse:
        """Answer a page."""
        mark = ["recoveries", call.query.endpoint_id or ""]
        after = position_of(call.query.cursor, mark)
        endpoint_id = parse("ep", call.query.endpoint_id) if call.query.endpoint_id else None
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            page = await store.newest_first(tx, endpoint_id, after, call.query.limit)
        return json_answer(list_json(page, mark))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one job."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return json_answer(_there(await store.get(tx, call.id)))

    async def cancel(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Have a job queue nothing more."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _require(await store.lock(tx, call.id), "running")
            await store.cancel(tx, call.id)
            return json_answer(_there(await store.get(tx, call.id)))

    async def resume(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Have a job go on."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            endpoint_id = await store.endpoint_of(tx, call.id)
            if endpoint_id is None:
                raise NotFound("there is no such job")
            if not await store.lock_endpoint(tx, endpoint_id):
                raise WrongState("its endpoint was deleted")
            _require(await store.lock(tx, call.id), "canceled")
            await _require_none_running(tx, endpoint_id)
            await store.resume(tx, call.id)
            call.reaches(endpoint_id)
            await try_now(tx, endpoint_id)
            shown = _there(await store.get(tx, call.id))
        self._services.endpoint_changed(endpoint_id)
        return json_answer(shown)

    def _new_id(self) -> UUID:
        return self._services.new_id(int(self._services.clock().timestamp() * 1000))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Recoveries(services)
    api.add(RECOVER, handlers.recover)
    api.add(REPLAY, handlers.replay)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
    api.add(CANCEL, handlers.cancel)
    api.add(RESUME, handlers.resume)


async def _take(tx: TenantTx, endpoint_id: UUID) -> None:
    """Lock an endpoint of which a job is to begin; one that is left alone is tried once more."""
    if not await store.lock_endpoint(tx, endpoint_id):
        raise NotFound("there is no such endpoint")
    await _require_none_running(tx, endpoint_id)
    await try_now(tx, endpoint_id)


async def _require_none_running(tx: TenantTx, endpoint_id: UUID) -> None:
    if await store.runs(tx, endpoint_id):
        raise WrongState("another job of this endpoint is running; wait for it, or cancel it")


async def _replay(tx: TenantTx, body: ReplayBody) -> store.Replay:
    """Return what a body asks for.

    Raises:
        Resync: when the log no longer reaches back to the first position.
    """
    stretch = await store.stretch(tx, body.from_seq, body.to_seq, body.since, body.until)
    if body.from_seq is not None and stretch.from_seq > body.from_seq:
        raise Resync(f"the log begins at {stretch.from_seq} by now")
    return store.Replay(
        stretch=stretch,
        since=body.since,
        until=body.until,
        event_types=body.event_types,
        patterns=None if body.event_types is None else [like(one) for one in body.event_types],
        channel_ids=None if body.channel_ids is None else [parse("ch", one) for one in body.channel_ids],
        missing_only=body.missing_only,
        per_second=body.per_second,
    )


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such job")
    return found


def _require(status: str | None, wanted: str) -> None:
    if _there(status) != wanted:
        raise WrongState(f"this job is {status}")
