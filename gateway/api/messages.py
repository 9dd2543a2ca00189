"""``/api/v1/messages/{id}/html``: a mail's own HTML, fenced in."""

import re

from aiohttp import web

from channels.mail.sanitise import FILE_PREFIX
from gateway.api.services import Services
from gateway.openapi import Answer, Api, Call, NoBody, NoQuery, Operation
from gateway.problems import NotFound
from gateway.store import messages
from gateway.store.pool import tenant_tx

# It was sanitised when it was stored. Whatever slipped through runs no script, loads nothing and sends nothing. Its
# origin stays ours, which is of no use to it without scripts: the page around it measures it and sets its typography.
POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# Without it, browsers would lay the mail out by the rules of the nineties.
DOCTYPE = "<!doctype html>"
FILE = re.compile(rf'(<img\b[^<>]*?\s)src="{FILE_PREFIX}([^"<>]+)"')

HTML = Operation(
    method="GET",
    path="/api/v1/messages/{id}/html",
    name="get_message_html",
    tag="Conversations",
    summary="Get the sanitised HTML of a mail.",
    description=(
        "For a sandboxed frame. It comes with a content security policy that forbids scripts and loading. "
        "A picture that came with the mail has the content id of its file in data-file, and no address."
    ),
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
        document = DOCTYPE + FILE.sub(r'\1data-file="\2"', found)
        return web.Response(text=document, content_type="text/html", charset="utf-8", headers=headers)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""
    api.add(HTML, Messages(services).html)
