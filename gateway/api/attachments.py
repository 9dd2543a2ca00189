"""``/api/v1/attachments/{id}``: a file of a message, the way to its bytes, and fetching it anew."""

import orjson
from aiohttp import hdrs, web

from gateway.api.files import link
from gateway.api.services import Services
from gateway.files.fetcher import told
from gateway.files.links import SHORT
from gateway.model.file import LinkedAttachment
from gateway.model.ids import public
from gateway.openapi import Answer, Api, Audit, Call, NoBody, NoQuery, Operation, QueryModel, json_answer
from gateway.problems import NotFound, WrongState
from gateway.store import attachments
from gateway.store.attachments import Shown
from gateway.store.pool import TenantTx, tenant_tx

#: How long a browser may go by the address that it was sent to: less than that lasts.
KEPT_SECONDS = 600


class ContentQuery(QueryModel):
    """What is to be done with a file."""

    download: bool = False


GET = Operation(
    method="GET",
    path="/api/v1/attachments/{id}",
    name="get_attachment",
    tag="Files",
    summary="Get a file of a message, with a link to its bytes.",
    description="The link is there once the file is stored. It lasts 15 minutes; whoever has it can read the file.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "attachments"),
    answers={200: Answer("The file.", LinkedAttachment)},
    id_prefix="att",
)

CONTENT = Operation(
    method="GET",
    path="/api/v1/attachments/{id}/content",
    name="get_attachment_content",
    tag="Files",
    summary="Be sent on to a file's bytes.",
    description="The same address as in the attachment's link. It takes ranges, and `ETag`.",
    query=ContentQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "attachments"),
    answers={302: Answer("The link to them.", content_type=None, headers={"Location": "Lasts 15 minutes."})},
    id_prefix="att",
)

FETCH = Operation(
    method="POST",
    path="/api/v1/attachments/{id}/fetch",
    name="fetch_attachment",
    tag="Files",
    summary="Try again to fetch a file that could not be had.",
    description="It is pending then; `attachment.updated` tells that, and what comes of it.",
    query=NoQuery,
    body=NoBody,
    permission="conversations.write",
    audit=Audit("change", "attachments"),
    answers={202: Answer("It will be tried.", LinkedAttachment)},
    problems=(WrongState,),
    id_prefix="att",
)


class Attachments:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer a file of a message."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            shown = await _existing(tx, call)
        return json_answer(self._linked(call, shown))

    async def content(self, call: Call[ContentQuery, NoBody]) -> web.StreamResponse:
        """Send on to the bytes, on the same host that was asked: a browser keeps to it."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            shown = await _existing(tx, call)
        if shown.file_id is None:
            raise NotFound("the bytes of this file are not stored")
        path, _ = self._services.files.link(call.caller.tenant_id, shown.file_id, SHORT)
        headers = {
            hdrs.LOCATION: path + ("?download" if call.query.download else ""),
            hdrs.CACHE_CONTROL: f"private, max-age={KEPT_SECONDS}",
        }
        return web.Response(status=302, headers=headers)

    async def fetch(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Have a file fetched anew."""
        services = self._services
        async with tenant_tx(services.pool, call.caller.tenant_id) as tx:
            shown = await _existing(tx, call)
            if not await attachments.again(tx, call.id):
                raise WrongState("this file is stored, or is being fetched")
            event_id = services.new_id(int(services.clock().timestamp() * 1000))
            entry = await told(tx, call.id, shown.conversation_id, event_id)
            shown = await _existing(tx, call)
        services.announce([entry])
        return json_answer(self._linked(call, shown), 202)

    def _linked(self, call: Call[NoQuery, NoBody], shown: Shown) -> bytes:
        stored = shown.file_id and link(self._services, call.caller.tenant_id, shown.file_id, SHORT)
        return orjson.dumps(
            {
                "message_id": public("msg", shown.message_id),
                "conversation_id": public("cnv", shown.conversation_id),
                "attachment": orjson.Fragment(shown.json),
                "link": stored,
            }
        )


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Attachments(services)
    api.add(GET, handlers.get)
    api.add(CONTENT, handlers.content)
    api.add(FETCH, handlers.fetch)


async def _existing(tx: TenantTx, call: Call[NoQuery, NoBody] | Call[ContentQuery, NoBody]) -> Shown:
    shown = await attachments.show(tx, call.id)
    if shown is None:
        raise NotFound("there is no such file, or its message was taken back")
    return shown
