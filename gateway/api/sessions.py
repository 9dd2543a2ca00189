"""``/api/v1/sessions``: a person's own logins, in all their tenants."""

from collections.abc import Sequence

from aiohttp import web

from gateway.api.profile import TAG, person_of
from gateway.api.services import Services
from gateway.model.ids import public
from gateway.model.log import iso
from gateway.model.member import LoginSession, LoginSessionPage
from gateway.openapi import Answer, Api, Audit, Call, NoBody, NoQuery, Operation, json_answer
from gateway.people.devices import device_of
from gateway.problems import NotFound
from gateway.store import sessions
from gateway.store.pool import tenant_tx

LIST = Operation(
    method="GET",
    path="/api/v1/sessions",
    name="list_sessions",
    tag=TAG,
    summary="List the caller's logins.",
    query=NoQuery,
    body=NoBody,
    permission="account.write",
    audit=Audit("read", "sessions"),
    answers={200: Answer("All of them, the last used first.", LoginSessionPage)},
)
END = Operation(
    method="DELETE",
    path="/api/v1/sessions/{id}",
    name="end_session",
    tag=TAG,
    summary="End one of the caller's logins.",
    description="Its websockets are closed.",
    query=NoQuery,
    body=NoBody,
    permission="account.write",
    audit=Audit("remove", "sessions"),
    answers={204: Answer("It has ended.", content_type=None)},
    id_prefix="ses",
)
END_OTHERS = Operation(
    method="POST",
    path="/api/v1/sessions/end-others",
    name="end_other_sessions",
    tag=TAG,
    summary="End all of the caller's logins but the one that asks.",
    query=NoQuery,
    body=NoBody,
    permission="account.write",
    answers={204: Answer("They have ended.", content_type=None)},
)


class Sessions:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all logins."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await sessions.all_of(tx, person_of(call.caller), self._services.clock())
        current = call.caller.token_hash
        shown = [_shown(one, is_current=one.token_hash == current) for one in found]
        return json_answer(LoginSessionPage(data=shown, next_cursor=None))

    async def end(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """End one login."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            ended = await sessions.end_one(tx, person_of(call.caller), call.id)
        if not ended:
            raise NotFound("there is no such login")
        return self._ended(ended)

    async def end_others(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """End all other logins."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            ended = await sessions.end_others(tx, person_of(call.caller), call.caller.token_hash)
        return self._ended(ended)

    def _ended(self, hashes: Sequence[bytes]) -> web.Response:
        for one in hashes:
            self._services.login_ended(one)
        return web.Response(status=204)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Sessions(services)
    api.add(LIST, handlers.list)
    api.add(END, handlers.end)
    api.add(END_OTHERS, handlers.end_others)


def _shown(one: sessions.SessionView, *, is_current: bool) -> LoginSession:
    return LoginSession(
        id=public("ses", one.id),
        tenant=one.tenant,
        device=device_of(one.user_agent),
        user_agent=one.user_agent,
        current=is_current,
        created_at=iso(one.created_at),
        last_seen_at=iso(one.last_seen_at),
    )
