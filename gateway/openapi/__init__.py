"""One declaration per operation: it mounts the route, checks requests, and becomes part of ``/openapi.json``.

A feature declares an operation beside its handler, and mounts both::

    class ListQuery(QueryModel):
        limit: Limit = 50

    LIST = Operation(
        method="GET", path="/api/v1/conversations", name="list_conversations",
        tag="Conversations", summary="List conversations.", query=ListQuery, body=NoBody,
        permission="inbox.read", audit=Audit("read", "conversations"),
        answers={200: Answer("A page, the newest message first.", ConversationPage)},
        problems=(CursorInvalid,),
    )

    class Conversations:
        def __init__(self, pool: asyncpg.Pool) -> None: ...

        async def list(self, call: Call[ListQuery, NoBody]) -> web.StreamResponse:
            page = await ...(call.caller.tenant_id, call.query.limit)
            return json_answer(page)

    def add_routes(api: Api, pool: asyncpg.Pool) -> None:
        api.add(LIST, Conversations(pool).list)

- ``Api.add``: the caller is identified first (cookie or API key; the same-origin rule; viewers can't write),
  then the id in the path, the query and the body are read. ``{id}`` in the path needs ``id_prefix``; it
  arrives as ``call.id``, and anything that is no such id is answered 404.
- ``Api.add_open``: the same for everybody; ``call`` is an ``OpenCall``, which has no caller.
- ``Api.add_raw``: the handler takes the bare ``web.Request`` and checks all itself (websockets, streams).
- ``audit`` says what it does to personal data (``gateway/model/audit.py``). An operation whose answer or path is of a
  table that holds some is refused without it. Raw handlers, and those that stream, tell what they show by themselves.
- ``problems`` names what this operation raises beyond what the layer does (401, 403, 404, 422 … are added).

Answers usually are JSON text as the database wrote it; ``json_answer`` sends that on. The models in
``answers`` describe it, and tests hold the answers against them.
"""

from gateway.model.audit import Audit
from gateway.openapi.api import Api, Call, OpenCall, json_answer
from gateway.openapi.operation import (
    PLAIN_DIGITS,
    Answer,
    BodyModel,
    Limit,
    NoBody,
    NoQuery,
    Operation,
    QueryModel,
)

__all__ = [
    "PLAIN_DIGITS",
    "Answer",
    "Api",
    "Audit",
    "BodyModel",
    "Call",
    "Limit",
    "NoBody",
    "NoQuery",
    "OpenCall",
    "Operation",
    "QueryModel",
    "json_answer",
]
