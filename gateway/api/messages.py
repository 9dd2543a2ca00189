"""``/api/v1/messages/{id}/html``: a mail's own HTML, fenced in; and the pictures from elsewhere that it shows."""

import re
from collections.abc import Mapping
from functools import partial
from itertools import count
from typing import Annotated
from urllib.parse import unquote
from uuid import UUID

from aiohttp import web
from pydantic import Field

from channels.mail.pictures import show_images
from channels.mail.sanitise import FILE_PREFIX
from gateway.api.pictures import fetch_picture
from gateway.api.services import Services
from gateway.files.links import SHORT
from gateway.model.ids import public
from gateway.openapi import PLAIN_DIGITS, Answer, Api, Audit, Call, NoBody, Operation, QueryModel
from gateway.problems import NotFound, PictureUnavailable
from gateway.store import attachments, messages
from gateway.store.pool import tenant_tx

# It was sanitised when it was stored. Whatever slipped through runs no script, loads nothing and sends nothing. Its
# origin stays ours, which is of no use to it without scripts: the page around it measures it and sets its typography.
POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HELD, SHOWN = "data:", "data: 'self'"
# Without it, browsers would lay the mail out by the rules of the nineties.
DOCTYPE = "<!doctype html>"
FILE = re.compile(rf'(<img\b[^<>]*?\s)src="{FILE_PREFIX}([^"<>]+)"')

MOST_PICTURES = 1000


class HtmlQuery(QueryModel):
    """How a mail is shown."""

    images: bool = Field(default=False, description="Load pictures from elsewhere, through this gateway.")


class PictureQuery(QueryModel):
    """Which picture."""

    number: Annotated[
        int, Field(ge=0, lt=MOST_PICTURES, examples=[0], description="Its place in the mail, from 0."), PLAIN_DIGITS
    ]


HTML = Operation(
    method="GET",
    path="/api/v1/messages/{id}/html",
    name="get_message_html",
    tag="Conversations",
    summary="Get the sanitised HTML of a mail.",
    description=(
        "For a sandboxed frame. It comes with a content security policy that forbids scripts and loading. "
        "A picture that came with the mail has the content id of its file in data-file; once that is stored, it loads "
        "by a signed link. A picture "
        "from elsewhere has its address in data-remote, and loads from the gateway once `images` asks for it."
    ),
    query=HtmlQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "messages"),
    answers={200: Answer("The HTML.", content_type="text/html")},
    id_prefix="msg",
)

PICTURE = Operation(
    method="GET",
    path="/api/v1/messages/{id}/picture",
    name="get_message_picture",
    tag="Conversations",
    summary="Get a picture from elsewhere that a mail shows.",
    description=(
        "The gateway fetches it, so that the sender learns nothing of who reads: PNG, JPEG, GIF or WebP, at most 5 MiB."
    ),
    query=PictureQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "messages"),
    answers={200: Answer("The picture.", content_type="image/*")},
    problems=(PictureUnavailable,),
    id_prefix="msg",
)


class Messages:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def html(self, call: Call[HtmlQuery, NoBody]) -> web.StreamResponse:
        """Answer a mail's HTML."""
        found = await self._html(call.caller.tenant_id, call.id)
        links = await self._links(call)
        document = DOCTYPE + FILE.sub(partial(_linked, links), found)
        if call.query.images:
            places = count()
            path = f"/api/v1/messages/{public('msg', call.id)}/picture?number="
            document = show_images(document, lambda _: f"{path}{next(places)}")
        headers = {
            "Content-Security-Policy": POLICY.format(images=SHOWN if call.query.images or links else HELD),
            "X-Frame-Options": "SAMEORIGIN",
            "Cache-Control": "private, no-store",  # links in it end, and files that are pending come
        }
        return web.Response(text=document, content_type="text/html", charset="utf-8", headers=headers)

    async def picture(self, call: Call[PictureQuery, NoBody]) -> web.StreamResponse:
        """Answer a picture from elsewhere; which ones there are, only the mail says."""
        addresses: list[str] = []
        show_images(await self._html(call.caller.tenant_id, call.id), addresses.append)
        if call.query.number >= len(addresses):
            raise NotFound("the mail has no such picture")
        found = await fetch_picture(self._services.call, addresses[call.query.number])
        headers = {
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, max-age=86400",
        }
        return web.Response(body=found.content, content_type=found.mime_type, headers=headers)

    async def _links(self, call: Call[HtmlQuery, NoBody]) -> Mapping[str, str]:
        """Return links to the pictures that came with the mail and are stored, by their content ids."""
        tenant_id = call.caller.tenant_id
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            named = await attachments.named(tx, call.id)
        return {content_id: self._services.files.link(tenant_id, file_id, SHORT)[0] for content_id, file_id in named}

    async def _html(self, tenant_id: UUID, message_id: UUID) -> str:
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            found = await messages.html_of(tx, message_id)
        if found is None:
            raise NotFound("there is no such message, or it has no HTML")
        return found


def _linked(links: Mapping[str, str], picture: re.Match[str]) -> str:
    """Write a picture that came with the mail: with its link, or for later without."""
    link = links.get(unquote(picture[2]))
    source = f' src="{link}"' if link else ""
    return f'{picture[1]}data-file="{picture[2]}"{source}'


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Messages(services)
    api.add(HTML, handlers.html)
    api.add(PICTURE, handlers.picture)
