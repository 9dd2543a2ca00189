"""``/api/v1/messages/{id}/html``: a mail's own HTML, fenced in."""

from aiohttp import web

from gateway.api.services import Services
from gateway.openapi import Answer, Api, Call, NoBody, NoQuery, Operation
from gateway.problems import NotFound
from gateway.store import messages
from gateway.store.pool import tenant_tx

# It was sanitised when it was stored. Whatever slipped through runs no script, loads nothing and sends nothing.
POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

HTML = Operation(
    method="GET",
    path="/api/v1/messages/{id}/html",
    name="get_message_html",
    tag="Conversations",
    summary="Get the sanitised HTML of a mail.",
    description="For a sandboxed frame. It comes with a content security policy that forbids scripts and loading.",
    query=NoQuery,
    body=NoBody,
    answers={200: Answer("The HTML.", content_type="text/html")},
    id_prefix="msg",
)


class Messages:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def html(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer a mail's HTML."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await messages.html_of(tx, call.id)
        if found is None:
            raise NotFound("there is no such message, or it has no HTML")
        headers = {
            "Content-Security-Policy": POLICY,
            "X-Frame-Options": "SAMEORIGIN",
            "Cache-Control": "private, max-age=3600",
        }
        return web.Response(text=found, content_type="text/html", charset="utf-8", headers=headers)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""
    api.add(HTML, Messages(services).html)
